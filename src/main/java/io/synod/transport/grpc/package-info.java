/**
 * Peers over gRPC, and the one codec between what servers say and protobuf.
 *
 * <p>Each server calls each other one twice, on two connections: one lane for Ping, Pong and read
 * points, one for the rest, so that a large batch never delays a heartbeat (protocol-rules.md, 21).
 * A server speaks on the streams that it opened and listens on those that the others opened.
 *
 * <pre>
 *   driver thread        network thread (one event loop for all peers)
 *   send, flush  ──queue──▶ OutboundLane ──Exchange──▶ the peer's PeerService
 *   PeerListener ◀───────── PeerService  ◀──Exchange── the peer's OutboundLane
 * </pre>
 *
 * <p>Threads: everything but {@link io.synod.transport.grpc.GrpcPeerNetwork}'s public methods is
 * confined to one event loop. Memory is bounded: outbound by queues that drop when they are full,
 * inbound by HTTP/2 flow control and a listener that may refuse.
 *
 * <p>Depends on {@code paxos}, {@code transport} and generated code. Protobuf types do not leave
 * this package.
 */
@NullMarked
package io.synod.transport.grpc;

import org.jspecify.annotations.NullMarked;
