package io.synod.client;

/** How fresh a read must be. */
public enum ReadMode {
  /** As the server is configured; linearizable unless its operator chose otherwise. */
  SERVER_DEFAULT,
  /** Sees every write that was acknowledged before the read began. */
  LINEARIZABLE,
  /** What the asked server has applied, without asking the others; may be old. */
  LOCAL
}
