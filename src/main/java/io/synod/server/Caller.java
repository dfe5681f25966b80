package io.synod.server;

import io.grpc.Status;

/** Who asked, as those see it who refuse what makes no sense or finds no room. Network thread. */
interface Caller {
  /**
   * Ends what was asked, which was not carried out, or of which nobody knows.
   *
   * @param unknown whether a write may still take effect; false: it never will
   */
  void refuse(Status status, boolean unknown);

  /** It was never handed to the node. */
  default void refuse(Status status) {
    refuse(status, /* unknown= */ false);
  }
}
