package io.synod.store;

import io.synod.paxos.Bytes;
import io.synod.paxos.ServerId;
import java.io.IOException;
import java.nio.file.Files;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.SplittableRandom;
import java.util.UUID;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.Stream;

/**
 * How long RocksDB holds up whoever writes, in a bulk load at full speed: small rows under random
 * keys, made durable in the background as a server does. Prints the slowest batches (decision 005).
 * Arguments: keys, commands a batch, MiB of the cache, puts a second (0: as fast as it goes).
 */
final class WriteStalls {
  private static final int VALUE_BYTES = 100;
  private static final long FLUSH_BYTES = 64 << 20;
  private static final long LONG_NANOS = 200_000_000;

  private WriteStalls() {}

  public static void main(String[] args) throws Exception {
    int keys = args.length > 0 ? Integer.parseInt(args[0]) : 2_000_000;
    int batch = args.length > 1 ? Integer.parseInt(args[1]) : 100;
    long cacheBytes = (args.length > 2 ? Long.parseLong(args[2]) : 8) << 20;
    int aSecond = args.length > 3 ? Integer.parseInt(args[3]) : 0;
    try (RocksFiles files = new RocksFiles()) {
      KeyValueStore store = files.openAsServer(cacheBytes);
      store.belongTo(RocksFiles.BELONGING);
      load(store, keys, batch, aSecond);
      store.close();
      // RocksDB's diary says when it slows writers down, and why.
      try (Stream<String> lines = Files.lines(files.folder().resolve("rocksdb/LOG"))) {
        List<String> said =
            lines.filter(line -> line.matches(".*(Stall|Stopp)ing writes.*")).toList();
        System.out.println(said.size() + " times writers are slowed down or stopped");
        said.stream().limit(5).forEach(System.out::println);
      }
    }
  }

  private static void load(KeyValueStore store, int keys, int batch, int aSecond) throws Exception {
    ExecutorService background = Executors.newSingleThreadExecutor();
    Future<?> flush = background.submit(() -> {});
    CommandEncoder encoder = new CommandEncoder(1 << 22);
    encoder.putOpenSession(new ServerId(0), new UUID(1, 1));
    apply(store, encoder);
    SplittableRandom random = new SplittableRandom(1);
    byte[] value = new byte[VALUE_BYTES];
    long[] nanos = new long[keys / batch];
    long unflushed = 0;
    long sequence = 0;
    long began = System.nanoTime();
    for (int i = 0; i < nanos.length; i++) {
      long lowestOpen = sequence + 1;
      for (int j = 0; j < batch; j++) {
        random.nextBytes(value);
        Bytes key = Bytes.utf8(String.format(Locale.ROOT, "%016x", random.nextLong()));
        encoder.putPut(1, ++sequence, lowestOpen, key, Bytes.wrap(value.clone()));
        unflushed += VALUE_BYTES + 16;
      }
      long before = System.nanoTime();
      apply(store, encoder);
      nanos[i] = System.nanoTime() - before;
      if (unflushed > FLUSH_BYTES && flush.isDone()) {
        unflushed = 0;
        flush = background.submit(() -> flush(store));
      }
      while (aSecond > 0 && System.nanoTime() - began < sequence * 1_000_000_000L / aSecond) {
        Thread.sleep(1);
      }
    }
    long took = System.nanoTime() - began;
    flush.get();
    background.shutdown();
    Arrays.sort(nanos);
    long waited = Arrays.stream(nanos).filter(each -> each > LONG_NANOS).sum();
    System.out.printf(
        Locale.ROOT,
        "%,d puts in %,d ms: batches of %d, median %.2f ms, 99.9 %% %.1f ms, slowest %s ms,"
            + " %,d ms in those above %d ms%n",
        sequence,
        took / 1_000_000,
        batch,
        nanos[nanos.length / 2] / 1e6,
        nanos[(int) (nanos.length * 0.999)] / 1e6,
        Arrays.stream(nanos, nanos.length - 5, nanos.length)
            .mapToObj(each -> String.valueOf(each / 1_000_000))
            .toList(),
        waited / 1_000_000,
        LONG_NANOS / 1_000_000);
  }

  private static Void flush(KeyValueStore store) throws IOException {
    long began = System.nanoTime();
    var unused = store.flush();
    System.out.printf(
        Locale.ROOT, "a flush took %,d ms%n", (System.nanoTime() - began) / 1_000_000);
    return null;
  }

  private static void apply(KeyValueStore store, CommandEncoder encoder) {
    Bytes commands = CommandFormat.batch(1, List.of(encoder.take()));
    store.apply(store.applied().next(), commands, (session, seq, result) -> {});
  }
}
