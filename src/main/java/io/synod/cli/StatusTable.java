package io.synod.cli;

import io.synod.proto.Faults;
import io.synod.proto.MemberStatus;
import io.synod.proto.StatusResponse;
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

  private final StatusResponse status;
  private final StringBuilder out = new StringBuilder();

  private StatusTable(StatusResponse status) {
    this.status = status;
  }

  static String of(StatusResponse status) {
    return new StatusTable(status).text();
  }

  /**
   * What comes before all else at a server that has no part in the cluster: it hears nobody, so
   * that what it knows of the others is of no use.
   */
  static Optional<String> outside(StatusResponse status) {
    boolean named =
        status.getMemberCount() == 0
            || status.getMemberList().stream()
                .anyMatch(member -> member.getServerId() == status.getServerId());
    if (named) {
      return Optional.empty();
    }
    String why = status.hasWaitingFor() ? status.getWaitingFor() : "this server is no member";
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
    if (status.getMemberCount() > 0) {
      line("quorum", quorum());
    }
    faults();
    if (status.getMemberCount() > 0) {
      out.append('\n').append(members());
    }
    return out.toString().stripTrailing();
  }

  private void head(boolean outside) {
    line(
        "server",
        "%d%s, up %s%s"
            .formatted(
                status.getServerId(),
                address(status.getServerId()),
                duration(Duration.ofMillis(status.getUptimeMillis())),
                version()));
    if (status.hasWaitingFor() && !outside) {
      line("waiting", status.getWaitingFor());
    }
    if (status.hasWarning()) {
      line("warning", status.getWarning());
    }
    line("cluster", status.hasClusterId() ? status.getClusterId() : "not founded yet");
    if (!outside) {
      line("coordinator", coordinator());
      line(
          "ballot",
          "b%1$d.%2$d: round %1$d of server %2$d"
              .formatted(status.getBallotRound(), status.getBallotServerId()));
    }
    line(
        "log",
        "chosen up to slot %d, applied up to %d"
            .formatted(status.getChosenSlot(), status.getAppliedSlot()));
    line("keys", Long.toString(status.getKeys()));
    if (status.getQuotaBytes() > 0) {
      line("data", data());
    }
  }

  private String data() {
    long used = status.getLiveBytes() + KEY_BYTES * status.getKeys();
    return String.format(
        Locale.ROOT,
        "%,d bytes, %d %% of the quota; history of %,d bytes; revision %d",
        status.getLiveBytes(),
        used * 100 / status.getQuotaBytes(),
        status.getHistoryBytes(),
        status.getRevision());
  }

  /** What servers were told to do badly, each as it says itself. */
  private void faults() {
    Map<Integer, Faults> all = new TreeMap<>();
    all.put(
        status.getServerId(),
        Faults.newBuilder()
            .setFailRate(status.getFailRate())
            .setSuspendedMillis(status.getSuspendedMillis())
            .addAllCutServerId(status.getCutServerIdList())
            .build());
    for (MemberStatus member : status.getMemberList()) {
      if (member.hasFaults()) {
        all.putIfAbsent(member.getServerId(), member.getFaults());
      }
    }
    String name = "on purpose";
    for (Map.Entry<Integer, Faults> each : all.entrySet()) {
      for (String fault : faults(each.getKey(), each.getValue())) {
        line(name, "server " + each.getKey() + " " + fault);
        name = "";
      }
    }
  }

  private static List<String> faults(int server, Faults faults) {
    List<String> all = new ArrayList<>();
    if (faults.getFailRate() > 0) {
      all.add("fails at a rate of " + faults.getFailRate());
    }
    if (faults.getSuspendedMillis() > 0) {
      all.add(
          String.format(
              Locale.ROOT,
              "drops servers' traffic for %.1f s more; RESUME %d ends it",
              faults.getSuspendedMillis() / 1e3,
              server));
    }
    if (faults.getCutServerIdCount() > 0) {
      all.add(
          "is cut off from %s; HEAL ends it"
              .formatted(Output.servers(faults.getCutServerIdList())));
    }
    return all;
  }

  private void line(String name, String text) {
    out.append(String.format("%-13s%s%n", name, text));
  }

  private String version() {
    return status.getVersion().isEmpty() ? "" : ", version " + status.getVersion();
  }

  private String address(int server) {
    if (server == status.getServerId() && !status.getClientAddress().isEmpty()) {
      return " at " + status.getClientAddress();
    }
    return status.getMemberList().stream()
        .filter(member -> member.getServerId() == server && !member.getClientAddress().isEmpty())
        .findFirst()
        .map(member -> " at " + member.getClientAddress())
        .orElse("");
  }

  private String coordinator() {
    if (!status.hasCoordinatorId()) {
      return "none yet";
    }
    int coordinator = status.getCoordinatorId();
    String server = "server " + coordinator + address(coordinator);
    if (status.getCoordinatorHeard()) {
      return server + since(", heard since ", status.getCoordinatorSinceMillis());
    }
    String since = since(" since ", status.getUnheardSinceMillis());
    return coordinator == status.getServerId()
        ? "none: this server coordinated, and hears no quorum" + since
        : "none is heard" + since + "; the last was " + server;
  }

  private static String since(String words, long millis) {
    return millis == 0
        ? ""
        : words + TIME.format(Instant.ofEpochMilli(millis).atZone(ZoneId.systemDefault()));
  }

  private String quorum() {
    return quorum(status)
        + (status.getDynamicQuorum() ? "; dynamic: votes follow who is live" : "");
  }

  /** Of how many voters, and how many of them may fail now. */
  static String quorum(StatusResponse status) {
    List<MemberStatus> voters = voters(status);
    long live = voters.stream().filter(MemberStatus::getLive).count();
    long spare = live - status.getQuorum();
    String now =
        spare < 0
            ? "no quorum: all waits until %d more %s"
                .formatted(-spare, spare == -1 ? "answers" : "answer")
            : tolerance(spare) + " now";
    return "%d of %d; %d live; %s".formatted(status.getQuorum(), voters.size(), live, now);
  }

  /** Of a quorum and so many voters more. */
  static String tolerance(long spare) {
    return spare == 0
        ? "tolerates no failure"
        : "tolerates %d %s".formatted(spare, spare == 1 ? "failure" : "failures");
  }

  private static List<MemberStatus> voters(StatusResponse status) {
    List<MemberStatus> voters =
        status.getMemberList().stream()
            .filter(
                m ->
                    m.getRole() == MemberStatus.Role.VOTER
                        || m.getRole() == MemberStatus.Role.WITNESS)
            .toList();
    return voters;
  }

  private String members() {
    boolean waits = status.getMemberList().stream().anyMatch(m -> m.getSyncAgeMillis() > 0);
    List<String> heads = MembersTable.heads("round trip");
    if (waits) {
      heads.add("sync for");
    }
    TextTable table = new TextTable(heads);
    for (MemberStatus member : status.getMemberList()) {
      boolean self = member.getServerId() == status.getServerId();
      List<String> row = MembersTable.cells(member, status);
      row.add(
          self || !member.getLive() || member.getRoundTripMicros() == 0
              ? "-"
              : Output.milliseconds(member.getRoundTripMicros() * 1_000));
      if (waits) {
        row.add(member.getSyncAgeMillis() == 0 ? "-" : member.getSyncAgeMillis() + " ms");
      }
      table.row(row);
    }
    String note = status.getCoordinatorHeard() ? "* coordinates\n" : "";
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
