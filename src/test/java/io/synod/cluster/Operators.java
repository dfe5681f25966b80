package io.synod.cluster;

import io.grpc.StatusRuntimeException;
import io.synod.proto.ChangeRequest;
import io.synod.proto.ChangeResponse;
import io.synod.proto.ControlRequest;
import io.synod.proto.ControlResponse;
import io.synod.proto.MemberStatus;
import io.synod.proto.StatusRequest;
import io.synod.proto.StatusResponse;
import java.io.IOException;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Predicate;

/** What operators ask of servers that run, and do to them. One thread. */
final class Operators {
  private static final long POLL_NANOS = 20_000_000;

  private final RealCluster cluster;

  Operators(RealCluster cluster) {
    this.cluster = cluster;
  }

  StatusResponse status(int asked) {
    return cluster.operators(asked).status(StatusRequest.getDefaultInstance());
  }

  /** Asks until it is so, for a minute at most. */
  void await(int asked, String what, Predicate<StatusResponse> condition) {
    long end = System.nanoTime() + TimeUnit.MINUTES.toNanos(1);
    StatusResponse last = status(asked);
    while (!condition.test(last)) {
      if (System.nanoTime() > end) {
        throw new AssertionError(what + ": not in a minute\n" + last + cluster.logs());
      }
      LockSupport.parkNanos(POLL_NANOS);
      last = status(asked);
    }
  }

  /** Waits until this server, which was just started, answers at all. */
  void awaitAnswer(int server) {
    long end = System.nanoTime() + TimeUnit.MINUTES.toNanos(1);
    while (cluster.status(server).isEmpty()) {
      if (System.nanoTime() > end) {
        throw new AssertionError("no answer from server " + server + "\n" + cluster.logs());
      }
      LockSupport.parkNanos(POLL_NANOS);
    }
  }

  // ---- members
  // ------------------------------------------------------------------------------------------------------------------

  static List<Integer> voters(StatusResponse status) {
    return status.getMemberList().stream()
        .filter(member -> member.getRole() == MemberStatus.Role.VOTER)
        .map(MemberStatus::getServerId)
        .toList();
  }

  /** Whether it has a vote, and is heard. */
  static boolean isVoter(StatusResponse status, int server) {
    return status.getMemberList().stream()
        .anyMatch(
            member ->
                member.getServerId() == server
                    && member.getRole() == MemberStatus.Role.VOTER
                    && member.getLive());
  }

  static boolean isMember(StatusResponse status, int server) {
    return status.getMemberList().stream().anyMatch(member -> member.getServerId() == server);
  }

  /** The ids of the voters that this server knows; nobody if it does not answer. */
  List<Integer> votersKnownTo(int asked) {
    return cluster.status(asked).map(Operators::voters).orElse(List.of());
  }

  static ChangeRequest remove(int server) {
    return ChangeRequest.newBuilder().setRemove(server).build();
  }

  ChangeRequest add(int server) {
    return ChangeRequest.newBuilder().setAdd(cluster.seat(server).consensus().toString()).build();
  }

  ChangeResponse change(int asked, ChangeRequest request) {
    try {
      return cluster.operators(asked).change(request);
    } catch (StatusRuntimeException e) {
      throw new AssertionError(request + "\n" + cluster.logs(), e);
    }
  }

  /** Starts a server whose list ends with itself, has it taken in, and waits for its vote. */
  void join(int server, int asked) throws IOException, InterruptedException {
    cluster.listed(server + 1);
    cluster.start(server);
    awaitAnswer(server);
    ChangeResponse unused = change(asked, add(server));
    await(asked, "a voter", status -> isVoter(status, server));
  }

  /** Waits until it knows that it was removed. */
  void awaitRemoved(int server) {
    await(
        server,
        "knows it",
        status -> status.getWaitingFor().contains("this server was removed from the cluster"));
  }

  // ---- links
  // ------------------------------------------------------------------------------------------------------------------

  /** Nothing passes between servers of different sides; who is on none of them is left alone. */
  void cutApart(List<List<Integer>> sides) {
    for (List<Integer> side : sides) {
      for (int server : side) {
        List<Integer> others =
            sides.stream().filter(each -> each != side).flatMap(List::stream).toList();
        cut(server, others);
      }
    }
  }

  /** Nothing passes between it and these; none to end that. */
  void cut(int server, List<Integer> others) {
    control(
        server,
        ControlRequest.newBuilder()
            .setServerId(server)
            .setCut(ControlRequest.Cut.newBuilder().addAllServerId(others))
            .build());
  }

  /** Ends all cuts. */
  void heal() {
    for (int server = 0; server < cluster.size(); server++) {
      cut(server, List.of());
    }
  }

  void control(int asked, ControlRequest request) {
    ControlResponse unused = cluster.operators(asked).control(request);
  }
}
