package io.synod.paxos;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Predicate;
import org.junit.jupiter.api.Test;

/**
 * The barrier at a membership (protocol-rules.md, 10). Five servers choose a membership of three of
 * them, and those a value behind it; then the two that chose it are cut off from the other three.
 * These were a quorum before: the third member has accepted the membership, does not know that it
 * is chosen, and proposes it again. Whatever it is told then, it must propose nothing behind.
 */
class BarrierTest {
  private static final long MILLI = CoreCluster.MILLI;

  private final CoreCluster cluster = new CoreCluster(5);
  private final int first = cluster.elect();
  private final int second = (first + 1) % 5;
  private final int third = (first + 2) % 5;
  private final List<Integer> left = List.of((first + 3) % 5, (first + 4) % 5);
  private final List<Message.Propose> behind = new ArrayList<>();
  private Slot decidedAt = Slot.ZERO;

  private boolean isNew(ServerId server) {
    return server.number() == first || server.number() == second;
  }

  /** The membership and the value behind it are chosen, and the third proposes the membership. */
  private void proposeAgain() {
    List<Member> members = new ArrayList<>(cluster.core(first).membership().membership().members());
    members.replaceAll(
        member ->
            left.contains(member.server().number())
                ? member.withRole(Member.Role.STANDBY)
                : member);
    cluster.drop(
        flight ->
            (left.contains(flight.to().number()) && flight.message() instanceof Message.Propose)
                || (flight.to().number() == third && tellsThatItIsChosen(flight.message())));
    cluster.step(first, new Input.MembershipProposed(new Membership(Slot.ZERO, members)));
    cluster.propose(first, "behind");
    assertEquals(List.of("behind"), cluster.texts(first));
    decidedAt = cluster.core(first).membership().decidedAt();
    assertTrue(cluster.core(third).chosen().isBefore(decidedAt));
    for (int old : List.of(third, left.get(0), left.get(1))) {
      cluster.cutLink(first, old);
      cluster.cutLink(second, old);
      cluster.step(old, new Input.PeerUnreachable(new ServerId(first)));
      cluster.step(old, new Input.PeerUnreachable(new ServerId(second)));
    }
    dropBesides(flight -> false);
    cluster.runUntil(
        "the third has its membership accepted",
        () ->
            cluster.kept(left.get(0)).accepted().stream()
                .anyMatch(each -> each.slot().equals(decidedAt)));
    cluster.run(100 * MILLI);
    assertEquals(List.of(), behind);
  }

  private static boolean tellsThatItIsChosen(Message message) {
    return message instanceof Message.Inform
        || message instanceof Message.Ping
        || (message instanceof Message.Propose propose
            && propose.values().get(0) instanceof Value.Batch);
  }

  /** Only the third campaigns; what it proposes behind the membership is noted. */
  private void dropBesides(Predicate<CoreCluster.Flight> lost) {
    cluster.drop(
        flight -> {
          if (flight.from().number() == third
              && flight.message() instanceof Message.Propose propose
              && propose.first().plus(propose.values().size() - 1).isAfter(decidedAt)) {
            behind.add(propose);
          }
          return (left.contains(flight.from().number())
                  && flight.message() instanceof Message.Prepare)
              || lost.test(flight);
        });
  }

  private void checkNothingIsProposedBehind() {
    cluster.healLinks();
    cluster.run(400 * MILLI);
    assertEquals(List.of(), behind, "proposed behind a membership that is not through its barrier");
    cluster.drop(flight -> false);
    cluster.run(1_500 * MILLI);
    int next = cluster.elect();
    cluster.run(200 * MILLI);
    assertEquals(List.of("behind"), cluster.texts(next));
    cluster.checkAgreement();
  }

  /** They accept it, and do not say what they accepted behind it. */
  @Test
  void acceptancesAloneDoNotOpenIt() {
    proposeAgain();
    dropBesides(
        flight ->
            isNew(flight.from())
                && flight.to().number() == third
                && (flight.message() instanceof Message.Promise
                    || flight.message() instanceof Message.Fetched));
    checkNothingIsProposedBehind();
  }

  /** They accept it, and say that more is chosen, but not what. */
  @Test
  void whatNewVotersKnowChosenIsFetchedFirst() {
    proposeAgain();
    dropBesides(
        flight -> flight.to().number() == third && flight.message() instanceof Message.Fetched);
    checkNothingIsProposedBehind();
  }

  /** The third is told that the membership is chosen, and nothing else. */
  @Test
  void aMembershipThatWasLearnedEndsTheBallot() {
    proposeAgain();
    dropBesides(flight -> isNew(flight.from()) && flight.to().number() == third);
    AcceptedValue membership =
        cluster.kept(first).accepted().stream()
            .filter(each -> each.slot().equals(decidedAt))
            .findFirst()
            .orElseThrow();
    Slot from = cluster.core(third).chosen().next();
    List<AcceptedValue> values = new ArrayList<>(cluster.kept(first).accepted());
    values.removeIf(each -> each.slot().isBefore(from) || each.slot().isAfter(membership.slot()));
    cluster.step(
        third,
        new Input.Received(
            new ServerId(first),
            cluster.incarnation(first),
            new Message.Fetched(from, values, Slot.ZERO, cluster.core(first).chosen())));
    assertEquals(decidedAt, cluster.core(third).chosen());
    assertFalse(cluster.core(third).isCoordinating());
    checkNothingIsProposedBehind();
  }
}
