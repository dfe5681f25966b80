/**
 * The state machine: keys and values with revisions, sessions and their results, snapshots. {@link
 * io.synod.store.KeyValueStore} is confined to the driver's thread; the work on snapshot files is
 * done off it, by one thread for each writer, receiver or file.
 *
 * <p>Depends on {@code paxos} value types and on the journal's {@code Disk} port.
 *
 * <p>Files, N being a slot in 19 digits:
 *
 * <ul>
 *   <li>{@code snapshot/N.snapshot}: the whole state after slot N. Gets this name only when its
 *       bytes are durable. Older ones are deleted when the name is durable too, so that a crash
 *       leaves one or two; the newest that proves whole is used, if the log reaches back to it, and
 *       the others go when the next is there.
 *   <li>{@code snapshot/N.writing}, {@code snapshot/N.receiving}: a snapshot under way, from this
 *       server's state or from a peer. Left by a crash; deleted at the start.
 *   <li>{@code snapshot/N.damaged}: was refused at a start, and is kept for a person to look at
 *       until the next whole snapshot is there.
 * </ul>
 *
 * The journal is cut behind a snapshot only when the writer or receiver has said that it is done.
 */
@NullMarked
package io.synod.store;

import org.jspecify.annotations.NullMarked;
