package io.synod.server;

import io.synod.journal.Finding;
import io.synod.journal.Inspection;
import io.synod.journal.JournalRefusedException;
import io.synod.journal.ReadOnlyDirectory;
import io.synod.paxos.Founding;
import io.synod.paxos.Member;
import io.synod.paxos.MembershipInForce;
import io.synod.paxos.PeerVotes;
import io.synod.paxos.Recovered;
import io.synod.paxos.Slot;
import io.synod.paxos.SlotRange;
import io.synod.server.Configuration.Storage;
import io.synod.store.RocksLibrary;
import io.synod.store.RocksStorage;
import io.synod.store.SnapshotInfo;
import io.synod.store.SnapshotRefusedException;
import io.synod.store.Snapshots;
import io.synod.store.UnsupportedVersionException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Stream;

/**
 * Prints what a data directory holds, for a person, and whether it is whole. Changes nothing, and
 * takes no lock: a server may be changing what is looked at.
 */
final class Inspector {
  /** So often what a server may be changing is looked at before it is called damaged. */
  private static final int MOST_LOOKS = 4;

  private final Path directory;
  private final StringBuilder text = new StringBuilder();
  private boolean damaged;

  /** The files that are not whole, though nothing is lost by that. */
  private final Set<String> repaired = new TreeSet<>();

  /** What was not looked at, and why. */
  private final List<String> unverified = new ArrayList<>();

  /** What is wrong with the part that is being looked at. */
  private final List<String> complaints = new ArrayList<>();

  private int looks = 1;

  /** Empty if no server ever kept data there, or it did not stand still. */
  private Optional<Inspection> journal = Optional.empty();

  Inspector(Path directory) {
    this.directory = directory.toAbsolutePath().normalize();
  }

  /**
   * What came of it.
   *
   * @param whole whether all checksums hold and a server would start from it
   */
  record Report(String text, boolean whole) {}

  /** Looks and tells. Blocks. */
  Report inspect() {
    if (Files.isRegularFile(directory)) {
      backup();
      line("verdict", verdict());
      return new Report(text.toString(), !damaged);
    }
    line("data directory", directory.toString());
    if (!Files.isDirectory(directory)) {
      line("is", "not there, or no directory");
      return new Report(text.toString(), false);
    }
    sayWhoUsesIt();
    ReadOnlyDirectory disk = new ReadOnlyDirectory(directory);
    try {
      part("journal", () -> journal(disk));
      if (journal.isEmpty() && unverified.isEmpty()) {
        return nothing();
      }
      if (journal.isPresent()) {
        contents(disk, journal.get(), unverified.isEmpty());
      }
    } catch (JournalRefusedException | SnapshotRefusedException | UnsupportedVersionException e) {
      line("refused", "a server would not start: " + e.getMessage());
      damaged = true;
    } catch (IOException e) {
      line("not readable", String.valueOf(e.getMessage()));
      damaged = true;
    }
    line("verdict", verdict());
    return new Report(text.toString(), !damaged);
  }

  private Report nothing() throws IOException {
    List<String> inside = directoriesIn(directory);
    if (!inside.isEmpty()) {
      line("holds", String.join(", ", inside) + ": name one of them");
      return new Report(text.toString(), false);
    }
    boolean empty = isEmpty(directory);
    line(
        "holds",
        empty
            ? "nothing: a server that starts here is a new incarnation"
            : "files, and no identity of a server: is it the right directory?");
    return new Report(text.toString(), empty);
  }

  /**
   * @param isSteady whether the journal stood still: else what was found in it may be no more so
   */
  private void contents(ReadOnlyDirectory disk, Inspection found, boolean isSteady)
      throws IOException {
    Storage storage = StorageMark.of(directory).orElse(Storage.HEAP);
    line("storage", storage.toString());
    for (String name : RocksStorage.setAsideIn(directory)) {
      line("set aside", name + ": a damaged database, which a server makes no use of");
    }
    if (isSteady) {
      sayJournal(found);
    }
    if (storage == Storage.ROCKSDB) {
      part("database", () -> database(found.recovered().cut()));
    }
    part("snapshot", () -> snapshots(disk, found.recovered(), storage == Storage.HEAP));
    setAside(disk);
    if (isSteady) {
      findings(found);
    }
  }

  /** Looks, and says what is there, and by {@link #damage} or an exception what is wrong. */
  interface Part {
    void look() throws IOException;
  }

  /**
   * Looks at a part. A server that is running may delete or rewrite a file between two reads of it,
   * which looks like damage: damage counts only if it is there each time.
   */
  void part(String what, Part part) throws IOException {
    int said = text.length();
    Set<String> lasting = new TreeSet<>();
    for (int i = 1; ; i++) {
      text.setLength(said);
      complaints.clear();
      Optional<IOException> failed = look(part);
      if (complaints.isEmpty()) {
        return;
      }
      if (i == 1) {
        lasting.addAll(complaints);
      } else {
        lasting.retainAll(complaints);
      }
      if (i == looks) {
        conclude(what, said, lasting, failed);
        return;
      }
    }
  }

  private void conclude(String what, int said, Set<String> lasting, Optional<IOException> failed)
      throws IOException {
    if (lasting.isEmpty()) {
      text.setLength(said);
      line(what, "not verified: files changed meanwhile, each of " + looks + " times");
      unverified.add("the " + what + " (files changed meanwhile)");
      return;
    }
    damaged = true;
    if (failed.isPresent()) {
      throw failed.get();
    }
  }

  private Optional<IOException> look(Part part) {
    try {
      part.look();
      return Optional.empty();
    } catch (IOException e) {
      complaints.add(String.valueOf(e.getMessage()));
      return Optional.of(e);
    }
  }

  private void damage(String label, String what) {
    line(label, what);
    complaints.add(what);
  }

  /** Nothing is said to be right that was not looked at, or that a start has to write again. */
  String verdict() {
    String whole =
        repaired.isEmpty()
            ? "whole: all checksums hold"
            : "whole, but for what a start repairs: " + String.join(", ", repaired);
    return (damaged ? "DAMAGED" : whole)
        + (unverified.isEmpty() ? "" : "; NOT VERIFIED: " + String.join(", ", unverified));
  }

  private void backup() {
    line("backup", directory.toString());
    try {
      SnapshotInfo info = BackupReader.look(directory);
      info.checkVersion();
      line("cluster", info.cluster().toString());
      line("all up to", "slot " + info.slot().number() + ", revision " + info.revision());
      line("keys", info.keys() + ", " + info.liveBytes() + " bytes");
      info.membership().membership().members().forEach(this::member);
    } catch (IOException | UnsupportedVersionException e) {
      line("not readable", String.valueOf(e.getMessage()));
      damaged = true;
    }
  }

  /** The names of data directories in another, which is taken for one by mistake. */
  static List<String> directoriesIn(Path directory) throws IOException {
    try (Stream<Path> files = Files.list(directory)) {
      return files
          .filter(file -> Files.exists(file.resolve("identity")))
          .map(file -> String.valueOf(file.getFileName()))
          .sorted()
          .toList();
    }
  }

  /** Whether nothing is in it but what a server leaves that has nothing to keep. */
  private static boolean isEmpty(Path directory) throws IOException {
    try (Stream<Path> files = Files.list(directory)) {
      return files
          .map(file -> String.valueOf(file.getFileName()))
          .allMatch(List.of("lock", "storage")::contains);
    }
  }

  private void line(String label, String value) {
    text.append(String.format("%-16s %s%n", label, value));
  }

  private void sayWhoUsesIt() {
    try {
      Path lock = directory.resolve("lock");
      String pid = Files.exists(lock) ? Files.readString(lock).strip() : "";
      if (!pid.isEmpty() && pid.chars().allMatch(Character::isDigit)) {
        boolean alive = ProcessHandle.of(Long.parseLong(pid)).isPresent();
        looks = alive ? MOST_LOOKS : 1;
        line(
            "last used by",
            "process "
                + pid
                + (alive ? ", which may be running: the end of the log may be moving" : ""));
      }
    } catch (IOException | NumberFormatException e) {
      line("lock", "cannot be read: " + e.getMessage());
    }
  }

  private void journal(ReadOnlyDirectory disk) throws IOException {
    journal = Optional.empty();
    journal = Inspection.of(disk);
    for (Finding finding : journal.map(Inspection::findings).orElse(List.of())) {
      if (finding.kind() == Finding.Kind.DAMAGED) {
        complaints.add(finding.toString());
      }
    }
  }

  private void sayJournal(Inspection found) {
    Recovered has = found.recovered();
    line("server", String.valueOf(found.identity().server().number()));
    line("incarnation", found.identity().incarnation().id().toString());
    line("journal format", String.valueOf(found.identity().formatVersion()));
    line(
        "cluster",
        has.founding()
            .map(made -> made.cluster() + (has.opened() ? "" : ", not open yet"))
            .orElse("none yet"));
    has.membership()
        .or(() -> has.founding().map(it -> new MembershipInForce(Slot.ZERO, it.membership())))
        .ifPresent(it -> members(it, has.cut()));
    line("promised", has.promised().toString());
    line("ballot taken", has.ballotTaken().toString());
    Slot last = has.cut().plus(has.accepted().size());
    line(
        "log",
        "slots "
            + has.cut().next().number()
            + " to "
            + last.number()
            + ", chosen as far as noted up to "
            + has.chosen().number());
    has.unknown().ifPresent(range -> line("unknown", slots(range) + ": lost to damage"));
    has.torn().ifPresent(range -> line("torn", slots(range) + ": a write did not end"));
    for (PeerVotes seen : has.seen()) {
      line(
          "seen",
          "server "
              + seen.server().number()
              + " ("
              + seen.incarnation()
              + ") promised "
              + seen.votes().promised()
              + ", accepted up to "
              + seen.votes().accepted().number());
    }
    for (Inspection.SegmentView segment : found.segments()) {
      line(
          "segment",
          segment.name()
              + ", use "
              + segment.use()
              + ": "
              + segment.usedBytes()
              + " bytes, "
              + segment.records()
              + " records"
              + (segment.lastSlot() == 0
                  ? ""
                  : ", slots " + segment.firstSlot() + " to " + segment.lastSlot()));
    }
    if (!found.unused().isEmpty()) {
      line(
          "not in the log",
          String.join(", ", found.unused()) + ": kept to be written over, nothing is read from it");
    }
  }

  /** Those at the slot behind which the log begins: what came and went since is in the log. */
  private void members(MembershipInForce inForce, Slot cut) {
    line(
        "members",
        "as of slot "
            + cut.number()
            + ", decided in slot "
            + inForce.decidedAt().number()
            + "; changes in later slots are not shown here");
    inForce.membership().members().forEach(this::member);
  }

  private void member(Member member) {
    line(
        "member",
        "server "
            + member.server().number()
            + ", "
            + member.role()
            + ", "
            + member.consensusAddress()
            + ", clients at "
            + member.clientAddress()
            + ", incarnation "
            + member.incarnation().id());
  }

  static String slots(SlotRange range) {
    return "slots " + range.first().number() + " to " + range.last().number();
  }

  /**
   * All that are there, not only the one that a start would use.
   *
   * @param isState whether a start needs one; else they are for other servers
   */
  private void snapshots(ReadOnlyDirectory disk, Recovered has, boolean isState)
      throws IOException {
    boolean reaches = has.cut().equals(Slot.ZERO);
    List<Snapshots.Looked> all = Snapshots.look(disk, has.founding().map(Founding::cluster));
    for (Snapshots.Looked each : all) {
      each.damage().ifPresent(what -> damage("snapshot", "DAMAGED " + what));
      each.info().ifPresent(info -> snapshot(info, isState));
      each.info().ifPresent(SnapshotInfo::checkVersion);
      reaches |= each.info().filter(info -> !info.slot().isBefore(has.cut())).isPresent();
    }
    if (isState && !reaches) {
      damage(
          "snapshot",
          "none that reaches slot "
              + has.cut().number()
              + ", behind which the log begins: a start fetches one from another server");
    } else if (isState && all.isEmpty()) {
      line("snapshot", "none");
    }
  }

  private void snapshot(SnapshotInfo info, boolean isState) {
    line(
        "snapshot",
        "slot "
            + info.slot().number()
            + ", revision "
            + info.revision()
            + ": "
            + info.keys()
            + " keys, "
            + info.liveBytes()
            + " bytes, "
            + info.sessions()
            + " sessions"
            + (isState ? "" : "; for other servers"));
  }

  private void database(Slot cut) throws IOException {
    Optional<String> missing = RocksLibrary.missing();
    if (missing.isPresent()) {
      line("database", "not looked at: " + missing.get());
      unverified.add("the database");
      return;
    }
    if (!RocksStorage.isIn(directory)) {
      line("database", "none");
      if (cut.isAfter(Slot.ZERO)) {
        complaints.add("no database");
      }
      return;
    }
    try {
      RocksStorage.Summary has = RocksStorage.look(directory);
      line(
          "database",
          "slot "
              + has.slot().number()
              + ", revision "
              + has.revision()
              + ": "
              + has.keys()
              + " keys, "
              + has.liveBytes()
              + " bytes, in files of "
              + has.fileBytes());
      if (has.distrusted()) {
        damage("database", "is thrown away at the next start: what is in it is not right");
      } else if (has.slot().isBefore(cut)) {
        damage(
            "database",
            "does not reach slot "
                + cut.number()
                + ", behind which the log begins: a start fetches a snapshot from another server");
      }
    } catch (SnapshotRefusedException e) {
      throw e;
    } catch (IOException e) {
      damage("database", "DAMAGED " + e.getMessage());
    }
  }

  /** What an earlier start, or a scrub, found damaged. */
  private void setAside(ReadOnlyDirectory disk) throws IOException {
    List<String> names = disk.list().stream().filter(Inspector::isSetAside).toList();
    if (!names.isEmpty()) {
      line("set aside", String.join(", ", names) + ": damaged, not looked at, and not needed");
    }
  }

  private static boolean isSetAside(String name) {
    return name.startsWith("journal/damaged-") || name.endsWith(".damaged");
  }

  private void findings(Inspection found) {
    for (Finding finding : found.findings()) {
      line("a start finds", finding.toString());
      if (finding.kind() != Finding.Kind.DAMAGED) {
        repaired.add(finding.file());
      }
    }
    if (found.renewed()) {
      line("a start", "goes on as a new incarnation, since votes of this one are lost");
    }
  }
}
