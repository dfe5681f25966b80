package io.synod.transport;

import io.synod.paxos.Bytes;
import io.synod.paxos.Message;
import io.synod.paxos.Slot;

/** All that one server sends another: the protocol's messages, and those of the node around it. */
public sealed interface PeerMessage {

  /** A message of the protocol. */
  record Protocol(Message message) implements PeerMessage {}

  /**
   * Commands for the coordinator, in the store's format: all that the sender drained in one turn.
   * Their results are learned from the log, by the sender itself.
   */
  record Forward(Bytes commands) implements PeerMessage {}

  /**
   * The receiver of a Forward does not coordinate, or has no room: the commands were not proposed
   * by it.
   */
  record ForwardRefused(boolean overloaded) implements PeerMessage {}

  /** Words for a person are a line or two. */
  int LONGEST_WORDS = 16_384;

  /**
   * How much room the sender's disk has. Said again and again while it is short, and once when it
   * is not any more.
   *
   * @param words the figures and what to do, for whom is refused because of it
   */
  record DiskRoom(DiskLevel level, String words) implements PeerMessage {}

  /**
   * The sender's store has reached the sender's quota. Said again and again as long as it has, and
   * once when it has not any more.
   *
   * @param words the figures and what to do, for whom is refused because of it; empty: there is
   *     room
   */
  record QuotaReached(String words) implements PeerMessage {}

  /**
   * Asks for a part of a snapshot.
   *
   * @param snapshot the slot it must be of; {@link Slot#ZERO} for the newest there is
   * @param atLeast one of an earlier slot is of no use
   */
  record SnapshotRequest(Slot snapshot, long offset, Slot atLeast) implements PeerMessage {}

  /**
   * A part of a snapshot.
   *
   * @param snapshot the slot it is of; {@link Slot#ZERO} if there is none
   * @param crc of {@code bytes}, CRC32C
   * @param sha256 of the whole
   */
  record SnapshotChunk(
      Slot snapshot, long offset, long sizeBytes, Bytes sha256, int crc, Bytes bytes)
      implements PeerMessage {}
}
