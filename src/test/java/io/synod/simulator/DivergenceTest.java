package io.synod.simulator;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.synod.node.Answer;
import io.synod.node.ClientRequest;
import io.synod.node.ClientRequest.Operation;
import io.synod.node.ClientRequest.ReadMode;
import io.synod.paxos.Bytes;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A replica whose state differs (protocol-rules.md, 14): whole servers. */
class DivergenceTest {
  /** Of none of the clients. */
  private static final Bytes PROBED = Bytes.utf8("probed");

  private static final Bytes RIGHT = Bytes.utf8("right");

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8})
  void aReplicaThatDivergesGetsItsStateFromTheOthers(long seed) {
    FullCluster world = new FullCluster(Swarm.plain(seed, seed % 2 == 0 ? 3 : 5), false);
    Clients clients = new Clients(world, world.randoms.of("workload"));
    world.startAll();
    clients.begin();
    world.run(3 * Swarm.SECOND);
    // Half of the seeds: the coordinator.
    FullServer server =
        world.servers().stream()
            .filter(each -> each.isCoordinating() == (seed % 4 < 2))
            .findFirst()
            .orElseThrow();
    ServerLife life = server.life();
    server.diverge(17);
    world.runUntil("divergence to be noticed", 30 * Swarm.SECOND, () -> !server.isDiverged());
    assertTrue(world.coverage.count("notice.StateDiverged") >= 1, world.coverage::describe);
    world.run(5 * Swarm.SECOND);
    clients.stop();
    world.run(3 * Swarm.SECOND);
    assertEquals(life, server.life());
    for (FullServer each : world.servers()) {
      assertEquals(world.oracle.log().upTo(), each.applied(), each.describe());
    }
    assertTrue(clients.answered() > 100, () -> clients.answered() + " answers");
  }

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3, 4})
  void withoutAQuorumOfOneStateNobodyServes(long seed) {
    FullCluster world = new FullCluster(Swarm.plain(seed, 3), false);
    Clients clients = new Clients(world, world.randoms.of("workload"));
    world.startAll();
    clients.begin();
    world.run(3 * Swarm.SECOND);
    List<FullServer> servers = world.servers();
    servers.get(0).diverge(17);
    servers.get(1).diverge(18);
    world.runUntil(
        "all to stop serving",
        30 * Swarm.SECOND,
        () -> servers.stream().allMatch(FullServer::isStateDisputed));
    long answered = clients.answered();
    world.run(3 * Swarm.SECOND);
    assertEquals(answered, clients.answered());
  }

  /** A request of the test's own, which notes what its server knew of itself when it answered. */
  private static final class Probe extends ClientRequest {
    private final FullServer server;
    private final List<Answer> answers;
    private boolean afterNaming;

    Probe(FullServer server, Operation operation, List<Answer> answers) {
      super(operation, server.localNanos() + 2 * Swarm.SECOND);
      this.server = server;
      this.answers = answers;
    }

    @Override
    protected void answer(Answer answer) {
      afterNaming = server.knowsThatItDiverged();
      answers.add(answer);
    }

    /** Empty before the answer; then whether the value is this one. */
    Optional<Boolean> isAnswered(Bytes value) {
      return answers.isEmpty()
          ? Optional.empty()
          : Optional.of(
              answers.get(0) instanceof Answer.Found found && found.value().equals(value));
    }
  }

  private static Probe ask(FullServer server, Operation operation) {
    Probe probe = new Probe(server, operation, new ArrayList<>());
    boolean unused = server.ask(probe);
    return probe;
  }

  private static Probe read(FullServer server, ReadMode mode) {
    return ask(server, new Operation.Get(PROBED, mode));
  }

  /**
   * From the moment at which it is named on, no read sees the wrong row; soon all see the right.
   */
  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8})
  void aWrongRowIsShownToNobodyOnceItIsNamed(long seed) {
    FullCluster world = new FullCluster(Swarm.plain(seed, seed % 2 == 0 ? 3 : 5), false);
    Clients clients = new Clients(world, world.randoms.of("workload"));
    world.startAll();
    clients.begin();
    world.run(3 * Swarm.SECOND);
    Probe written = ask(world.servers().get(0), new Operation.Put(PROBED, RIGHT));
    world.run(Swarm.SECOND);
    assertInstanceOf(Answer.Written.class, written.answers.get(0));
    // Half of the seeds: the coordinator.
    FullServer server =
        world.servers().stream()
            .filter(each -> each.isCoordinating() == (seed % 4 < 2))
            .findFirst()
            .orElseThrow();

    Bytes wrong = server.corrupt(PROBED);
    assertNotEquals(RIGHT, wrong);
    Probe local = read(server, ReadMode.LOCAL);
    Probe linearizable = read(server, ReadMode.LINEARIZABLE);
    world.runUntil("answers", Swarm.SECOND, () -> !linearizable.answers.isEmpty());
    assertEquals(Optional.of(true), local.isAnswered(wrong));
    assertEquals(Optional.of(true), linearizable.isAnswered(wrong));

    List<Probe> probes = new ArrayList<>();
    while (server.isDiverged()) {
      for (ReadMode mode : ReadMode.values()) {
        probes.add(read(server, mode));
      }
      world.run(Swarm.MILLI / 2);
      assertTrue(probes.size() < 200_000, "is never named: " + server.describe());
    }
    int refused = 0;
    for (Probe each : probes) {
      if (each.afterNaming) {
        assertInstanceOf(Answer.Unavailable.class, each.answers.get(0));
        refused++;
      }
    }
    assertTrue(refused >= 3, refused + " refused of " + probes.size());

    world.run(5 * Swarm.SECOND);
    for (ReadMode mode : ReadMode.values()) {
      Probe after = read(server, mode);
      world.run(Swarm.SECOND);
      assertEquals(Optional.of(true), after.isAnswered(RIGHT), mode + " " + after.answers);
    }
    clients.stop();
  }
}
