/**
 * What servers send each other, and the port through which they do. {@code io.synod.transport.grpc}
 * is the one that production uses; the simulator has its own.
 *
 * <p>The driver's thread sends; what comes is told on network threads, which must not wait.
 *
 * <p>Depends on {@code paxos}.
 */
@NullMarked
package io.synod.transport;

import org.jspecify.annotations.NullMarked;
