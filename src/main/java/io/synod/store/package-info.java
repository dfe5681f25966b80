/**
 * The state machine: keys and values, sessions and their results, snapshots. Confined to the
 * driver's thread, but for the work on snapshot files.
 *
 * <p>Depends on {@code paxos} value types and on the journal's {@code Disk} port.
 */
@NullMarked
package io.synod.store;

import org.jspecify.annotations.NullMarked;
