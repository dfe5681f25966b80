package io.synod.simulator;

import io.synod.node.OperatorRequest;
import io.synod.paxos.Bytes;
import io.synod.paxos.ChangeAnswer;
import io.synod.paxos.Member;
import io.synod.paxos.Membership;
import io.synod.paxos.MembershipChange;
import io.synod.paxos.Message;
import io.synod.paxos.ServerId;
import io.synod.paxos.Value;
import io.synod.transport.PeerMessage;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.function.Consumer;

/** Whole servers: the production driver, journal and store. */
final class FullCluster extends World {
  private final List<FullServer> servers = new ArrayList<>();
  final RollingUpgrade upgrade = new RollingUpgrade(this);
  final ReferenceStore reference = new ReferenceStore(oracle.log(), upgrade::onChosen);
  private static final int MOST_CHANGES = 20;

  /** The mean time between two is a half of this part of the time of faults. */
  private static final int OPERATIONS = 20;

  private static final byte NEWER_VERSION = 2;

  private boolean diverged;
  private boolean mixed;

  private final SplittableRandom operator = randoms.of("operator");

  FullCluster(Swarm swarm, boolean keepsTrace) {
    super(swarm, keepsTrace);
    for (int i = 0; i < swarm.servers; i++) {
      servers.add(new FullServer(this, i));
    }
    if (swarm.plansDamage || !swarm.damages()) {
      oracle.watchWitnesses(server -> swarm.isWitness(server.number()));
    }
  }

  /**
   * One server is of a newer release from now on, and writes batches of a version that the others
   * do not know.
   */
  void upgrade(ServerId newer) {
    mixed = true;
    network.codec(
        1,
        message ->
            message instanceof PeerMessage.Protocol protocol
                    && protocol.message() instanceof Message.Propose propose
                    && propose.ballot().server().equals(newer)
                ? new PeerMessage.Protocol(upgraded(propose))
                : message);
  }

  /** It is of the same release as the others again. */
  void downgrade() {
    network.codec(1, message -> message);
  }

  private static Message.Propose upgraded(Message.Propose propose) {
    List<Value> values = new ArrayList<>();
    for (Value value : propose.values()) {
      if (value instanceof Value.Batch batch) {
        byte[] bytes = batch.commands().toArray();
        bytes[0] = NEWER_VERSION;
        values.add(new Value.Batch(Bytes.wrap(bytes)));
      } else {
        values.add(value);
      }
    }
    return new Message.Propose(propose.ballot(), propose.first(), values, propose.chosen());
  }

  /** Whether servers were of different releases at any time. */
  boolean isMixed() {
    return mixed;
  }

  /** Whether the state of a server was ever made to differ. */
  boolean hasDiverged() {
    return diverged;
  }

  void onDiverged() {
    diverged = true;
  }

  // ---- an operator
  // --------------------------------------------------------------------------------------------------------------------

  /** Asks for changes all the time while there are faults, and goes over to newer releases. */
  void operate() {
    if (swarm.has(Fault.MEMBERSHIP)) {
      nextOperation();
    }
    upgrade.begin();
  }

  private void nextOperation() {
    loop.after(
        1 + operator.nextLong(swarm.faultsEndNanos / OPERATIONS),
        () -> {
          if (isFaulty()) {
            changeMembership(operator);
            nextOperation();
          }
        });
  }

  /** Most often the coordinator is asked, as the others would pass it on; now and then any. */
  @Override
  void changeMembership(SplittableRandom random) {
    if (!oracle.log().isFounded() || oracle.log().membershipChanges() > MOST_CHANGES) {
      return;
    }
    FullServer asked = servers.get(operator.nextInt(swarm.servers));
    for (FullServer server : servers) {
      if (server.isCoordinating() && operator.nextInt(8) > 0) {
        asked = server;
      }
    }
    if (!asked.isUp()) {
      return;
    }
    coverage.hit("fault.MEMBERSHIP");
    FullServer of = asked;
    OperatorRequest request = draw(answer -> answered(of, answer));
    trace.note(Trace.Kind.FAULT, of.id().number(), "asked for " + request);
    of.submit(request);
  }

  private OperatorRequest draw(Consumer<ChangeAnswer> answered) {
    ServerId any = new ServerId(operator.nextInt(swarm.servers));
    if (operator.nextInt(4) == 0) {
      return new OperatorRequest.HandOver(
          operator.nextBoolean() ? Optional.of(any) : Optional.empty(), "asked to", answered);
    }
    Optional<FullServer> outside = anyOutside();
    FullServer named = outside.orElse(servers.get(operator.nextInt(swarm.servers)));
    Member joining = named.joining();
    // Damage is planned for a minority of all servers: of the others nobody may leave then.
    boolean mayLeave = !swarm.damages() || swarm.isDamageable(any.number());
    int joins = outside.isPresent() || !mayLeave || operator.nextInt(8) == 0 ? 3 : 0;
    int kind = operator.nextInt(joins + (mayLeave ? 5 : 0));
    MembershipChange change =
        switch (kind - joins) {
          case 0, 1 -> new MembershipChange.Remove(any);
          case 2 -> new MembershipChange.Replace(any, joining, named.supported());
          case 3 -> new MembershipChange.Promote(any);
          case 4 -> new MembershipChange.Demote(any);
          default -> new MembershipChange.Add(joining, named.supported());
        };
    return new OperatorRequest.Change(change, operator.nextInt(8) == 0, answered);
  }

  /** One that is no member, or came back as another life. */
  private Optional<FullServer> anyOutside() {
    Membership inForce = oracle.log().membership().membership();
    List<FullServer> outside =
        servers.stream()
            .filter(server -> !inForce.isMember(server.id(), server.life().incarnation()))
            .toList();
    return outside.isEmpty()
        ? Optional.empty()
        : Optional.of(outside.get(operator.nextInt(outside.size())));
  }

  private void answered(FullServer by, ChangeAnswer answer) {
    String kind =
        answer instanceof ChangeAnswer.Refused refused
            ? refused.reason().toString()
            : answer.getClass().getSimpleName();
    coverage.hit("operator." + kind);
    trace.note(Trace.Kind.NOTICE, by.id().number(), "answered " + answer);
    if (answer instanceof ChangeAnswer.Done done) {
      oracle.changed(by.id(), done.inForce());
      throwAwaySome();
    }
  }

  /** A server that was let go is stopped, and its directory goes; it may be added again. */
  private void throwAwaySome() {
    Membership inForce = oracle.log().membership().membership();
    for (FullServer server : servers) {
      boolean gone = inForce.member(server.id()).isEmpty();
      if (gone && isFaulty() && operator.nextInt(4) == 0) {
        loop.after(1 + operator.nextLong(swarm.electionTimeoutNanos), () -> throwAway(server));
      }
    }
  }

  private void throwAway(FullServer server) {
    boolean gone = oracle.log().membership().membership().member(server.id()).isEmpty();
    boolean mayDamage = !swarm.damages() || swarm.isDamageable(server.id().number());
    if (!gone || !mayDamage || !isFaulty() || !canSpare(server)) {
      return;
    }
    coverage.hit("operator.threwAway");
    server.crash(operator.nextBoolean());
    server.wipe();
    loop.after(
        1 + operator.nextLong(2 * swarm.electionTimeoutNanos),
        () -> {
          if (isFaulty()) {
            server.start();
          }
        });
  }

  @Override
  List<FullServer> servers() {
    return servers;
  }
}
