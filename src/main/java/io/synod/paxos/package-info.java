/**
 * The protocol: Multi-Paxos as a deterministic function of its inputs.
 *
 * <p>One entrance, {@link io.synod.paxos.Paxos#step}. It holds no thread, lock, clock, file, socket
 * or random source; whoever calls it brings time, messages and what the journal reports, and
 * carries out what comes back. It is confined to one thread.
 *
 * <p>Depends on the JDK's collections and on nothing of ours. Everything else may use its value
 * types.
 */
@NullMarked
package io.synod.paxos;

import org.jspecify.annotations.NullMarked;
