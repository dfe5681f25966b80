package io.synod.cluster;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.synod.proto.BackupRequest;
import io.synod.proto.ChangeRequest;
import io.synod.proto.ChangeResponse;
import io.synod.proto.MemberStatus;
import io.synod.proto.MoveCoordinatorRequest;
import io.synod.proto.StatusRequest;
import io.synod.proto.StatusResponse;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Two servers with a store and a witness, as processes. */
@Timeout(value = 5, unit = TimeUnit.MINUTES)
class WitnessTest {
  private static final int WITNESS = 2;
  private static final String OF_WITNESS = "witness: true witness_log_mib: 1 ";

  private static void startWitness(RealCluster cluster) throws IOException, InterruptedException {
    cluster.options(OF_WITNESS);
    cluster.start(WITNESS);
    cluster.options("");
  }

  private static void await(RealCluster cluster, String what, BooleanSupplier condition) {
    long end = System.nanoTime() + TimeUnit.MINUTES.toNanos(1);
    while (!condition.getAsBoolean()) {
      if (System.nanoTime() > end) {
        throw new AssertionError(what + ": not in a minute\n" + cluster.logs());
      }
      LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(20));
    }
  }

  private static StatusResponse status(RealCluster cluster, int asked) {
    return cluster.operators(asked).status(StatusRequest.getDefaultInstance());
  }

  private static boolean has(RealCluster cluster, int asked, int server, MemberStatus.Role role) {
    return status(cluster, asked).getMemberList().stream()
        .anyMatch(member -> member.getServerId() == server && member.getRole() == role);
  }

  private static boolean isLive(RealCluster cluster, int asked, int server) {
    return status(cluster, asked).getMemberList().stream()
        .anyMatch(member -> member.getServerId() == server && member.getLive());
  }

  private static void putSurely(RealCluster cluster, int asked, String key, String value) {
    await(cluster, "PUT " + key, () -> cluster.put(asked, key, value, 5_000).isOk());
  }

  private static void fails(RealCluster cluster, Status.Code code, Runnable call) {
    StatusRuntimeException e = assertThrows(StatusRuntimeException.class, call::run);
    assertEquals(code, e.getStatus().getCode(), () -> e + cluster.logs());
    assertTrue(
        String.valueOf(e.getMessage()).contains("server 2 is a witness")
            || String.valueOf(e.getMessage()).contains("this server is a witness"),
        e::toString);
  }

  private static long bytesIn(Path directory) throws IOException {
    try (Stream<Path> files = Files.walk(directory)) {
      return files.filter(Files::isRegularFile).mapToLong(file -> file.toFile().length()).sum();
    }
  }

  @Test
  void theLossOfAnyOneOfTwoServersAndAWitnessIsBorne() throws Exception {
    try (RealCluster cluster = new RealCluster(3)) {
      cluster.start(0);
      cluster.start(1);
      startWitness(cluster);
      cluster.awaitAnswers(2);
      assertTrue(has(cluster, 0, WITNESS, MemberStatus.Role.WITNESS), cluster::logs);
      refusesWhatItHasNoStoreFor(cluster);
      for (int victim = 0; victim < 3; victim++) {
        int asked = victim == 1 ? 0 : 1;
        int lost = victim;
        cluster.kill(victim);
        putSurely(cluster, asked, "without " + victim, "v");
        if (victim == WITNESS) {
          startWitness(cluster);
        } else {
          cluster.start(victim);
        }
        await(cluster, "server " + victim + " is back", () -> isLive(cluster, asked, lost));
      }
      assertEquals(Optional.of("v"), cluster.getSurely(0, "without 0"));
      assertEquals(Optional.of("v"), cluster.getSurely(0, "without 2"));
      assertTrue(bytesIn(cluster.data(WITNESS)) < 80 << 20, "segments of the journal only");
    }
  }

  private static void refusesWhatItHasNoStoreFor(RealCluster cluster) {
    StatusRuntimeException e =
        assertThrows(
            StatusRuntimeException.class, () -> cluster.tryPut(WITNESS, "k", "v", 600_000));
    assertEquals(Status.Code.UNAVAILABLE, e.getStatus().getCode(), e::toString);
    assertTrue(RealCluster.isNotProposed(e), e::toString);
    String why = String.valueOf(e.getStatus().getDescription());
    assertTrue(why.contains("ask server 0 at " + cluster.seat(0).client()), why);
    fails(cluster, Status.Code.UNAVAILABLE, () -> cluster.get(WITNESS, "k", 600_000));
    fails(
        cluster,
        Status.Code.FAILED_PRECONDITION,
        () -> cluster.operators(WITNESS).backup(BackupRequest.getDefaultInstance()).next());
    fails(
        cluster,
        Status.Code.FAILED_PRECONDITION,
        () -> {
          Object unused =
              cluster
                  .operators(WITNESS)
                  .moveCoordinator(MoveCoordinatorRequest.newBuilder().setTo(WITNESS).build());
        });
  }

  @Test
  @Tag("long")
  void whoIsAwayForTooLongLosesItsVoteUntilItIsBack() throws Exception {
    try (RealCluster cluster = new RealCluster(3)) {
      cluster.listed(2);
      cluster.start(0);
      cluster.start(1);
      cluster.awaitAnswers(2);
      cluster.listed(3);
      startWitness(cluster);
      await(cluster, "the witness answers", () -> answers(cluster, WITNESS));
      ChangeResponse unused =
          cluster
              .operators(0)
              .change(
                  ChangeRequest.newBuilder()
                      .setAdd(cluster.seat(WITNESS).consensus().toString())
                      .build());
      await(cluster, "it has its vote", () -> has(cluster, 0, WITNESS, MemberStatus.Role.WITNESS));
      cluster.kill(1);
      String value = "x".repeat(32 << 10);
      for (int i = 0; i < 100; i++) {
        putSurely(cluster, 0, "k" + i, value);
      }
      await(cluster, "a standby", () -> has(cluster, 0, 1, MemberStatus.Role.STANDBY));
      await(
          cluster,
          "STATUS says so",
          () -> status(cluster, 0).getWarning().contains("no failure is tolerated"));
      putSurely(cluster, 0, "after", "v");
      cluster.start(1);
      await(cluster, "its vote is back", () -> has(cluster, 0, 1, MemberStatus.Role.VOTER));
      cluster.kill(0);
      putSurely(cluster, 1, "without 0", "v");
      assertEquals(Optional.of(value), cluster.getSurely(1, "k0"));
      assertEquals(Optional.of("v"), cluster.getSurely(1, "after"));
      cluster.kill(WITNESS);
      cluster.start(WITNESS);
      assertEquals(1, cluster.awaitEnd(WITNESS), "its directory is of another kind");
      assertTrue(
          cluster.log(WITNESS).stream()
              .anyMatch(
                  line ->
                      line.contains(
                              "is written with storage witness, and this server is to have heap")
                          && line.contains("--witness")),
          cluster::logs);
    }
  }

  private static boolean answers(RealCluster cluster, int server) {
    try {
      return status(cluster, server).getWitness();
    } catch (StatusRuntimeException e) {
      return false;
    }
  }
}
