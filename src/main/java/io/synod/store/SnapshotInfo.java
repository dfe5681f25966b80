package io.synod.store;

import io.synod.paxos.ClusterId;
import io.synod.paxos.MembershipInForce;
import io.synod.paxos.Slot;
import io.synod.paxos.VersionInForce;

/**
 * What a snapshot is of.
 *
 * @param slot the last that is applied in it
 * @param membership in force after that slot
 * @param version the same
 * @param hash of the state, {@link StateMachine#hash}
 * @param sessions how many are open
 */
public record SnapshotInfo(
    ClusterId cluster,
    Slot slot,
    MembershipInForce membership,
    VersionInForce version,
    long revision,
    long logTimeMillis,
    History.Numbers history,
    long hash,
    long keys,
    long liveBytes,
    int sessions) {

  /**
   * Whether a server of this release can go on from it.
   *
   * @throws UnsupportedVersionException if not
   */
  public void checkVersion() {
    new Behaviour(KeyValueStore.SUPPORTED).check(version);
  }
}
