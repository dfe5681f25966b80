package io.synod.scenarios;

import static io.synod.scenarios.ScriptedCluster.MILLI;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.synod.paxos.Ballot;
import io.synod.paxos.ClusterId;
import io.synod.paxos.Input;
import io.synod.paxos.Member;
import io.synod.paxos.Membership;
import io.synod.paxos.Message;
import io.synod.paxos.Notice;
import io.synod.paxos.ServerId;
import io.synod.paxos.Slot;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** Rules 16 to 24, who coordinates, and when: one execution a rule, by its number. */
class LivenessRulesTest extends RuleScenario {
  /** A candidate whose own value is never chosen gives up, and another goes first. */
  @Test
  void rule16ACandidateThatIsNotChosenGivesUp() {
    cluster.kill(coordinator);
    cluster.drop(
        flight ->
            (flight.from() == other && flight.message() instanceof Message.Prepare)
                || (flight.to() == follower && flight.message() instanceof Message.Accepted));
    cluster.run(2 * ScriptedCluster.ELECTION_TIMEOUT);
    assertTrue(cluster.notices(follower).stream().anyMatch(Notice.Campaigning.class::isInstance));
    assertEquals(Optional.empty(), cluster.coordinator());
    cluster.drop(flight -> flight.to() == follower && flight.message() instanceof Message.Accepted);
    for (int i = 0; i < 20 && cluster.coordinator().isEmpty(); i++) {
      cluster.run(ScriptedCluster.ELECTION_TIMEOUT);
    }
    assertEquals(Optional.of(other), cluster.coordinator());
    cluster.propose(other, "x");
    assertEquals(List.of("x"), cluster.texts(other));
  }

  /** Two say that they are content, each at its own ballot: the one at the higher is followed. */
  @Test
  void rule16bContentIsWhoActsAtTheHighestBallotKnown() {
    int next = Math.max(follower, other);
    int third = Math.min(follower, other);
    Ballot first = cluster.core(coordinator).followed();
    cluster.drop(flight -> flight.to() == coordinator);
    cluster.receive(next, coordinator, new Message.TakeOver(first));
    cluster.run(100 * MILLI);
    assertTrue(cluster.core(next).isCoordinating());
    assertTrue(cluster.core(coordinator).isContent(), "it has not noticed yet");
    assertEquals(Optional.of(new ServerId(next)), cluster.core(third).coordinatorHeard());
  }

  /** The one that would go first could not make a ballot durable: it lets others. */
  @Test
  void rule17cAServerWhoseDiskHangsDoesNotCampaign() {
    ScriptedCluster five = new ScriptedCluster(5);
    int first = five.elect();
    int hung = (first + 4) % 5;
    five.priority(hung, 9);
    five.kill(hung);
    five.start(hung);
    five.run(600 * MILLI);
    five.holdDisk(hung);
    five.propose(first, "x");
    five.run(400 * MILLI);
    long campaigns = campaigns(five, hung);
    five.kill(first);
    five.run(2 * ScriptedCluster.ELECTION_TIMEOUT);
    assertEquals(campaigns, campaigns(five, hung));
    int next = five.coordinator().orElseThrow();
    five.releaseDisk(hung);
    five.kill(next);
    five.run(2 * ScriptedCluster.ELECTION_TIMEOUT);
    assertEquals(Optional.of(hung), five.coordinator(), "it would have gone first");
  }

  private static long campaigns(ScriptedCluster cluster, int server) {
    return cluster.notices(server).stream().filter(Notice.Campaigning.class::isInstance).count();
  }

  /**
   * The coordinator dies when all have accepted a membership that is not chosen, and only the
   * server that it drops is heard as a candidate: it campaigns, and the others promise.
   */
  @Test
  void rule18AMembershipThatIsNotChosenStopsNobody() {
    ScriptedCluster five = new ScriptedCluster(5);
    int first = five.elect();
    int dropped = (first + 1) % 5;
    int gone = (first + 2) % 5;
    five.run(100 * MILLI);
    List<Member> fewer = new ArrayList<>(five.core(first).membership().membership().members());
    fewer.removeIf(member -> Set.of(dropped, gone).contains(member.server().number()));
    five.drop(flight -> flight.message() instanceof Message.Accepted);
    Slot slot = five.chosen(first).next();
    five.step(first, new Input.MembershipProposed(new Membership(Slot.ZERO, fewer)));
    five.kill(first);
    five.kill(gone);
    assertEquals(
        5,
        five.sent().stream()
            .filter(
                flight ->
                    flight.message() instanceof Message.Accepted accepted
                        && accepted.upTo().equals(slot))
            .map(ScriptedCluster.Flight::from)
            .distinct()
            .count());
    five.drop(flight -> flight.message() instanceof Message.Prepare && flight.from() != dropped);
    five.run(4 * ScriptedCluster.ELECTION_TIMEOUT);
    assertTrue(
        five.sent().stream()
            .filter(flight -> flight.to() == dropped)
            .filter(flight -> flight.from() != dropped)
            .map(ScriptedCluster.Flight::message)
            .filter(Message.Promise.class::isInstance)
            .anyMatch(promise -> ((Message.Promise) promise).ballot().server().number() == dropped),
        "nobody promised anything to the only one that could be heard");
    five.drop(flight -> false);
    int next = five.elect();
    five.propose(next, "a");
    five.run(2_000 * MILLI);
    assertEquals(List.of("a"), five.texts(five.elect()));
    assertEquals(3, five.core(five.elect()).membership().membership().voters());
  }

  /** The coordinator's port is closed: it is replaced long before the election timeout. */
  @Test
  void rule19ARefusedConnectionIsSilenceAtOnce() {
    cluster.run(200 * MILLI);
    cluster.kill(coordinator);
    for (int i : new int[] {follower, other}) {
      cluster.step(i, new Input.PeerUnreachable(new ServerId(coordinator)));
    }
    cluster.run(ScriptedCluster.ELECTION_TIMEOUT / 2);
    assertTrue(cluster.coordinator().isPresent());
  }

  /** The candidate's own acceptor fails to answer, once: it is one vote, and is asked again. */
  @Test
  void rule20TheCandidatesOwnAcceptorMayFail() {
    int[] lost = new int[1];
    cluster.kill(coordinator);
    cluster.kill(other);
    cluster.drop(
        flight ->
            flight.from() == flight.to()
                && flight.message() instanceof Message.Prepare
                && lost[0]++ == 0);
    cluster.start(other);
    cluster.run(600 * MILLI);
    cluster.elect();
    assertTrue(lost[0] > 1, "sent to itself " + lost[0] + " times");
  }

  /** A process that was held up for long does not take all others for silent. */
  @Test
  void rule21AStarvedServerDeposesNobody() {
    cluster.run(300 * MILLI);
    int before = cluster.notices(follower).size();
    cluster.jump(follower, 20_000 * MILLI);
    assertTrue(
        cluster.notices(follower).stream()
            .skip(before)
            .noneMatch(
                notice ->
                    notice instanceof Notice.MemberSilent || notice instanceof Notice.Campaigning));
    assertTrue(cluster.core(follower).isContent());
    cluster.run(300 * MILLI);
    assertEquals(Optional.of(coordinator), cluster.coordinator());
  }

  /**
   * A candidate dies when its ballot is durable and nobody has heard of it; another coordinates at
   * a lower one. When it is back, it follows that one, or that one goes above it.
   */
  @Test
  void rule22ABallotThatNobodyActsAtStandsInNobodysWay() {
    int candidate = Math.max(follower, other);
    cluster.run(100 * MILLI);
    Ballot first = cluster.core(coordinator).followed();
    cluster.drop(flight -> flight.from() == candidate);
    cluster.receive(candidate, coordinator, new Message.TakeOver(first));
    assertTrue(cluster.core(candidate).followed().isAbove(first));
    cluster.kill(candidate);
    cluster.drop(flight -> false);
    cluster.start(candidate);
    cluster.run(2_000 * MILLI);
    int acting = cluster.coordinator().orElseThrow();
    assertEquals(Optional.of(new ServerId(acting)), cluster.core(candidate).coordinatorHeard());
  }

  /** A server that is far behind lets one that is not go first, whatever its priority. */
  @Test
  void rule23ALaggingServerDoesNotWin() {
    cluster.priority(other, 9);
    cluster.kill(other);
    for (int i = 0; i < 2 * ScriptedCluster.PIPELINE; i++) {
      cluster.propose(coordinator, "v" + i);
    }
    cluster.run(100 * MILLI);
    cluster.drop(flight -> flight.to() == other && flight.message() instanceof Message.Fetched);
    cluster.start(other);
    cluster.run(300 * MILLI);
    cluster.kill(coordinator);
    cluster.run(1_000 * MILLI);
    assertTrue(cluster.notices(follower).stream().anyMatch(Notice.Campaigning.class::isInstance));
    assertTrue(cluster.notices(other).stream().noneMatch(Notice.Campaigning.class::isInstance));
    cluster.drop(flight -> false);
    assertEquals(follower, cluster.elect());
  }

  /** All lost what they had in memory: there is nothing to wait for, and nothing is left. */
  @Test
  void rule24bWhenAllLostTheirMemoryANewClusterIsFounded() {
    cluster.propose(coordinator, "a");
    cluster.run(100 * MILLI);
    ClusterId before = cluster.core(coordinator).founding().orElseThrow().cluster();
    for (int i = 0; i < 3; i++) {
      cluster.loseDisk(i);
    }
    for (int i = 0; i < 3; i++) {
      cluster.start(i);
    }
    int next = cluster.elect();
    assertEquals(List.of(), cluster.texts(next));
    assertNotEquals(before, cluster.core(next).founding().orElseThrow().cluster());
  }
}
