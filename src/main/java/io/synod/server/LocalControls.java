package io.synod.server;

import static java.util.stream.Collectors.joining;

import io.synod.node.Node;
import io.synod.node.OperatorRequest;
import io.synod.paxos.ServerId;
import io.synod.proto.ControlRequest;
import io.synod.transport.grpc.GrpcPeerNetwork;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What operators do to this server, its node and its network, and what of it still holds. Any
 * thread; never blocks.
 */
final class LocalControls implements AdminCalls.Local {
  private static final Logger LOG = LoggerFactory.getLogger(LocalControls.class);

  /** Whoever forgets to end it gets the server back. */
  private static final long LONGEST_SUSPENSION_MILLIS = 3_600_000;

  private final Node node;
  private final GrpcPeerNetwork network;
  private final boolean witness;
  private volatile long suspendedUntilNanos = System.nanoTime();
  private volatile List<ServerId> cut = List.of();

  /**
   * What an operator did on purpose and has not ended.
   *
   * @param suspendedMillis for how long this server still drops all traffic; 0 if it does not
   * @param cut from which servers it is cut off
   */
  record Faults(long suspendedMillis, List<ServerId> cut) {
    static final Faults NONE = new Faults(0, List.of());
  }

  LocalControls(Node node, GrpcPeerNetwork network, boolean witness) {
    this.node = node;
    this.network = network;
    this.witness = witness;
  }

  Faults faults() {
    long leftNanos = Math.max(0, suspendedUntilNanos - System.nanoTime());
    return new Faults((leftNanos + 999_999) / 1_000_000, cut);
  }

  @Override
  public boolean submit(OperatorRequest request) {
    return node.submit(request);
  }

  @Override
  public void control(ControlRequest request) {
    switch (request.getActionCase()) {
      case FAIL_RATE -> {
        node.setFailRate(request.getFailRate());
        LOG.info("fail_rate is {} now: an operator asked for it", request.getFailRate());
      }
      case SUSPEND_MILLIS -> suspend(Integer.toUnsignedLong(request.getSuspendMillis()));
      case SNAPSHOT -> {
        if (witness) {
          throw new IllegalArgumentException(
              "server "
                  + node.status().map(now -> String.valueOf(now.server().number())).orElse("")
                  + " is a witness: it has no state to write a snapshot of");
        }
        LOG.info("an operator asked for a snapshot");
        node.takeSnapshot();
      }
      case CUT -> cut(request.getCut());
      case ACTION_NOT_SET -> throw new IllegalArgumentException("no action is named");
    }
  }

  private void suspend(long millis) {
    if (millis > LONGEST_SUSPENSION_MILLIS) {
      throw new IllegalArgumentException(
          "a server is suspended for an hour at most, not for " + millis + " ms");
    }
    node.suspend(TimeUnit.MILLISECONDS.toNanos(millis));
    suspendedUntilNanos = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(millis);
    if (millis == 0) {
      LOG.info("the suspension is over: an operator asked for it");
    } else {
      LOG.warn("suspended for {} ms: an operator asked for it; all traffic is dropped", millis);
    }
  }

  private void cut(ControlRequest.Cut wanted) {
    Set<ServerId> servers = new TreeSet<>();
    for (int server : wanted.getServerIdList()) {
      servers.add(new ServerId(server));
    }
    network.setCut(servers);
    cut = List.copyOf(servers);
    if (servers.isEmpty()) {
      LOG.info("cut off from no server any more: an operator asked for it");
    } else {
      LOG.warn(
          "cut off from {}: an operator asked for it",
          servers.stream().map(each -> "server " + each.number()).collect(joining(", ")));
    }
  }
}
