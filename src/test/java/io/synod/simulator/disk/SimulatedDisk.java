package io.synod.simulator.disk;

import io.synod.journal.Disk;
import io.synod.journal.DiskFile;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.HashSet;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.TreeMap;

/**
 * A disk in memory that fails as disks do. What is written is readable at once. A process crash
 * loses nothing of that; a power loss loses what was not synced, wholly or by sectors in no order;
 * a failed sync leaves it readable and to be lost with the power; a write that went astray is
 * readable until either. All is decided by the random source given, so that the same calls give the
 * same results.
 *
 * <p>Confined to one thread. It never waits: how long a sync takes, and whether the disk is stuck,
 * is for its owner to ask ({@link #drawSyncNanos}, {@link #isStuck}) before it lets the journal
 * write.
 */
public final class SimulatedDisk implements Disk {
  private final String name;
  private final SplittableRandom random;
  private DiskFaultPlan plan = DiskFaultPlan.NONE;

  private final TreeMap<String, SimulatedFile> files = new TreeMap<>();

  /** The names as they are on the media. */
  private final TreeMap<String, SimulatedFile> durableNames = new TreeMap<>();

  private final List<NameChange> pendingNames = new ArrayList<>();
  private final Set<String> redundant = new HashSet<>();
  private final EnumMap<DiskFault, Long> counts = new EnumMap<>(DiskFault.class);

  /** Files opened in an earlier life of the process are dead. */
  private int life;

  private long operations;
  private long syncs;
  private long failAt = -1;
  private DiskFault failWith = DiskFault.WRITE_FAILED;
  private Optional<DiskFault> ended = Optional.empty();
  private boolean stuck;
  private long capacityBytes = Long.MAX_VALUE;

  /** A name appears for a file, or, without one, disappears; another goes at the same time. */
  private record NameChange(String name, Optional<SimulatedFile> file, Optional<String> gone) {
    NameChange(String name, Optional<SimulatedFile> file) {
      this(name, file, Optional.empty());
    }
  }

  /**
   * An empty disk.
   *
   * @param name for messages
   */
  public SimulatedDisk(String name, SplittableRandom random) {
    this.name = name;
    this.random = random;
  }

  /** Has these faults from now on. */
  public void faults(DiskFaultPlan newPlan) {
    plan = newPlan;
  }

  /**
   * Has the operation of this number (counted from 0 by {@link #operations}) go wrong. {@link
   * DiskFault#CRASH} and {@link DiskFault#POWER_LOSS} happen during it: a write is done in part,
   * and every later operation fails until {@link #crash} or {@link #powerLoss} is called.
   */
  public void failAt(long operation, DiskFault fault) {
    failAt = operation;
    failWith = fault;
  }

  /** How many operations there were: reads, writes, syncs, and those on names. */
  public long operations() {
    return operations;
  }

  /** How many syncs of files succeeded. */
  public long syncs() {
    return syncs;
  }

  /** How often each fault happened. */
  public Map<DiskFault, Long> counts() {
    return new EnumMap<>(counts);
  }

  /** Its owner lets no write begin until it is released. */
  public void stuck(boolean isStuck) {
    stuck = isStuck;
  }

  public boolean isStuck() {
    return stuck;
  }

  /** How long the next sync takes. */
  public long drawSyncNanos() {
    if (random.nextDouble() < plan.slowSync()) {
      return plan.slowSyncNanos();
    }
    return plan.syncNanos() + random.nextLong(plan.syncNanos() + 1);
  }

  /**
   * Another file says the same as this one: a write to it may be lost for good though nothing is
   * written behind it.
   */
  public void redundant(String file) {
    redundant.add(file);
  }

  /** Writes beyond so many bytes in all fail. */
  public void capacity(long bytes) {
    capacityBytes = bytes;
  }

  /** So many bytes more may be written, and then it is full. */
  public void leave(long bytes) {
    capacityBytes = Long.MAX_VALUE;
    capacityBytes = Long.MAX_VALUE - freeBytes() + bytes;
  }

  /** The process ends, and another may open the disk: what it wrote is readable. */
  public void crash() {
    count(DiskFault.CRASH);
    files.values().forEach(this::loseAstray);
    endLife();
  }

  /**
   * The power goes. What was not synced is kept wholly, lost wholly, or kept by sectors; of the
   * changes to names, the first few are kept.
   */
  public void powerLoss() {
    int how = random.nextInt(4);
    powerLoss(how == 0 ? 0 : how == 1 ? 1 : random.nextDouble());
  }

  /** The power goes; each sector that was not synced is kept with this chance. */
  public void powerLoss(double kept) {
    count(DiskFault.POWER_LOSS);
    for (NameChange change : pendingNames) {
      if (random.nextDouble() >= kept) {
        break;
      }
      apply(durableNames, change);
    }
    pendingNames.clear();
    files.clear();
    files.putAll(durableNames);
    for (SimulatedFile file : files.values()) {
      loseAstray(file);
      file.losePower(random, kept);
    }
    endLife();
  }

  private void loseAstray(SimulatedFile file) {
    int lost = file.loseAstray();
    if (lost > 0) {
      counts.merge(DiskFault.WRITE_LOST, (long) lost, Long::sum);
    }
  }

  private void endLife() {
    life++;
    ended = Optional.empty();
  }

  /** Changes a bit on the media. */
  public void flipBit(String file, long offset, int bit) {
    count(DiskFault.BIT_FLIPPED);
    file(file).flip(Math.toIntExact(offset), bit);
  }

  /** Reads of this sector fail until it is written again. */
  public void makeUnreadable(String file, long offset) {
    count(DiskFault.SECTOR_UNREADABLE);
    file(file).makeUnreadable(Math.toIntExact(offset));
  }

  /** Changes a random bit of a random file that is not empty. Returns where. */
  public String rot() {
    List<String> candidates = new ArrayList<>();
    files.forEach(
        (each, content) -> {
          if (content.size() > 0) {
            candidates.add(each);
          }
        });
    if (candidates.isEmpty()) {
      return "nothing";
    }
    String chosen = candidates.get(random.nextInt(candidates.size()));
    int offset = random.nextInt(file(chosen).size());
    flipBit(chosen, offset, random.nextInt(8));
    return chosen + " at " + offset;
  }

  /** What a file holds, as the process reads it. */
  public byte[] bytes(String file) {
    return file(file).bytes();
  }

  /** Replaces a file, or makes one, durably and behind the process's back. */
  public void replace(String file, byte[] bytes) {
    SimulatedFile content = files.computeIfAbsent(file, missing -> new SimulatedFile());
    durableNames.put(file, content);
    content.replace(bytes);
  }

  /** Removes a file, durably and behind the process's back. */
  public void remove(String file) {
    files.remove(file);
    durableNames.remove(file);
  }

  /** Another disk with the same content, synced and not, and a random source of its own. */
  public SimulatedDisk copy(SplittableRandom itsRandom) {
    SimulatedDisk copy = new SimulatedDisk(name, itsRandom);
    IdentityHashMap<SimulatedFile, SimulatedFile> copies = new IdentityHashMap<>();
    copy.redundant.addAll(redundant);
    files.forEach(
        (each, file) -> copy.files.put(each, copies.computeIfAbsent(file, SimulatedFile::copy)));
    durableNames.forEach(
        (each, file) ->
            copy.durableNames.put(each, copies.computeIfAbsent(file, SimulatedFile::copy)));
    for (NameChange change : pendingNames) {
      copy.pendingNames.add(
          new NameChange(
              change.name(),
              change.file().map(file -> copies.computeIfAbsent(file, SimulatedFile::copy)),
              change.gone()));
    }
    return copy;
  }

  private SimulatedFile file(String file) {
    SimulatedFile content = files.get(file);
    if (content == null) {
      throw new IllegalArgumentException("no file " + file + " on " + name);
    }
    return content;
  }

  @Override
  public List<String> list() throws IOException {
    begin(DiskFault.NAME_FAILED, plan.nameFailed(), "list");
    return new ArrayList<>(files.keySet());
  }

  @Override
  public DiskFile open(String file) throws IOException {
    begin(DiskFault.NAME_FAILED, plan.nameFailed(), "open " + file);
    SimulatedFile content = files.get(file);
    if (content == null) {
      content = new SimulatedFile();
      change(new NameChange(file, Optional.of(content)));
    }
    return new OpenFile(file, content, life);
  }

  @Override
  public void rename(String from, String to) throws IOException {
    begin(DiskFault.NAME_FAILED, plan.nameFailed(), "rename " + from);
    SimulatedFile content = files.get(from);
    if (content == null) {
      throw new IOException("no file " + from);
    }
    change(new NameChange(to, Optional.of(content), Optional.of(from)));
  }

  @Override
  public void delete(String file) throws IOException {
    begin(DiskFault.NAME_FAILED, plan.nameFailed(), "delete " + file);
    if (!files.containsKey(file)) {
      throw new IOException("no file " + file);
    }
    change(new NameChange(file, Optional.empty()));
  }

  private void change(NameChange change) {
    apply(files, change);
    pendingNames.add(change);
  }

  private static void apply(Map<String, SimulatedFile> names, NameChange change) {
    if (change.file().isPresent()) {
      names.put(change.name(), change.file().get());
    } else {
      names.remove(change.name());
    }
    change.gone().ifPresent(names::remove);
  }

  @Override
  public void syncDirectory() throws IOException {
    begin(DiskFault.NAME_FAILED, plan.nameFailed(), "sync the directory");
    for (NameChange change : pendingNames) {
      apply(durableNames, change);
    }
    pendingNames.clear();
  }

  @Override
  public long freeBytes() {
    long used = 0;
    for (SimulatedFile file : files.values()) {
      used += file.size();
    }
    return Math.max(0, capacityBytes - used);
  }

  @Override
  public String describe() {
    return name;
  }

  @Override
  public void close() {}

  private void count(DiskFault fault) {
    counts.merge(fault, 1L, Long::sum);
  }

  private IOException failed(DiskFault fault, String what) {
    count(fault);
    return new IOException("cannot " + what + " on " + name + ": " + fault);
  }

  /** Every operation begins here. */
  private void begin(DiskFault fault, double rate, String what) throws IOException {
    if (draw(rate, what)) {
      throw failed(fault, what);
    }
  }

  /** Whether this operation is to fail; throws if the process has ended. */
  private boolean draw(double rate, String what) throws IOException {
    if (ended.isPresent()) {
      throw new IOException("cannot " + what + " on " + name + ": the process ended");
    }
    long number = operations++;
    if (number == failAt) {
      if (failWith == DiskFault.CRASH || failWith == DiskFault.POWER_LOSS) {
        ended = Optional.of(failWith);
      }
      return true;
    }
    return rate > 0 && random.nextDouble() < rate;
  }

  private boolean chance(double rate) {
    return rate > 0 && random.nextDouble() < rate;
  }

  /** A file as one life of the process has it open. */
  private final class OpenFile implements DiskFile {
    private final String path;
    private final SimulatedFile file;
    private final int openedIn;

    OpenFile(String path, SimulatedFile file, int openedIn) {
      this.path = path;
      this.file = file;
      this.openedIn = openedIn;
    }

    private void alive() throws IOException {
      if (openedIn != life) {
        throw new IOException(path + " on " + name + " was opened by a process that ended");
      }
    }

    @Override
    public void write(long offset, ByteBuffer source) throws IOException {
      alive();
      byte[] bytes = new byte[source.remaining()];
      source.get(bytes);
      int at = Math.toIntExact(offset);
      boolean fails = draw(plan.writeFailed(), "write " + path);
      if (fails && (failWith == DiskFault.WRITE_FAILED || failAt < 0)) {
        throw failed(DiskFault.WRITE_FAILED, "write " + path);
      }
      if (fails || chance(plan.writeTorn())) {
        byte[] part = Arrays.copyOf(bytes, random.nextInt(bytes.length + 1));
        file.show(at, part);
        file.pend(at, part);
        throw failed(DiskFault.WRITE_TORN, "write " + path);
      }
      long grows = offset + bytes.length - file.size();
      if (grows > 0 && grows > freeBytes()) {
        throw failed(DiskFault.FULL, "write " + path + " (no space left)");
      }
      file.show(at, bytes);
      if (chance(plan.writeLost())) {
        file.goAstray(at, bytes, redundant.contains(path));
      } else if (chance(plan.writeMisdirected())) {
        count(DiskFault.WRITE_MISDIRECTED);
        int sectors = Math.max(1, (file.size() - bytes.length) / SimulatedFile.SECTOR_BYTES);
        file.goAstray(at, bytes, redundant.contains(path));
        file.pendElsewhere(random.nextInt(sectors) * SimulatedFile.SECTOR_BYTES, bytes);
      } else {
        file.pend(at, bytes);
      }
    }

    @Override
    public int read(long offset, ByteBuffer target) throws IOException {
      alive();
      begin(DiskFault.READ_FAILED, plan.readFailed(), "read " + path);
      int at = Math.toIntExact(offset);
      int end = Math.min(file.size(), at + target.remaining());
      if (file.isUnreadable(at, end)) {
        throw failed(DiskFault.SECTOR_UNREADABLE, "read " + path + " at " + at);
      }
      if (end <= at) {
        return 0;
      }
      file.read(at, end, target);
      return end - at;
    }

    @Override
    public void sync() throws IOException {
      alive();
      if (draw(plan.syncFailed(), "sync " + path)) {
        if (ended.isEmpty()) {
          file.forgetPending();
        }
        throw failed(DiskFault.SYNC_FAILED, "sync " + path);
      }
      file.sync();
      syncs++;
    }

    @Override
    public long sizeBytes() throws IOException {
      alive();
      return file.size();
    }

    @Override
    public void truncate(long sizeBytes) throws IOException {
      alive();
      begin(DiskFault.WRITE_FAILED, plan.writeFailed(), "truncate " + path);
      if (sizeBytes - file.size() > freeBytes()) {
        throw failed(DiskFault.FULL, "lengthen " + path + " (no space left)");
      }
      file.resize(Math.toIntExact(sizeBytes));
    }

    @Override
    public void close() {}
  }
}
