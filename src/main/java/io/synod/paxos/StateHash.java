package io.synod.paxos;

/**
 * What a replica made of the log up to a slot, in one number: equal states have equal hashes.
 *
 * @param slot one of those that {@link #isDueAt} names, so that replicas speak of the same ones
 */
public record StateHash(Slot slot, long hash) {
  private static final long OFTEN_SLOTS = 64;

  /** Replicas that apply many slots between two pings still meet at these. */
  private static final long SELDOM_SLOTS = 4_096;

  /** Whether all replicas work out the hash of their state after this slot. */
  public static boolean isDueAt(Slot slot) {
    return slot.number() % OFTEN_SLOTS == 0;
  }

  boolean isOfSeldomSlot() {
    return slot.number() % SELDOM_SLOTS == 0;
  }
}
