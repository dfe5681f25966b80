package io.synod.transport.grpc;

import java.util.concurrent.atomic.LongAdder;

/** What passed between this server and one peer since the start. Any thread. */
public final class PeerCounters {
  final LongAdder sentMessages = new LongAdder();
  final LongAdder sentBytes = new LongAdder();
  final LongAdder receivedMessages = new LongAdder();
  final LongAdder receivedBytes = new LongAdder();
  final LongAdder droppedOutbound = new LongAdder();
  final LongAdder droppedInbound = new LongAdder();
  final LongAdder droppedByCut = new LongAdder();
  final LongAdder rejected = new LongAdder();
  final LongAdder breaks = new LongAdder();

  PeerCounters() {}

  /** The figures now. */
  public Figures figures() {
    return new Figures(
        sentMessages.sum(),
        sentBytes.sum(),
        receivedMessages.sum(),
        receivedBytes.sum(),
        droppedOutbound.sum(),
        droppedInbound.sum(),
        droppedByCut.sum(),
        rejected.sum(),
        breaks.sum());
  }

  /**
   * Figures that only grow.
   *
   * @param sentMessages handed to the connection
   * @param receivedMessages taken by the listener
   * @param droppedOutbound not sent: no connection, a full queue, or too large
   * @param droppedInbound not taken by the listener, which had no room
   * @param droppedByCut dropped both ways because the peer was cut off on purpose
   * @param rejected what was not a valid message, and streams that were refused
   * @param breaks streams to the peer that broke
   */
  public record Figures(
      long sentMessages,
      long sentBytes,
      long receivedMessages,
      long receivedBytes,
      long droppedOutbound,
      long droppedInbound,
      long droppedByCut,
      long rejected,
      long breaks) {}
}
