package io.synod.transport.grpc;

import io.synod.paxos.Ballot;
import io.synod.paxos.Bytes;
import io.synod.paxos.Message;
import io.synod.paxos.ServerId;
import io.synod.paxos.Slot;
import io.synod.paxos.Value;
import io.synod.transport.PeerMessage;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.State;

/** From a protocol message to the bytes on the wire, and back. */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
public class CodecBenchmark {
  private static final int BATCH_BYTES = 64 * 300;
  private static final Ballot BALLOT = new Ballot(1, new ServerId(0));

  private final PeerMessage propose =
      new PeerMessage.Protocol(
          new Message.Propose(
              BALLOT,
              Slot.of(1_000_000),
              List.of(new Value.Batch(Bytes.wrap(new byte[BATCH_BYTES]))),
              Slot.of(999_990)));
  private final PeerMessage accepted =
      new PeerMessage.Protocol(new Message.Accepted(BALLOT, Slot.of(1_000_000)));
  private final byte[] proposeFrame = PeerCodec.encode(propose);
  private final byte[] acceptedFrame = PeerCodec.encode(accepted);

  @Benchmark
  public byte[] encodePropose() {
    return PeerCodec.encode(propose);
  }

  @Benchmark
  public PeerMessage decodePropose() throws MessageRejected {
    return PeerCodec.decode(proposeFrame);
  }

  @Benchmark
  public byte[] encodeAccepted() {
    return PeerCodec.encode(accepted);
  }

  @Benchmark
  public PeerMessage decodeAccepted() throws MessageRejected {
    return PeerCodec.decode(acceptedFrame);
  }
}
