package io.synod.paxos;

import java.util.List;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;

/** The protocol alone: three cores, links that deliver at once, disks that are durable at once. */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
@SuppressWarnings("NullAway.Init") // JMH sets it up.
public class CoreStepBenchmark {
  private static final int BATCH_BYTES = 64 * 300;

  private final Value.Batch batch = new Value.Batch(Bytes.wrap(new byte[BATCH_BYTES]));
  private CoreCluster cluster;
  private int coordinator;

  /** Its logs and journals grow. */
  @Setup(Level.Iteration)
  public void elect() {
    cluster = new CoreCluster(3);
    coordinator = cluster.elect();
  }

  /** A value from its proposal until all three know that it is chosen: the work of all three. */
  @Benchmark
  public void valueChosenByThree() {
    cluster.step(coordinator, new Input.Proposed(List.of(batch)));
  }
}
