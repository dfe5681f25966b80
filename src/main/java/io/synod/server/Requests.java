package io.synod.server;

import io.synod.node.ClientRequest;
import io.synod.node.Submission;

/** Who takes what clients ask: the node, as the client service sees it. */
@FunctionalInterface
interface Requests {
  /** Hands a request over. Any thread; never blocks. */
  Submission submit(ClientRequest request);
}
