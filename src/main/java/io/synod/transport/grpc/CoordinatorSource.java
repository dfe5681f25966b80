package io.synod.transport.grpc;

import io.synod.paxos.Address;
import io.synod.paxos.Ballot;
import java.util.Optional;

/** Who coordinates, as far as this server knows. Asked on network threads; must not block. */
@FunctionalInterface
public interface CoordinatorSource {
  /** The coordinator, or none if none is known now. */
  Optional<KnownCoordinator> coordinator();

  /**
   * A coordinator.
   *
   * @param ballot at which it coordinates; names the server
   */
  record KnownCoordinator(Ballot ballot, Address clientAddress) {}
}
