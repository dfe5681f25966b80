package io.synod.transport.grpc;

import io.synod.transport.PeerMessage;

/** Messages through the real codec and back, for the simulator. */
public final class CodecRoundTrip {
  private CodecRoundTrip() {}

  /**
   * What a peer would receive.
   *
   * @throws IllegalStateException if it is refused, or is not what was sent
   */
  public static PeerMessage of(PeerMessage message) {
    PeerMessage received;
    try {
      received = PeerCodec.decode(PeerCodec.encode(message));
    } catch (MessageRejected e) {
      throw new IllegalStateException("the codec refused " + message, e);
    }
    if (!received.equals(message)) {
      throw new IllegalStateException("the codec made " + received + " of " + message);
    }
    return received;
  }
}
