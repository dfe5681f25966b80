package io.synod.store;

import io.synod.paxos.VersionInForce;
import io.synod.paxos.VersionRange;

/**
 * The cluster behaves by a version that this program cannot behave by (protocol-rules.md, 15):
 * nothing was applied by another one, and another program goes on from here. The message is for a
 * person to read.
 */
public final class UnsupportedVersionException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  UnsupportedVersionException(VersionInForce inForce, VersionRange supported) {
    super(
        inForce.number() > supported.newest()
            ? "this cluster behaves by "
                + inForce
                + "; this program knows up to "
                + supported.newest()
                + ": start the newer release"
            : "this cluster behaves by "
                + inForce
                + "; this program knows from "
                + supported.oldest()
                + " on: start the older release");
  }
}
