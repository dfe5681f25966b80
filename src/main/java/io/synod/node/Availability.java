package io.synod.node;

import io.synod.paxos.ClusterId;
import io.synod.paxos.Member;
import io.synod.paxos.Paxos;
import io.synod.paxos.PaxosSettings;
import io.synod.paxos.ServerId;
import java.util.List;
import java.util.Optional;
import java.util.function.BooleanSupplier;
import java.util.stream.Collectors;

/**
 * Whether this server can serve clients, and if not, why they are refused or have to wait, in
 * words. Driver thread only.
 */
final class Availability {
  private final PaxosSettings identity;
  private final Paxos paxos;
  private final BooleanSupplier lacksSnapshot;
  private final Outsider outsider;
  private final Warnings warnings;

  /**
   * @param lacksSnapshot whether the store cannot go on from the log before a snapshot has come
   */
  Availability(PaxosSettings identity, Paxos paxos, BooleanSupplier lacksSnapshot) {
    this.identity = identity;
    this.paxos = paxos;
    this.lacksSnapshot = lacksSnapshot;
    this.outsider = new Outsider(paxos, identity.server());
    this.warnings = new Warnings(paxos, identity);
  }

  /** Why clients are refused at once, if they are. */
  Optional<String> refusal() {
    Optional<String> outside = outside();
    if (outside.isPresent()) {
      return outside;
    }
    return identity.isWitness() ? Optional.of(askAnother()) : unfit();
  }

  /** A witness has nothing to read, and no session to write with. */
  private String askAnother() {
    String others =
        paxos.isOpen()
            ? paxos.membership().membership().members().stream()
                .filter(member -> member.role() == Member.Role.VOTER)
                .map(
                    member ->
                        "server " + member.server().number() + " at " + member.clientAddress())
                .collect(Collectors.joining(" or "))
            : "another server";
    return "server "
        + identity.server().number()
        + " is a witness: it votes, and keeps no keys; ask "
        + others;
  }

  /** Why clients have to ask another server, if this one has no part in the cluster. */
  Optional<String> outside() {
    return outsider
        .why()
        .map(why -> "server " + identity.server().number() + " " + why + "; ask another server");
  }

  /** Why this server's state is not to be shown to anybody, if it is not. */
  Optional<String> unfit() {
    if (paxos.isDiverged()) {
      return Optional.of("its state differs from a quorum's: it fetches it from the others");
    }
    return paxos
        .disputedState()
        .map(
            slot ->
                "after slot "
                    + slot.number()
                    + " no state has a quorum: nobody knows what is right");
  }

  /** Whether there is a state of the cluster here, however old. */
  boolean hasState() {
    return paxos.isOpen() && !lacksSnapshot.getAsBoolean() && !identity.isWitness();
  }

  /** Why what clients asked was not done in time. */
  String whyLate() {
    if (!paxos.isOpen()) {
      return "of no cluster yet: " + waitingToOpen();
    }
    return paxos.coordinatorHeard().isPresent()
        ? "no quorum answered in time"
        : warnings.noCoordinator();
  }

  /** What this server waits for before it serves, for an operator to read; none once it serves. */
  Optional<String> waitingFor() {
    if (!paxos.isOpen()) {
      return Optional.of(waitingToOpen());
    }
    Optional<String> outside = outsider.why();
    if (outside.isPresent()) {
      return outside.map(why -> "this server " + why);
    }
    return lacksSnapshot.getAsBoolean()
        ? Optional.of("its snapshot is damaged: waiting for one from another server")
        : unfit();
  }

  private String waitingToOpen() {
    Optional<ClusterId> expected = identity.expectedCluster();
    if (expected.isPresent()) {
      return "waiting for a server of cluster " + expected.get();
    }
    List<ServerId> absent = paxos.waitingFor();
    return "waiting for "
        + (absent.isEmpty() ? "the others" : Warnings.names(absent))
        + " to join their cluster, or to found one with them";
  }
}
