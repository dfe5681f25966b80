package io.synod.cli;

import io.synod.client.ClusterStatus;
import io.synod.client.Faults;
import io.synod.client.Kept;
import io.synod.client.MemberState;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneId;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/** STATUS as a person reads it. */
final class StatusTable {
  private static final DateTimeFormatter TIME =
      DateTimeFormatter.ofPattern("yyyy-MM-dd HH:mm:ss", Locale.ROOT);

  /** What a key counts besides its bytes, as the contract says. */
  private static final int KEY_BYTES = 128;

  private final ClusterStatus status;
  private final StringBuilder out = new StringBuilder();

  private StatusTable(ClusterStatus status) {
    this.status = status;
  }

  static String of(ClusterStatus status) {
    return new StatusTable(status).text();
  }

  /**
   * What comes before all else at a server that has no part in the cluster: it hears nobody, so
   * that what it knows of the others is of no use.
   */
  static Optional<String> outside(ClusterStatus status) {
    boolean named =
        status.members().isEmpty()
            || status.members().stream()
                .anyMatch(member -> member.serverId() == status.server().id());
    if (named) {
      return Optional.empty();
    }
    String why = status.waitingFor().orElse("this server is no member");
    return Optional.of(why + "\nit does not hear the others: ask one of them");
  }

  private String text() {
    Optional<String> outside = outside(status);
    outside.ifPresent(why -> out.append(why).append("\n\n"));
    head(outside.isPresent());
    if (outside.isPresent()) {
      out.append('\n').append(MembersTable.ofPast(status));
      return out.toString().stripTrailing();
    }
    if (!status.members().isEmpty()) {
      line("quorum", quorum());
    }
    status.behaviour().ifPresent(what -> line("behaviour", what));
    faults();
    rejected();
    stores();
    if (!status.members().isEmpty()) {
      out.append('\n').append(members());
    }
    return out.toString().stripTrailing();
  }

  private void head(boolean outside) {
    line(
        "server",
        "%d%s, up %s%s"
            .formatted(
                status.server().id(),
                address(status.server().id()),
                duration(Duration.ofMillis(status.server().uptimeMillis())),
                version()));
    status.waitingFor().filter(what -> !outside).ifPresent(what -> line("waiting", what));
    status.warning().ifPresent(what -> line("warning", what));
    line("cluster", status.clusterId().orElse("none yet: to be founded, or joined"));
    if (!outside) {
      line("coordinator", coordinator());
      line(
          "ballot",
          "b%1$d.%2$d: round %1$d of server %2$d"
              .formatted(
                  status.coordination().ballotRound(), status.coordination().ballotServerId()));
    }
    line(
        "log",
        "chosen up to slot %d, applied up to %d"
            .formatted(status.log().chosenSlot(), status.log().appliedSlot()));
    if (isWitness(status.kept())) {
      return;
    }
    line("keys", String.format(Locale.ROOT, "%,d", status.data().keys()));
    if (status.data().quotaBytes() > 0) {
      line("data", data());
    }
  }

  /** It has no store: no keys, and no quota for them. */
  private static boolean isWitness(Kept kept) {
    return kept.storage().equals("witness");
  }

  private String data() {
    ClusterStatus.Data data = status.data();
    long used = data.liveBytes() + KEY_BYTES * data.keys();
    return String.format(
        Locale.ROOT,
        "%,d bytes, %d %% of the quota; history of %,d bytes; revision %d",
        data.liveBytes(),
        used * 100 / data.quotaBytes(),
        data.historyBytes(),
        data.revision());
  }

  /** What servers were told to do badly, each as it says itself. */
  private void faults() {
    String name = "on purpose";
    for (Map.Entry<Integer, Faults> each : known(status).entrySet()) {
      for (String fault : faults(each.getKey(), each.getValue())) {
        line(name, "server " + each.getKey() + " " + fault);
        name = "";
      }
    }
  }

  /** What each server keeps and where, as it says itself. */
  private void stores() {
    Map<Integer, Kept> all = new TreeMap<>();
    all.put(status.server().id(), status.kept());
    for (MemberState member : status.members()) {
      member.kept().ifPresent(kept -> all.putIfAbsent(member.serverId(), kept));
    }
    // One of an earlier release says nothing.
    all.values().removeIf(kept -> kept.storage().isEmpty());
    String name = "storage";
    for (Map.Entry<Integer, Kept> each : all.entrySet()) {
      Kept kept = each.getValue();
      line(name, "server %d: %s%s".formatted(each.getKey(), kept.storage(), quota(kept)));
      name = "";
      if (!kept.setAside().isEmpty()) {
        line(name, "  set aside there, damaged: " + String.join(", ", kept.setAside()));
      }
    }
    List<Integer> silent = silent();
    if (!all.isEmpty() && !silent.isEmpty()) {
      line(
          name,
          "%s: not known, %s live and did not say in time"
              .formatted(Output.servers(silent), silent.size() == 1 ? "it is" : "they are"));
    }
  }

  /** The members that are live and said nothing of themselves when they were asked. */
  private List<Integer> silent() {
    return status.members().stream()
        .filter(member -> member.live() && member.serverId() != status.server().id())
        .filter(member -> member.kept().isEmpty() && member.faults().isEmpty())
        .map(MemberState::serverId)
        .toList();
  }

  private static String quota(Kept kept) {
    return kept.quotaBytes() == 0 || isWitness(kept)
        ? ""
        : String.format(
            Locale.ROOT,
            ", %,d bytes of a quota of %,d MiB",
            kept.liveBytes() + KEY_BYTES * kept.keys(),
            kept.quotaBytes() >> 20);
  }

  /** What made no sense and was refused, if anything was: another program, or another version. */
  private void rejected() {
    long messages = status.server().rejectedMessages();
    long requests = status.server().rejectedRequests();
    if (messages + requests > 0) {
      line(
          "refused",
          "as invalid, since the start: %,d messages of servers, %,d requests of clients"
              .formatted(messages, requests));
    }
  }

  /** The faults on purpose of each server that said so. */
  private static Map<Integer, Faults> known(ClusterStatus status) {
    Map<Integer, Faults> all = new TreeMap<>();
    all.put(status.server().id(), status.faults());
    for (MemberState member : status.members()) {
      member.faults().ifPresent(faults -> all.putIfAbsent(member.serverId(), faults));
    }
    return all;
  }

  private static List<String> faults(int server, Faults faults) {
    List<String> all = new ArrayList<>();
    if (faults.failRate() > 0) {
      all.add("fails at a rate of " + faults.failRate());
    }
    if (faults.suspendedMillis() > 0) {
      all.add(
          String.format(
              Locale.ROOT,
              "drops servers' traffic for %.1f s more; RESUME %d ends it",
              faults.suspendedMillis() / 1e3,
              server));
    }
    if (!faults.cutFrom().isEmpty()) {
      all.add("is cut off from %s; HEAL ends it".formatted(Output.servers(faults.cutFrom())));
    }
    return all;
  }

  private void line(String name, String text) {
    out.append(String.format("%-13s%s%n", name, text));
  }

  private String version() {
    return status.server().version().isEmpty() ? "" : ", version " + status.server().version();
  }

  private String address(int server) {
    return address(status, server);
  }

  /** Where clients reach it, as in " at localhost:8000"; empty if that is not known. */
  static String address(ClusterStatus status, int server) {
    if (server == status.server().id() && !status.server().clientAddress().isEmpty()) {
      return " at " + status.server().clientAddress();
    }
    return status.members().stream()
        .filter(member -> member.serverId() == server && !member.clientAddress().isEmpty())
        .findFirst()
        .map(member -> " at " + member.clientAddress())
        .orElse("");
  }

  private String coordinator() {
    ClusterStatus.Coordination coordination = status.coordination();
    if (coordination.coordinatorId().isEmpty()) {
      return "none yet";
    }
    int coordinator = coordination.coordinatorId().getAsInt();
    String server = "server " + coordinator + address(coordinator);
    if (coordination.heard()) {
      return server + since(", heard since ", coordination.sinceMillis());
    }
    String since = since(" since ", coordination.unheardSinceMillis().orElse(0));
    return coordinator == status.server().id()
        ? "none: the last was this server, and it hears no quorum" + since
        : "none is heard" + since + "; the last was " + server;
  }

  private static String since(String words, long millis) {
    return millis == 0
        ? ""
        : words + TIME.format(Instant.ofEpochMilli(millis).atZone(ZoneId.systemDefault()));
  }

  private String quorum() {
    return quorum(status)
        + (status.membership().dynamic() ? "; dynamic: votes follow who is live" : "");
  }

  /**
   * Of how many voters, and how many of them may fail now. One that always fails on purpose is
   * live, and of no use for a quorum.
   */
  static String quorum(ClusterStatus status) {
    List<MemberState> voters =
        status.members().stream().filter(member -> member.role().votes()).toList();
    Map<Integer, Faults> faults = known(status);
    List<Integer> failing = new ArrayList<>();
    List<Integer> missing = new ArrayList<>();
    List<Integer> silent = new ArrayList<>();
    List<Integer> anew = new ArrayList<>();
    int live = 0;
    int withStore = 0;
    for (MemberState voter : voters) {
      int id = voter.serverId();
      if (voter.live() && voter.otherLife()) {
        anew.add(id);
        continue;
      }
      boolean fails = faults.containsKey(id) && faults.get(id).failRate() >= 1;
      live += voter.live() ? 1 : 0;
      if (voter.live() && fails) {
        failing.add(id);
      }
      if (voter.live() && !faults.containsKey(id)) {
        silent.add(id);
      }
      if (!voter.live() || fails) {
        missing.add(id);
      } else if (voter.role() != MemberState.Role.WITNESS) {
        withStore++;
      }
    }
    int spare = voters.size() - anew.size() - missing.size() - status.membership().quorum();
    if (spare >= 0 && withStore > 0) {
      // What only witnesses hold, nobody can go on from.
      spare = Math.min(spare, withStore - 1);
    }
    String unsaid = silent.isEmpty() ? "" : " (not known of " + Output.servers(silent) + ")";
    String failed =
        failing.isEmpty()
            ? ""
            : "%s %s always%s; "
                .formatted(Output.servers(failing), failing.size() == 1 ? "fails" : "fail", unsaid);
    boolean alone = voters.size() == 1 && status.members().size() > 1;
    String now =
        spare < 0
            ? awaited(-spare, missing, anew)
            : (alone ? toleranceWithout(voters.get(0)) : tolerance(spare)) + " now";
    boolean waits = spare < 0 && -spare <= missing.size();
    String forgetful =
        waits && status.kept().storage().equals("memory")
            ? "; who keeps nothing (storage memory) comes back without its vote"
            : "";
    return "%d of %d; %d live; %s%s%s"
        .formatted(status.membership().quorum(), voters.size(), live, failed, now, forgetful);
  }

  /**
   * For whom a quorum waits.
   *
   * @param anew who came back without their votes: a quorum of the others gives them new ones
   */
  private static String awaited(int wanted, List<Integer> missing, List<Integer> anew) {
    if (wanted > missing.size()) {
      return "no quorum, and none by waiting: %s came back without %s"
          .formatted(Output.servers(anew), anew.size() == 1 ? "its vote" : "their votes");
    }
    String more = wanted == missing.size() ? "" : wanted + " more of ";
    return "no quorum: all waits until %s%s %s"
        .formatted(more, Output.servers(missing), wanted == 1 ? "answers" : "answer");
  }

  /** Of one that votes alone. */
  private static String toleranceWithout(MemberState voter) {
    return "tolerates any failure but that of " + Output.servers(List.of(voter.serverId()));
  }

  /** Of a quorum and so many voters more. */
  static String tolerance(long spare) {
    return spare == 0
        ? "tolerates no failure"
        : "tolerates %d %s".formatted(spare, spare == 1 ? "failure" : "failures");
  }

  private String members() {
    boolean waits = status.members().stream().anyMatch(m -> m.syncAgeMillis() > 0);
    List<String> heads = MembersTable.heads("round trip");
    if (waits) {
      heads.add("sync for");
    }
    TextTable table = new TextTable(heads);
    for (MemberState member : status.members()) {
      boolean self = member.serverId() == status.server().id();
      List<String> row = MembersTable.cells(member, status);
      row.add(
          self || !member.live() || member.roundTripMicros() == 0
              ? "-"
              : Output.milliseconds(member.roundTripMicros() * 1_000));
      if (waits) {
        row.add(member.syncAgeMillis() == 0 ? "-" : member.syncAgeMillis() + " ms");
      }
      table.row(row);
    }
    String note =
        (status.coordination().heard() ? "* coordinates\n" : "") + MembersTable.newLives(status);
    if (waits) {
      note += "sync for: how long a write to its disk has been under way\n";
    }
    return table + note;
  }

  static String duration(Duration duration) {
    long seconds = duration.toSeconds();
    if (seconds < 120) {
      return seconds + " s";
    } else if (seconds < 7_200) {
      return seconds / 60 + " min";
    } else if (seconds < 172_800) {
      return seconds / 3_600 + " h " + seconds / 60 % 60 + " min";
    }
    return seconds / 86_400 + " days";
  }
}
