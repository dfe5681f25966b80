package io.synod.server;

import io.synod.node.ClientRequest;

/** Who takes what clients ask: the node, as the client service sees it. */
@FunctionalInterface
interface Requests {
  /**
   * Hands a request over. Any thread; never blocks.
   *
   * @return false if there is no room: it will not be answered, and has no effect
   */
  boolean submit(ClientRequest request);
}
