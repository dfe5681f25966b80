package io.synod.scenarios;

import io.synod.paxos.Message;
import java.util.List;
import java.util.stream.Stream;

/** Three servers, one of which coordinates, for the executions that the rules are about. */
abstract class RuleScenario {
  final ScriptedCluster cluster = new ScriptedCluster(3);
  final int coordinator = cluster.elect();
  final int follower = (coordinator + 1) % 3;
  final int other = (coordinator + 2) % 3;

  /** What a server sent, lost or not. */
  final Stream<Message> sentBy(int server) {
    return List.copyOf(cluster.sent()).stream()
        .filter(flight -> flight.from() == server)
        .map(ScriptedCluster.Flight::message);
  }
}
