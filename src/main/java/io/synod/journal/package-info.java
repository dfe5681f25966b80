/**
 * The write-ahead log: segments, frames, recovery and group commit, behind a {@link
 * io.synod.journal.Disk} port. One thread writes and syncs; the driver hands it records and never
 * waits.
 *
 * <p>Depends on {@code paxos} value types.
 */
@NullMarked
package io.synod.journal;

import org.jspecify.annotations.NullMarked;
