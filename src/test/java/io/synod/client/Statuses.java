package io.synod.client;

import io.synod.proto.StatusResponse;

/** For tests of other packages: what the client makes of a server's answer. */
public final class Statuses {
  private Statuses() {}

  public static ClusterStatus of(StatusResponse response) {
    return Messages.status(response);
  }
}
