package io.synod.client;

/** How fresh a read must be. */
public enum ReadMode {
  /** As the server is configured; linearizable unless its operator chose otherwise. */
  SERVER_DEFAULT,
  /** Sees every write that was acknowledged before the read began. */
  LINEARIZABLE,
  /**
   * The same as long as no two servers' clocks differ in speed by more than a tenth; the
   * coordinator answers without asking the others while it has a lease.
   */
  LEASE,
  /** What the asked server has applied, without asking the others; may be old. */
  LOCAL
}
