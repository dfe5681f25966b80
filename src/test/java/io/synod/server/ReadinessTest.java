package io.synod.server;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;

import io.synod.node.Answer;
import io.synod.node.ClientRequest.Operation;
import io.synod.node.NodeStatus;
import io.synod.paxos.Address;
import io.synod.paxos.Ballot;
import io.synod.paxos.Incarnation;
import io.synod.paxos.Member;
import io.synod.paxos.ServerId;
import io.synod.paxos.Slot;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import org.junit.jupiter.api.Test;

class ReadinessTest {
  private final PlayedNode node = new PlayedNode();
  private final List<String> told = new ArrayList<>();
  private Optional<String> waitingFor = Optional.of("server 2");
  private boolean quorum = true;
  private String state = "";
  private final Readiness readiness =
      new Readiness(
          node,
          this::status,
          () -> 100,
          new Readiness.Listener() {
            @Override
            public void serving(boolean now) {
              told.add(now ? "serving" : "not serving");
            }

            @Override
            public void state(String now, NodeStatus status) {
              state = now;
            }
          });

  private NodeStatus status() {
    return status(Optional.empty(), List.of());
  }

  private NodeStatus status(Optional<String> warning, List<NodeStatus.MemberStatus> members) {
    return new NodeStatus(
        new ServerId(0),
        Optional.empty(),
        waitingFor,
        Optional.empty(),
        quorum,
        0,
        0,
        Ballot.LOWEST,
        Slot.ZERO,
        Slot.ZERO,
        Slot.ZERO,
        2,
        NodeStatus.Behaviour.FIRST,
        NodeStatus.Data.NONE,
        0,
        warning,
        members);
  }

  @Test
  void servesOnceAWriteOfItsOwnIsAnswered() throws InterruptedException {
    readiness.tick();
    readiness.tick();
    assertEquals(1, node.waiting());
    waitingFor = Optional.empty();
    readiness.tick();
    assertEquals("waiting", state);

    Readiness.Probe probe = assertInstanceOf(Readiness.Probe.class, node.next());
    assertInstanceOf(Operation.Delete.class, probe.operation());
    probe.answer(new Answer.Written(1));
    readiness.tick();
    assertEquals(List.of("not serving", "serving"), told);
    assertEquals("serving", state);
  }

  @Test
  void asksAgainWhenTheWriteHadNoAnswer() throws InterruptedException {
    waitingFor = Optional.empty();
    readiness.tick();
    assertInstanceOf(Readiness.Probe.class, node.next())
        .answer(new Answer.Unavailable(true, "no quorum"));
    readiness.tick();
    readiness.tick();
    assertInstanceOf(Readiness.Probe.class, node.next()).answer(new Answer.Written(1));
    readiness.tick();

    assertEquals(List.of("not serving", "serving"), told);
  }

  @Test
  void followsTheNodeFromThenOn() throws InterruptedException {
    waitingFor = Optional.empty();
    readiness.tick();
    assertInstanceOf(Readiness.Probe.class, node.next()).answer(new Answer.Written(1));
    readiness.tick();
    waitingFor = Optional.of("a quorum");
    readiness.tick();
    waitingFor = Optional.empty();
    readiness.tick();

    assertEquals(List.of("not serving", "serving", "not serving", "serving"), told);
    assertEquals(0, node.waiting());
  }

  @Test
  void saysWhoIsNotHeardAndWhatItIsWarnedOf() {
    quorum = false;
    waitingFor = Optional.empty();
    NodeStatus told =
        status(
            Optional.of("no quorum is left"),
            List.of(member(0, /* live= */ true), member(1, /* live= */ false)));
    assertEquals(
        "it hears no coordinator that has a quorum: server 1 is not heard; no quorum is left",
        Readiness.why(told));
  }

  private static NodeStatus.MemberStatus member(int id, boolean live) {
    Member member =
        new Member(
            new ServerId(id),
            new Incarnation(new UUID(0, id)),
            Address.parse("localhost:9000"),
            Address.parse("localhost:8000"),
            Member.Role.VOTER);
    return new NodeStatus.MemberStatus(member, live, 0, 0, 0, /* otherLife= */ false);
  }

  @Test
  void doesNotServeWithoutACoordinatorThatHasAQuorum() throws InterruptedException {
    waitingFor = Optional.empty();
    readiness.tick();
    assertInstanceOf(Readiness.Probe.class, node.next()).answer(new Answer.Written(1));
    readiness.tick();
    quorum = false;
    readiness.tick();

    assertEquals(List.of("not serving", "serving", "not serving"), told);
  }
}
