package io.synod.store;

import io.synod.journal.Disk;
import io.synod.journal.DiskFile;
import io.synod.paxos.Slot;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.zip.CRC32C;

/**
 * The files of a {@link ModelEngine}, below {@code engine/}:
 *
 * <ul>
 *   <li>{@code N.table}: all that is held after some slot, written once.
 *   <li>{@code current}: the number of the table that counts, its size and checksum.
 *   <li>{@code N.current}, {@code N.spill}: on their way.
 *   <li>{@code distrusted}: the next start sets all of it aside; says why.
 * </ul>
 *
 * <p>What is set aside is below {@code engine-damaged/}.
 */
final class ModelFiles {
  static final String DIRECTORY = "engine/";
  private static final String DAMAGED = "engine-damaged/";
  private static final String CURRENT = DIRECTORY + "current";
  private static final String DISTRUSTED = DIRECTORY + "distrusted";
  private static final String TABLE = ".table";
  private static final int CURRENT_BYTES = 8 + 4 + 4;

  /** What cannot be read is tried again: the disk may mean it only once. */
  private static final int TRIES = 3;

  private final Disk disk;
  private long lastNumber;
  private long durableNumber;
  private Slot durable = Slot.ZERO;

  /** A table, as {@code current} names it. */
  private record Named(long number, int sizeBytes, int crc) {}

  ModelFiles(Disk disk) throws IOException {
    this.disk = disk;
    for (String name : own()) {
      lastNumber = Math.max(lastNumber, number(name));
    }
  }

  Disk disk() {
    return disk;
  }

  static EngineFailedException damaged(String what) {
    return new EngineFailedException(what, new IOException(what), /* damage= */ true);
  }

  private List<String> own() throws IOException {
    return disk.list().stream().filter(name -> name.startsWith(DIRECTORY)).toList();
  }

  /** The number in a name; 0 if it has none. */
  private static long number(String name) {
    String number = name.substring(DIRECTORY.length()).replaceAll("\\..*", "");
    return number.chars().allMatch(Character::isDigit) ? Long.parseLong(number) : 0;
  }

  static String table(long number) {
    return DIRECTORY + number + TABLE;
  }

  private static String naming(long number) {
    return DIRECTORY + number + ".current";
  }

  // ---- reading

  /**
   * What is kept; empty if nothing is.
   *
   * @throws EngineFailedException if it is damaged
   */
  Optional<ModelImage> read() throws IOException {
    List<String> names = own();
    if (!names.contains(CURRENT)) {
      if (names.stream().anyMatch(name -> name.endsWith(TABLE))) {
        throw damaged(CURRENT + " is gone");
      }
      return Optional.empty();
    }
    Named named = named();
    if (named.number() == 0) {
      return Optional.empty();
    }
    byte[] bytes = bytes(table(named.number()));
    if (bytes.length != named.sizeBytes() || crc(bytes) != named.crc()) {
      throw damaged(table(named.number()) + " is not what " + CURRENT + " says");
    }
    ModelImage image = ModelImage.decode(bytes);
    durableNumber = named.number();
    durable = image.slot();
    return Optional.of(image);
  }

  private Named named() throws IOException {
    byte[] bytes = bytes(CURRENT);
    byte[] said = Arrays.copyOf(bytes, CURRENT_BYTES);
    ByteBuffer in = ByteBuffer.wrap(bytes);
    if (bytes.length != CURRENT_BYTES + 4 || in.getInt(CURRENT_BYTES) != crc(said)) {
      throw damaged(CURRENT + " is damaged");
    }
    return new Named(in.getLong(), in.getInt(), in.getInt());
  }

  /** Writes what is to be {@code current}, durably but for its name. */
  void writeNaming(long number, byte[] table) throws IOException {
    ByteBuffer out = ByteBuffer.allocate(CURRENT_BYTES + 4);
    out.putLong(number).putInt(table.length).putInt(crc(table));
    out.putInt(crc(Arrays.copyOf(out.array(), CURRENT_BYTES)));
    try (DiskFile file = disk.open(naming(number))) {
      file.truncate(0);
      file.write(0, out.flip());
      file.sync();
    }
  }

  private static int crc(byte[] bytes) {
    CRC32C crc = new CRC32C();
    crc.update(bytes);
    return (int) crc.getValue();
  }

  private byte[] bytes(String name) throws IOException {
    if (!disk.list().contains(name)) {
      throw damaged(name + " is gone");
    }
    try (DiskFile file = disk.open(name)) {
      ByteBuffer bytes = ByteBuffer.allocate(Math.toIntExact(file.sizeBytes()));
      for (int tries = 1; ; tries++) {
        try {
          int size = file.read(0, bytes);
          return Arrays.copyOf(bytes.array(), size);
        } catch (IOException e) {
          if (tries == TRIES) {
            throw damaged(name + " cannot be read: " + e.getMessage());
          }
        }
      }
    }
  }

  /** What is wrong with what is kept; empty if nothing is. */
  Optional<String> damage() {
    try {
      if (durable.isAfter(Slot.ZERO)) {
        Optional<ModelImage> unused = new ModelFiles(disk).read();
        return unused.isPresent() ? Optional.empty() : Optional.of("all of it is gone");
      }
      return Optional.empty();
    } catch (EngineFailedException e) {
      return Optional.of(String.valueOf(e.getMessage()));
    } catch (IOException e) {
      // The disk, and not what is on it.
      return Optional.empty();
    }
  }

  // ---- around a start

  /** Begins with nothing, durably: rows without a name are damage from here on. */
  void create() throws IOException {
    writeNaming(0, new byte[0]);
    publish(0, Slot.ZERO);
  }

  /** Makes sure of what {@link #read} gave, and clears away what a crash left. */
  void keep() throws IOException {
    if (!own().contains(CURRENT)) {
      create();
    }
    for (String name : own()) {
      boolean counts = name.equals(CURRENT) || name.equals(table(durableNumber));
      if (counts) {
        try (DiskFile file = disk.open(name)) {
          file.sync();
        }
      } else if (!name.equals(DISTRUSTED)) {
        disk.delete(name);
      }
    }
    disk.syncDirectory();
  }

  boolean isDistrusted() throws IOException {
    return disk.list().contains(DISTRUSTED);
  }

  void distrust(String why) throws IOException {
    try (DiskFile file = disk.open(DISTRUSTED)) {
      file.write(0, ByteBuffer.wrap(why.getBytes(StandardCharsets.UTF_8)));
      file.sync();
    }
    disk.syncDirectory();
  }

  /** Moves all of it out of the way; the mark of distrust goes last. */
  void setAside() throws IOException {
    for (String name : own()) {
      if (!name.equals(DISTRUSTED)) {
        disk.rename(name, DAMAGED + name.substring(DIRECTORY.length()));
      }
    }
    disk.syncDirectory();
    if (isDistrusted()) {
      disk.delete(DISTRUSTED);
      disk.syncDirectory();
    }
    durableNumber = 0;
    durable = Slot.ZERO;
  }

  void deleteSetAside() throws IOException {
    for (String name : new ArrayList<>(disk.list())) {
      if (name.startsWith(DAMAGED)) {
        disk.delete(name);
      }
    }
  }

  // ---- writing

  ModelFlush flush(ModelImage image) {
    return new ModelFlush(this, ++lastNumber, image);
  }

  ModelSpill spill() {
    return new ModelSpill(disk, DIRECTORY + ++lastNumber + ".spill");
  }

  /** Whether a table with a higher number counts. */
  boolean isOvertaken(long number) {
    return durableNumber > number;
  }

  /** Makes a table the one that counts, whose bytes and whose naming file are durable. */
  void publish(long number, Slot slot) throws IOException {
    disk.rename(naming(number), CURRENT);
    disk.syncDirectory();
    durableNumber = number;
    durable = slot;
  }

  void deleteOlderThan(long number) throws IOException {
    for (String name : own()) {
      long its = number(name);
      if (its > 0 && its < number) {
        disk.delete(name);
      }
    }
  }

  /** All up to here is durable. */
  Slot durable() {
    return durable;
  }
}
