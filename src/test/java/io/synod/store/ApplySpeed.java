package io.synod.store;

import io.synod.paxos.Bytes;
import io.synod.paxos.ServerId;
import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;
import java.util.List;
import java.util.Locale;
import java.util.SplittableRandom;
import java.util.UUID;

/**
 * How fast commands are applied, in commands a second of the thread's processor time: first puts of
 * new keys, then puts over keys that are there. Arguments: keys, commands a batch.
 */
final class ApplySpeed {
  private static final int ROUNDS = 3;

  private static final ThreadMXBean THREADS = ManagementFactory.getThreadMXBean();

  private ApplySpeed() {}

  public static void main(String[] args) {
    int keys = args.length > 0 ? Integer.parseInt(args[0]) : 500_000;
    int batch = args.length > 1 ? Integer.parseInt(args[1]) : 200;
    for (int round = 0; round < ROUNDS; round++) {
      Run run = new Run(KeyValueStore.inMemory(), batch);
      double fresh = run.perSecond(keys, i -> (long) i);
      SplittableRandom random = new SplittableRandom(1);
      double over = run.perSecond(keys, i -> random.nextLong(keys));
      System.out.printf(Locale.ROOT, "new keys %,.0f/s, over old ones %,.0f/s%n", fresh, over);
    }
  }

  private interface Keys {
    long key(int i);
  }

  private static final class Run {
    private final KeyValueStore store;
    private final int batch;
    private final CommandEncoder encoder = new CommandEncoder(1 << 22);
    private final Bytes value = Bytes.wrap(new byte[100]);
    private long sequence;

    Run(KeyValueStore store, int batch) {
      this.store = store;
      this.batch = batch;
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
          encoder.putPut(1, ++sequence, lowestOpen, key, value);
        }
        nanos += apply();
      }
      return commands * 1e9 / nanos;
    }
  }
}
