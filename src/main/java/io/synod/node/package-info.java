/**
 * The driver: one duty cycle that ties protocol, journal, store and peers together. No protocol
 * logic and no gRPC. All of it runs on one thread, but for the queues through which others hand in
 * work.
 *
 * <p>{@code Node} turns; {@code WritePath}, {@code ReadPath} and {@code ApplyPath} are the ways of
 * what clients ask and of what is chosen, {@code Outgoing} that of messages, {@code SnapshotDuties}
 * has all that is done with files.
 *
 * <p>Depends on {@code paxos}, {@code journal}, {@code store} and the {@code transport} port.
 */
@NullMarked
package io.synod.node;

import org.jspecify.annotations.NullMarked;
