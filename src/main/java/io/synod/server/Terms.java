package io.synod.server;

import io.synod.node.ClientRequest.Operation;

/**
 * What a client asks for, and until when.
 *
 * @param bytes which it was given of the room for what calls bring
 * @param deadlineNanos on the driver's clock: answered before it passes
 * @param patienceNanos until when a write waits for a coordinator
 */
record Terms(Operation operation, int bytes, long deadlineNanos, long patienceNanos) {}
