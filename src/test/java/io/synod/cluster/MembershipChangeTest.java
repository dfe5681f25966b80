package io.synod.cluster;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.synod.proto.ChangeRequest;
import io.synod.proto.ChangeResponse;
import io.synod.proto.ControlRequest;
import io.synod.proto.MemberStatus;
import io.synod.proto.MoveCoordinatorRequest;
import io.synod.proto.StatusResponse;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Members that come and go while clients write, by the calls of an operator. */
@Tag("long")
@Timeout(value = 10, unit = TimeUnit.MINUTES)
class MembershipChangeTest {
  private static final long POLL_NANOS = 20_000_000;

  /** Far more than any change should take, on a machine that does other things too. */
  private static final long MOST_GAP_MILLIS = 15_000;

  private final StringBuilder gaps = new StringBuilder();

  private static void refused(RealCluster cluster, int asked, ChangeRequest request, String why) {
    StatusRuntimeException e =
        assertThrows(StatusRuntimeException.class, () -> cluster.operators(asked).change(request));
    assertEquals(Status.Code.FAILED_PRECONDITION, e.getStatus().getCode(), e::toString);
    assertTrue(String.valueOf(e.getMessage()).contains(why), e::toString);
  }

  private void note(String what, Writers writers) {
    long gap = writers.longestGapMillis();
    gaps.append(' ').append(what).append(' ').append(gap).append(';');
    assertTrue(gap < MOST_GAP_MILLIS, () -> "no write acknowledged for ms:" + gaps);
  }

  /** With a deadline of minutes: who waits for it does not end in time. */
  private static void refusesClientsAtOnce(RealCluster cluster, int server) {
    StatusRuntimeException e =
        assertThrows(StatusRuntimeException.class, () -> cluster.tryPut(server, "k", "v", 600_000));
    assertEquals(Status.Code.UNAVAILABLE, e.getStatus().getCode(), e::toString);
    assertTrue(RealCluster.isNotProposed(e), e::toString);
    String why = String.valueOf(e.getStatus().getDescription());
    assertTrue(
        why.matches(
            "server "
                + server
                + " was removed from the cluster at slot [0-9]+; ask another server"),
        why);
    assertThrows(StatusRuntimeException.class, () -> cluster.get(server, "k", 600_000));
  }

  @Test
  void membersComeAndGoUnderLoadAndNothingAcknowledgedIsLost() throws Exception {
    try (RealCluster cluster = new RealCluster(6)) {
      cluster.listed(3);
      for (int i = 0; i < 3; i++) {
        cluster.start(i);
      }
      cluster.putSurely("first", "1");
      Operators operators = new Operators(cluster);
      try (Writers writers = new Writers(cluster, 4, List.of(0, 1, 2))) {
        note("three servers", writers);
        operators.join(3, 0);
        note("a fourth", writers);
        operators.join(4, 3);
        note("a fifth", writers);
        StatusResponse five = operators.status(1);
        assertEquals(5, five.getMemberCount());
        assertEquals(3, five.getQuorum());

        cluster.listed(6);
        cluster.start(5);
        operators.awaitAnswer(5);
        writers.through(List.of(0, 2, 3, 4));
        ChangeResponse unused =
            operators.change(
                2,
                ChangeRequest.newBuilder()
                    .setReplace(
                        ChangeRequest.Replacement.newBuilder()
                            .setServerId(1)
                            .setBy(cluster.seat(5).consensus().toString()))
                    .build());
        operators.await(
            2,
            "replaced",
            status -> Operators.isVoter(status, 5) && !Operators.isMember(status, 1));
        operators.await(
            1, "knows it", status -> status.getWaitingFor().contains("this server was removed"));
        refusesClientsAtOnce(cluster, 1);
        assertEquals(0, cluster.terminate(1));
        note("1 replaced by 5", writers);

        int coordinator = cluster.coordinator().orElseThrow();
        int other = coordinator == 4 ? 3 : 4;
        writers.through(
            List.of(0, 2, 3, 4, 5).stream().filter(server -> server != coordinator).toList());
        unused = operators.change(other, Operators.remove(coordinator));
        operators.await(
            coordinator,
            "knows it",
            status -> status.getWaitingFor().contains("this server was removed"));
        assertEquals(0, cluster.terminate(coordinator));
        note("the coordinator " + coordinator + " removed", writers);

        Map<String, String> acknowledged = writers.end();
        System.out.println(
            "membership: "
                + acknowledged.size()
                + " PUTs acknowledged; longest ms without one:"
                + gaps);
        StatusResponse four = operators.status(other);
        assertEquals(4, four.getMemberCount());
        for (MemberStatus member : four.getMemberList()) {
          acknowledged.forEach(
              (key, value) ->
                  assertEquals(
                      Optional.of(value),
                      cluster.getSurely(member.getServerId(), key),
                      () -> key + " at server " + member.getServerId()));
        }
      }
    }
  }

  @Test
  void whatWouldEndTheQuorumIsRefusedAndTheListOfAServerMayBeOld() throws Exception {
    try (RealCluster cluster = new RealCluster(4)) {
      cluster.listed(3);
      for (int i = 0; i < 3; i++) {
        cluster.start(i);
      }
      cluster.putSurely("first", "1");
      Operators operators = new Operators(cluster);
      cluster.awaitAnswers(3);
      refused(cluster, 0, Operators.remove(7), "no member has the id 7");
      refused(cluster, 0, operators.add(3), "no server answers at");

      ChangeResponse dry =
          operators.change(1, Operators.remove(2).toBuilder().setDryRun(true).build());
      assertFalse(dry.hasSlot());
      assertEquals(2, dry.getQuorum());
      assertEquals(3, operators.status(1).getMemberCount());

      cluster.kill(2);
      operators.await(0, "one is lost", status -> live(status) == 2);
      // It may have been the coordinator, which carries changes out.
      operators.await(
          0,
          "another coordinates",
          status -> status.getCoordinatorHeard() && status.getCoordinatorId() != 2);
      refused(cluster, 0, Operators.remove(1), "would be live");
      cluster.start(2);
      operators.await(0, "all live", status -> live(status) == 3);

      operators.join(3, 1);
      refused(cluster, 2, operators.add(3), "is a member already");
      // Where clients reach a member is not where the others do.
      String forClients = cluster.seat(1).client().toString();
      refused(
          cluster,
          0,
          ChangeRequest.newBuilder().setAdd(forClients).build(),
          "what answers there is no consensus port");

      // It was told of three servers, and finds four in its log.
      cluster.kill(0);
      cluster.listed(3);
      cluster.start(0);
      operators.awaitAnswer(0);
      operators.await(0, "all live", status -> live(status) == 4);
      assertTrue(cluster.log(0).stream().anyMatch(line -> line.contains("the log counts")));

      int coordinator = cluster.coordinator().orElseThrow();
      operators.await(coordinator, "all heard by who hands over", status -> live(status) == 4);
      int to = (coordinator + 1) % 4;
      int now =
          cluster
              .operators(2)
              .moveCoordinator(MoveCoordinatorRequest.newBuilder().setTo(to).build())
              .getCoordinatorId();
      assertEquals(to, now);
      operators.await(2, "moved", status -> status.getCoordinatorId() == to);
    }
  }

  private static long live(StatusResponse status) {
    return status.getMemberList().stream().filter(MemberStatus::getLive).count();
  }

  @Test
  void serversAreCutOffAndSlowedDownThroughAnyOther() throws Exception {
    try (RealCluster cluster = new RealCluster(3)) {
      cluster.startAll();
      cluster.putSurely("first", "1");
      Operators operators = new Operators(cluster);
      for (int i = 0; i < 3; i++) {
        assertEquals(Optional.of("1"), cluster.getSurely(i, "first"));
      }
      operators.control(0, ControlRequest.newBuilder().setServerId(1).setFailRate(0.25).build());
      operators.await(1, "a rate", status -> status.getFailRate() == 0.25);
      operators.control(0, ControlRequest.newBuilder().setServerId(1).setFailRate(0).build());

      assertFalse(operators.status(0).hasUnheardSinceMillis());
      long beforeMillis = System.currentTimeMillis();
      operators.cut(0, List.of(1, 2));
      assertFalse(cluster.put(0, "k", "cut off", 1_500).isOk());
      operators.await(
          0,
          "it says since when it hears no quorum",
          status ->
              !status.getCoordinatorHeard()
                  && status.getUnheardSinceMillis() >= beforeMillis
                  && status.getUnheardSinceMillis() <= System.currentTimeMillis());
      assertTrue(cluster.putSurely("k", "by the others") > 0);
      operators.cut(0, List.of());
      assertEquals(Optional.of("by the others"), cluster.getSurely(0, "k"));
      operators.await(0, "it hears one again", status -> !status.hasUnheardSinceMillis());

      operators.control(
          1, ControlRequest.newBuilder().setServerId(2).setSuspendMillis(60_000).build());
      operators.await(1, "silent", status -> live(status) == 2);
      operators.control(1, ControlRequest.newBuilder().setServerId(2).setSuspendMillis(0).build());
      operators.await(1, "back", status -> live(status) == 3);

      operators.control(1, ControlRequest.newBuilder().setServerId(2).setSnapshot(true).build());
      long end = System.nanoTime() + TimeUnit.MINUTES.toNanos(1);
      while (cluster.log(2).stream().noneMatch(line -> line.contains("snapshot of slot"))) {
        assertTrue(System.nanoTime() < end, cluster::logs);
        LockSupport.parkNanos(POLL_NANOS);
      }
    }
  }
}
