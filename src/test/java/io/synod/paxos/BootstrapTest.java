package io.synod.paxos;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** Founding by a majority of the list (protocol-rules.md, 8). */
class BootstrapTest {
  private static final Set<Integer> ALL = Set.of(0, 1, 2, 3, 4);
  private static final long PATIENCE = 10 * CoreCluster.ELECTION_TIMEOUT;
  private static final long LONG = 3 * PATIENCE;

  private static CoreCluster without(Set<Integer> bootstrapping, int... absent) {
    CoreCluster cluster = new CoreCluster(5, bootstrapping);
    for (int each : absent) {
      cluster.kill(each);
    }
    return cluster;
  }

  private static List<Integer> voters(CoreCluster cluster, int server) {
    return cluster.core(server).membership().membership().members().stream()
        .filter(member -> member.role().votes())
        .map(member -> member.server().number())
        .toList();
  }

  private static boolean anyOpen(CoreCluster cluster) {
    return ALL.stream().anyMatch(server -> cluster.core(server).isOpen());
  }

  @Test
  void aMajorityFoundsAfterAWhileAndTheOthersGetTheirVotesWhenTheyCome() {
    CoreCluster cluster = without(ALL, 3, 4);
    cluster.run(PATIENCE - CoreCluster.ELECTION_TIMEOUT);
    assertFalse(anyOpen(cluster), "it waits for all first");
    cluster.run(2 * CoreCluster.ELECTION_TIMEOUT);
    assertEquals(List.of(0, 1, 2), voters(cluster, 0));
    cluster.propose(cluster.elect(), "early");

    cluster.restart(3);
    cluster.restart(4);
    cluster.run(10 * CoreCluster.ELECTION_TIMEOUT);

    for (int server : ALL) {
      assertEquals(
          List.of(0, 1, 2, 3, 4), voters(cluster, server), "as server " + server + " knows");
      assertEquals(List.of("early"), cluster.texts(server));
    }
    for (Member member : cluster.core(0).membership().membership().members()) {
      int server = member.server().number();
      assertEquals(new Address("localhost", 8000 + server), member.clientAddress());
      assertEquals(cluster.incarnation(server), member.incarnation());
    }
    cluster.kill(0);
    cluster.kill(1);
    cluster.run(2 * CoreCluster.ELECTION_TIMEOUT);
    cluster.propose(cluster.elect(), "late");
    cluster.run(CoreCluster.PING_INTERVAL);
    assertEquals(List.of("early", "late"), cluster.texts(3));
    cluster.checkAgreement();
  }

  @Test
  void withoutBeingToldSoAMajorityFoundsNothing() {
    CoreCluster cluster = without(Set.of(), 3, 4);
    cluster.run(LONG);
    assertFalse(anyOpen(cluster));
  }

  @Test
  void lessThanAMajorityFoundsNothing() {
    CoreCluster cluster = without(ALL, 2, 3, 4);
    cluster.run(LONG);
    assertFalse(anyOpen(cluster));
  }

  @Test
  void withoutTheFirstOfTheListNothingIsFounded() {
    CoreCluster cluster = without(ALL, 0);
    cluster.run(LONG);
    assertFalse(anyOpen(cluster));
    cluster.restart(0);
    cluster.run(2 * CoreCluster.ELECTION_TIMEOUT);
    assertEquals(List.of(0, 1, 2, 3, 4), voters(cluster, 0));
  }

  @Test
  void oneThatWasNotToldRefusesAndSaysWhatToDo() {
    CoreCluster cluster = without(Set.of(0, 1), 3, 4);
    cluster.run(LONG);
    assertFalse(anyOpen(cluster));
    assertTrue(
        cluster.notices(2).stream()
            .anyMatch(
                notice ->
                    notice instanceof Notice.FoundingRefused refused
                        && refused.why().contains("--bootstrap-available")));
  }

  @Test
  void whenAllAreThereAllFoundAtOnce() {
    CoreCluster cluster = without(ALL);
    cluster.run(2 * CoreCluster.ELECTION_TIMEOUT);
    assertEquals(List.of(0, 1, 2, 3, 4), voters(cluster, 4));
  }

  @Test
  void aFoundingThatWasNotOpenedIsMadeAnewWhenTheOthersCome() {
    CoreCluster cluster = without(ALL, 3, 4);
    cluster.holdDisk(1);
    cluster.run(LONG);
    assertFalse(anyOpen(cluster), "one of the majority has not written it down");
    cluster.restart(3);
    cluster.restart(4);
    cluster.run(CoreCluster.ELECTION_TIMEOUT);
    cluster.releaseDisk(1);
    cluster.run(2 * CoreCluster.ELECTION_TIMEOUT);
    Founding founding = cluster.core(0).founding().orElseThrow();
    assertEquals(5, founding.membership().voters());
    for (int server : ALL) {
      assertEquals(founding, cluster.core(server).founding().orElseThrow());
    }
  }

  @Test
  void oneThatComesLateToAClusterTakesItsFoundingAndNotItsOwn() {
    CoreCluster cluster = without(ALL, 3, 4);
    cluster.run(2 * PATIENCE);
    Founding founding = cluster.core(0).founding().orElseThrow();
    cluster.kill(0);
    cluster.wipe(0);
    cluster.restart(0);
    cluster.restart(3);
    cluster.restart(4);
    cluster.run(2 * PATIENCE);
    for (int server : ALL) {
      assertEquals(founding, cluster.core(server).founding().orElseThrow());
    }
    assertEquals(List.of(0, 1, 2, 3, 4), voters(cluster, 1));
  }
}
