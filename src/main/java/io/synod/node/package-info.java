/**
 * The driver: one duty cycle that ties protocol, journal, store and peers together. No protocol
 * logic and no gRPC. All of it runs on one thread, but for the queues through which others hand in
 * work.
 *
 * <p>Depends on {@code paxos}, {@code journal}, {@code store} and the {@code transport} port.
 */
@NullMarked
package io.synod.node;

import org.jspecify.annotations.NullMarked;
