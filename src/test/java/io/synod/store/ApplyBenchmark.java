package io.synod.store;

import io.synod.paxos.Bytes;
import io.synod.paxos.ServerId;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;

/** What a PUT of 256 bytes costs the state machine, in batches of 64, storage HEAP. */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@SuppressWarnings("NullAway.Init") // JMH sets it up.
public class ApplyBenchmark {
  private static final int BATCH = 64;
  private static final int VALUE_BYTES = 256;
  private static final long HISTORY = 20_000;

  @Param({"10000", "1000000"})
  public int keys;

  private final SplittableRandom random = new SplittableRandom(1);
  private final Bytes value = Bytes.wrap(new byte[VALUE_BYTES]);
  private final CommandEncoder commands = new CommandEncoder(1 << 20);
  private final List<Bytes> one = new ArrayList<>();
  private KeyValueStore store;
  private long session;
  private long sequence;

  @Setup(Level.Trial)
  public void fill() {
    store = KeyValueStore.inMemory();
    commands.putOpenSession(new ServerId(1), new UUID(5, 6));
    apply(
        CommandFormat.batch(1, List.of(commands.take())),
        result -> session = ((Result.SessionOpened) result).session());
    for (int key = 0; key < keys; key++) {
      put(key);
      if (key % BATCH == BATCH - 1) {
        applyBatch();
      }
    }
    applyBatch();
  }

  private void put(int key) {
    sequence++;
    commands.putPut(session, sequence, sequence, Bytes.utf8("key" + key), value);
  }

  private void applyBatch() {
    one.clear();
    one.add(commands.take());
    apply(CommandFormat.batch(1, one), result -> {});
  }

  private void apply(Bytes batch, Consumer<Result> onResult) {
    store.apply(store.applied().next(), batch, (of, number, result) -> onResult.accept(result));
  }

  @Benchmark
  @OperationsPerInvocation(BATCH)
  public void putInABatch() {
    for (int i = 0; i < BATCH; i++) {
      put(random.nextInt(keys));
    }
    applyBatch();
    if (store.historyBytes() > HISTORY * VALUE_BYTES) {
      commands.putCompact(session, ++sequence, sequence, store.revision());
      applyBatch();
    }
  }
}
