package io.synod.journal;

import io.synod.paxos.Bytes;
import io.synod.paxos.Incarnation;
import io.synod.paxos.ServerId;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.zip.CRC32C;

/**
 * The two files that say whose directory this is: a few lines of text, the last a checksum of those
 * before it.
 */
final class IdentityFiles {
  private static final String TITLE = "synod identity";
  private static final int MOST_BYTES = 4096;

  private IdentityFiles() {}

  /** One file as found. */
  private record Read(String name, boolean there, Optional<Identity> identity) {}

  /**
   * Reads the identity; empty if the directory has none. One that is damaged is written again from
   * the other.
   *
   * @throws JournalRefusedException if neither can be read, they differ, or a newer program wrote
   *     them
   */
  static Optional<Identity> read(Disk disk, List<Finding> findings) throws IOException {
    List<String> names = disk.list();
    Read first = read(disk, LogFiles.IDENTITY, names, findings);
    Read second = read(disk, LogFiles.IDENTITY_COPY, names, findings);
    if (!first.there() && !second.there()) {
      return Optional.empty();
    }
    Optional<Identity> found = first.identity().or(second::identity);
    if (found.isEmpty()) {
      throw new JournalRefusedException(
          "neither "
              + LogFiles.IDENTITY
              + " nor "
              + LogFiles.IDENTITY_COPY
              + " in "
              + disk.describe()
              + " can be read: give this server an empty directory and replace it in the cluster");
    }
    for (Read each : List.of(first, second)) {
      if (each.identity().isEmpty()) {
        write(disk, each.name(), found.get());
        findings.add(
            new Finding(
                Finding.Kind.REPAIRED, each.name(), 0, "missing or damaged; written again"));
      } else if (!each.identity().equals(found)) {
        throw new JournalRefusedException(
            LogFiles.IDENTITY
                + " and "
                + LogFiles.IDENTITY_COPY
                + " in "
                + disk.describe()
                + " differ: "
                + first.identity()
                + ", "
                + second.identity());
      }
    }
    return found;
  }

  /**
   * Reads both again, of a directory that is in use. One that does not say this any more is written
   * again.
   *
   * @throws JournalRefusedException if a newer program wrote one: it is left alone
   */
  static List<Finding> scrub(Disk disk, Identity identity) throws IOException {
    List<Finding> findings = new ArrayList<>();
    List<String> names = disk.list();
    for (String name : List.of(LogFiles.IDENTITY, LogFiles.IDENTITY_COPY)) {
      Read found = read(disk, name, names, new ArrayList<>());
      if (!found.identity().equals(Optional.of(identity))) {
        write(disk, name, identity);
        findings.add(
            new Finding(
                Finding.Kind.REPAIRED,
                name,
                0,
                found.there() ? "not what was written; written again" : "missing; written again"));
      }
    }
    return findings;
  }

  /** Makes both, the first only when all else of a new directory is durable. */
  static void create(Disk disk, Identity identity) throws IOException {
    disk.syncDirectory();
    write(disk, LogFiles.IDENTITY_NEW, identity);
    disk.rename(LogFiles.IDENTITY_NEW, LogFiles.IDENTITY);
    disk.syncDirectory();
    write(disk, LogFiles.IDENTITY_COPY, identity);
  }

  /** Gives the directory another identity; one or the other after a crash. */
  static void replace(Disk disk, Identity identity) throws IOException {
    if (disk.list().contains(LogFiles.IDENTITY_COPY)) {
      disk.delete(LogFiles.IDENTITY_COPY);
    }
    create(disk, identity);
  }

  private static void write(Disk disk, String name, Identity identity) throws IOException {
    LogFiles.store(disk, name, encode(identity));
    disk.syncDirectory();
  }

  private static Read read(Disk disk, String name, List<String> names, List<Finding> findings)
      throws IOException {
    if (!names.contains(name)) {
      return new Read(name, /* there= */ false, Optional.empty());
    }
    List<Finding> unreadable = new ArrayList<>();
    Bytes content = Bytes.copyOf(LogFiles.load(disk, name, MOST_BYTES, unreadable));
    findings.addAll(unreadable);
    return new Read(name, /* there= */ true, decode(name, content.toUtf8()));
  }

  private static Bytes encode(Identity identity) {
    String body =
        TITLE
            + "\nformat "
            + identity.formatVersion()
            + "\nserver "
            + identity.server().number()
            + "\nincarnation "
            + identity.incarnation().id()
            + "\n";
    return Bytes.utf8(body + checksum(body));
  }

  private static String checksum(String body) {
    CRC32C crc = new CRC32C();
    crc.update(Bytes.utf8(body).asByteBuffer());
    return "checksum " + Long.toHexString(crc.getValue() | 1L << 32) + "\n";
  }

  private static Optional<Identity> decode(String name, String text)
      throws JournalRefusedException {
    int last = text.lastIndexOf("\nchecksum ");
    if (last < 0 || !text.substring(last + 1).equals(checksum(text.substring(0, last + 1)))) {
      return Optional.empty();
    }
    String[] lines = text.split("\n", -1);
    int version = Integer.parseInt(field(lines, 1, "format "));
    if (version > Identity.FORMAT_VERSION) {
      throw new JournalRefusedException(
          name
              + " has journal format "
              + version
              + "; this program knows "
              + Identity.FORMAT_VERSION
              + ": start a newer one");
    }
    ServerId server = new ServerId(Integer.parseInt(field(lines, 2, "server ")));
    UUID id = UUID.fromString(field(lines, 3, "incarnation "));
    return Optional.of(new Identity(new Incarnation(id), server, version));
  }

  private static String field(String[] lines, int line, String label) {
    if (line >= lines.length || !lines[line].startsWith(label)) {
      throw new IllegalArgumentException("an identity's line " + line + " begins with " + label);
    }
    return lines[line].substring(label.length());
  }
}
