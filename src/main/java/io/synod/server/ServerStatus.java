package io.synod.server;

import io.synod.node.Node;
import io.synod.node.NodeStatus;
import io.synod.paxos.Ballot;
import io.synod.paxos.Slot;
import io.synod.transport.grpc.CoordinatorSource;
import io.synod.transport.grpc.CoordinatorSource.KnownCoordinator;
import java.util.List;
import java.util.Optional;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * How a server stands: what its node says, and what is to be said before that says anything. Any
 * thread; never blocks.
 */
final class ServerStatus implements Supplier<NodeStatus>, CoordinatorSource {
  private final Configuration configuration;
  private volatile @Nullable Node node;

  ServerStatus(Configuration configuration) {
    this.configuration = configuration;
  }

  /** From now on this node is asked. */
  void follow(Node present) {
    node = present;
  }

  @Override
  public NodeStatus get() {
    Node present = node;
    Optional<NodeStatus> known = present == null ? Optional.empty() : present.status();
    return known.orElseGet(this::beforeTheFirstTurn);
  }

  private NodeStatus beforeTheFirstTurn() {
    return new NodeStatus(
        configuration.server(),
        Optional.empty(),
        Optional.of("it starts"),
        Optional.empty(),
        false,
        0,
        0,
        Ballot.LOWEST,
        Slot.ZERO,
        Slot.ZERO,
        Slot.ZERO,
        0,
        NodeStatus.Behaviour.FIRST,
        NodeStatus.Data.NONE,
        configuration.failRate(),
        Optional.empty(),
        List.of());
  }

  @Override
  public Optional<KnownCoordinator> coordinator() {
    NodeStatus now = get();
    for (NodeStatus.MemberStatus each : now.members()) {
      if (now.coordinator().equals(Optional.of(each.member().server()))) {
        return Optional.of(new KnownCoordinator(now.ballot(), each.member().clientAddress()));
      }
    }
    return Optional.empty();
  }
}
