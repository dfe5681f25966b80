package io.synod.store;

import io.synod.paxos.Bytes;
import io.synod.paxos.ServerId;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;
import java.util.List;
import java.util.Locale;
import java.util.SplittableRandom;
import java.util.UUID;

/**
 * How fast commands are applied, in commands a second of the thread's processor time: first puts of
 * new keys, then puts over keys that are there. Arguments: keys, commands a batch, and for RocksDB
 * the MiB of its cache; then also how long a restart takes and how much room a key.
 */
final class ApplySpeed {
  private static final int ROUNDS = 3;
  private static final int VALUE_BYTES = 100;

  private static final ThreadMXBean THREADS = ManagementFactory.getThreadMXBean();

  private ApplySpeed() {}

  public static void main(String[] args) throws IOException {
    int keys = args.length > 0 ? Integer.parseInt(args[0]) : 500_000;
    int batch = args.length > 1 ? Integer.parseInt(args[1]) : 200;
    if (args.length > 2) {
      onDisk(keys, batch, Long.parseLong(args[2]) << 20);
      return;
    }
    for (int round = 0; round < ROUNDS; round++) {
      Run run = new Run(KeyValueStore.inMemory(), batch);
      double fresh = run.perSecond(keys, i -> (long) i);
      SplittableRandom random = new SplittableRandom(1);
      double over = run.perSecond(keys, i -> random.nextLong(keys));
      System.out.printf(Locale.ROOT, "new keys %,.0f/s, over old ones %,.0f/s%n", fresh, over);
    }
  }

  private static void onDisk(int keys, int batch, long cacheBytes) throws IOException {
    try (RocksFiles files = new RocksFiles()) {
      KeyValueStore store = files.openAsServer(cacheBytes);
      store.belongTo(RocksFiles.BELONGING);
      Run run = new Run(store, batch);
      System.out.printf(Locale.ROOT, "new keys %,.0f/s%n", run.perSecond(keys, i -> (long) i));
      SplittableRandom random = new SplittableRandom(1);
      double over = run.perSecond(keys / 5, i -> random.nextLong(keys));
      long began = System.nanoTime();
      for (int i = 0; i < keys / 10; i++) {
        Bytes key = Bytes.utf8(String.format(Locale.ROOT, "%016d", random.nextLong(keys)));
        if (store.get(key).isEmpty()) {
          throw new IllegalStateException(key + " is gone");
        }
      }
      double gets = keys / 10.0 * 1e9 / (System.nanoTime() - began);
      System.out.printf(Locale.ROOT, "over old ones %,.0f/s, gets %,.0f/s%n", over, gets);
      store.close();
      began = System.nanoTime();
      KeyValueStore again = files.openAsServer(cacheBytes);
      System.out.printf(
          Locale.ROOT,
          "restart with %,d keys %d ms, %.0f bytes of disk a key, history of %,d bytes%n",
          again.keys(),
          (System.nanoTime() - began) / 1_000_000,
          (double) RocksStorage.look(files.folder()).fileBytes() / again.keys(),
          again.historyBytes());
      again.close();
    }
  }

  private interface Keys {
    long key(int i);
  }

  private static final class Run {
    private final KeyValueStore store;
    private final int batch;
    private final CommandEncoder encoder = new CommandEncoder(1 << 22);
    private final byte[] randomBytes = new byte[1 << 20];
    private long sequence;

    Run(KeyValueStore store, int batch) {
      this.store = store;
      this.batch = batch;
      new SplittableRandom(1).nextBytes(randomBytes);
      encoder.putOpenSession(new ServerId(0), new UUID(1, 1));
      apply();
    }

    private long apply() {
      Bytes commands = CommandFormat.batch(sequence / 100, List.of(encoder.take()));
      long began = THREADS.getCurrentThreadCpuTime();
      store.apply(store.applied().next(), commands, (session, seq, result) -> {});
      return THREADS.getCurrentThreadCpuTime() - began;
    }

    double perSecond(int commands, Keys keys) {
      long nanos = 0;
      for (int i = 0; i < commands; i += batch) {
        long lowestOpen = sequence + 1;
        for (int j = 0; j < batch; j++) {
          Bytes key = Bytes.utf8(String.format(Locale.ROOT, "%016d", keys.key(i + j)));
          // Bytes that no compression makes less of.
          int offset = (int) (sequence * 61 % (randomBytes.length - VALUE_BYTES));
          Bytes value = Bytes.wrap(randomBytes, offset, VALUE_BYTES);
          encoder.putPut(1, ++sequence, lowestOpen, key, value);
        }
        nanos += apply();
      }
      return commands * 1e9 / nanos;
    }
  }
}
