package io.synod.store;

import io.synod.paxos.Slot;
import io.synod.paxos.Value;
import io.synod.paxos.VersionInForce;
import io.synod.paxos.VersionRange;

/**
 * By which version a state machine behaves, of those that its program can behave by
 * (protocol-rules.md, 15). Driver's thread only.
 */
final class Behaviour {
  private final VersionRange supported;
  private VersionInForce version = VersionInForce.FIRST;

  Behaviour(VersionRange supported) {
    this.supported = supported;
  }

  /** Behind the last slot that is applied. */
  VersionInForce version() {
    return version;
  }

  /**
   * A slot decided a version.
   *
   * @throws UnsupportedVersionException if that is in force now and the program cannot behave by it
   */
  void decide(Slot slot, Value.Version decided) {
    goOnFrom(version.after(slot, decided));
  }

  /**
   * The version of a state that takes the place of this one.
   *
   * @throws UnsupportedVersionException if the program cannot behave by it
   */
  void goOnFrom(VersionInForce inForce) {
    check(inForce);
    version = inForce;
  }

  /** Before commands are applied: that it can behave by the version in force. */
  void check() {
    check(version);
  }

  /** The same of another one. */
  void check(VersionInForce inForce) {
    if (!supported.includes(inForce.number())) {
      throw new UnsupportedVersionException(inForce, supported);
    }
  }
}
