/**
 * The write-ahead log: segments, frames, recovery and group commit, behind a {@link
 * io.synod.journal.Disk} port. One thread writes and syncs; the driver hands it records and never
 * waits. {@link io.synod.journal.Journal} is the entrance and says which thread may do what; {@link
 * io.synod.journal.JournalThread} runs it in a real process. Depends on {@code paxos} value types.
 *
 * <h2>Files, what a crash leaves of them, and where the log ends</h2>
 *
 * <p>In the data directory:
 *
 * <ul>
 *   <li>{@code lock}: held while a process has the directory; its pid.
 *   <li>{@code identity}, {@code identity.copy}: incarnation, server id, format version. Text with
 *       a checksum. {@code identity} is renamed into place when all else of a new directory is
 *       durable: a journal without it is a first start that did not end (thrown away if it holds no
 *       record, refused if it does). {@code identity.new} is left of that. When votes of the
 *       incarnation are lost, both are replaced: the directory goes on as a new one, with a log of
 *       what is chosen, in which no file of the old one counts.
 *   <li>{@code promise.a}, {@code promise.b}: one frame each, of all that a segment's header says,
 *       and how far which segment is durable. Both are rewritten, one after the other, before a
 *       higher promise, a ballot taken, a founding, a cut, a damaged range or a new segment counts
 *       as durable, so that a crash damages one at most and either one suffices. When the log goes
 *       idle, {@code promise.b} alone is, to say how far it is durable.
 *   <li>{@code journal/segment-N.log}: the number says nothing of the order. A segment is in the
 *       log if the newest header names it, by its use: a number that grows by one or more with each
 *       segment begun, and is in every frame. Files that are not in the log are recycled as they
 *       are, with valid old frames in them, or deleted.
 *   <li>{@code journal/damaged-N.log}: a segment that had damage when the journal was opened; what
 *       could be read of it was written again elsewhere. For a person to look at, and to delete.
 * </ul>
 *
 * <p>A segment is a header frame and record frames, each at a multiple of 8 bytes ({@link
 * io.synod.journal.Frame}). Each write puts 40 zero bytes behind its last frame, which the next one
 * overwrites: the log ends cleanly where they stand and no later frame of this use follows. A
 * segment's predecessors are durable before its header is written, and the header says where each
 * of them ends; what stands behind that is no part of the log.
 *
 * <p>Where a frame cannot be read:
 *
 * <ul>
 *   <li>It was durable, as a frame behind it, a later segment or a promise file says, or as a
 *       segment's length says that is shorter than its header: <em>damage</em>. The slots that
 *       could have stood there are unknown. The whole log is written again, without the damaged
 *       stretch.
 *   <li>Else it is the <em>torn</em> end of the log: cut off, with all that follows, and reported
 *       for at most two syncs' worth of records.
 * </ul>
 *
 * <p>Opening never writes to a segment that is there. It begins a fresh one: first the frames that
 * are not known to be durable, synced, then the header, synced. The header's being there is what
 * puts it in force and cuts off what it replaces; a crash before that leaves the log as it was, and
 * a segment without a header that nothing proves durable, which is put away.
 */
@NullMarked
package io.synod.journal;

import org.jspecify.annotations.NullMarked;
