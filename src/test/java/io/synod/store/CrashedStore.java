package io.synod.store;

import io.synod.journal.MemoryDisk;
import io.synod.paxos.Bytes;
import io.synod.paxos.Slot;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;

/**
 * A process that applies the commands of a seed to RocksDB as fast as it can, from the slot on that
 * its files hold, until it is killed. Beside that it flushes, sweeps, and now and then installs a
 * snapshot of a store in memory that is some slots ahead. It prints what it is sure of:
 *
 * <pre>
 * opened SLOT
 * durable SLOT
 * </pre>
 */
final class CrashedStore {
  private static final int KEYS = 5_000;
  private static final int SESSIONS = 1 << 17;
  private static final int AHEAD_SLOTS = 20;
  private static final int INSTALL_EVERY = 400;
  private static final int FLUSH_EVERY = 50;

  private final Log log;
  private final KeyValueStore store;

  private CrashedStore(Log log, KeyValueStore store) {
    this.log = log;
    this.store = store;
  }

  /** What a seed's log holds, and what a store in memory makes of it. One thread. */
  static final class Log {
    private final RandomCommands commands;
    private final KeyValueStore twin = KeyValueStore.inMemory();
    private final List<Optional<List<Command>>> values = new ArrayList<>();
    private final Random random;

    Log(long seed) {
      random = new Random(seed);
      commands = new RandomCommands(random, KEYS, SESSIONS);
      twin.belongTo(RocksFiles.BELONGING);
    }

    /** The store in memory, after the slot that {@link #advance} was last told. */
    KeyValueStore twin() {
      return twin;
    }

    void advance(Slot to) {
      while (twin.applied().isBefore(to)) {
        apply(twin);
      }
    }

    /** Applies the slot that is next in a store. */
    void apply(KeyValueStore to) {
      int place = (int) to.applied().number();
      while (values.size() <= place) {
        values.add(random.nextInt(20) == 0 ? Optional.empty() : Optional.of(commands.batch()));
      }
      Optional<List<Command>> value = values.get(place);
      if (value.isPresent()) {
        List<Result> unused = KeyValueStoreTest.apply(to, value.get());
      } else {
        to.skip(to.applied().next());
      }
    }
  }

  /** Arguments: data directory, seed, bytes of the cache. */
  public static void main(String[] arguments) throws IOException {
    KeyValueStore store =
        RocksStorage.open(
            Path.of(arguments[0]),
            Optional.of(RocksFiles.BELONGING.cluster()),
            Long.parseLong(arguments[2]),
            reported -> say("reported " + reported));
    store.belongTo(RocksFiles.BELONGING);
    say("opened " + store.applied().number());
    new CrashedStore(new Log(Long.parseLong(arguments[1])), store).run();
  }

  private static synchronized void say(String line) {
    System.out.println(line);
    System.out.flush();
  }

  private void run() throws IOException {
    ExecutorService background = Executors.newSingleThreadExecutor();
    while (true) {
      long slot = store.applied().number();
      if (slot % INSTALL_EVERY == INSTALL_EVERY - 1) {
        installFrom(slot + AHEAD_SLOTS);
      } else {
        log.apply(store);
      }
      if (slot % 3 == 0) {
        boolean unused = store.sweepSome();
      }
      if (slot % FLUSH_EVERY == 0) {
        background.execute(this::flush);
      }
    }
  }

  private void flush() {
    try {
      say("durable " + store.flush().number());
    } catch (IOException e) {
      say("reported " + e.getMessage());
    }
  }

  private void installFrom(long ahead) throws IOException {
    log.advance(Slot.of(ahead));
    Snapshots snapshots = Snapshots.open(MemoryDisk.empty("snapshots"));
    SnapshotWriter writer =
        snapshots.writer(
            log.twin().view(), RocksFiles.BELONGING.cluster(), RocksFiles.BELONGING.membership());
    while (writer.writeSome()) {
      // The next piece.
    }
    SnapshotFile file = snapshots.open(Slot.ZERO).orElseThrow();
    SnapshotReceiver receiver =
        Snapshots.open(MemoryDisk.empty("received"))
            .receiver(store, Optional.of(RocksFiles.BELONGING.cluster()), file.offer());
    while (!receiver.isReceived()) {
      Bytes piece = file.read(receiver.offset(), 1 << 20);
      boolean unused = receiver.receive(receiver.offset(), SnapshotReceiver.crc(piece), piece);
    }
    while (receiver.installSome()) {
      // The next piece.
    }
    boolean unused = store.install(receiver.restored());
  }
}
