package io.synod.node;

import static io.synod.node.Drivers.MILLI;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.synod.node.ClientRequest.Operation;
import io.synod.node.Drivers.Driver;
import io.synod.node.NodeSettings.DiskMarks;
import io.synod.paxos.Bytes;
import io.synod.transport.PeerMessage;
import java.io.IOException;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Drivers of which one may hold less than the others. */
class PeerQuotasTest {
  private static final Bytes VALUE = Bytes.wrap(new byte[900]);
  private static final int SMALL = 2;

  private final Drivers cluster = new Drivers(DiskMarks.NONE, List.of(1L << 30, 1L << 30, 5_000L));

  PeerQuotasTest() throws IOException {
    cluster.run(2_000 * MILLI);
    for (int i = 0; i < 5; i++) {
      assertInstanceOf(Answer.Written.class, put(0, i));
    }
    cluster.run(1_500 * MILLI);
  }

  private Answer put(int server, int key) {
    return cluster.answer(
        cluster.all.get(server), new Operation.Put(Bytes.utf8("key" + key), VALUE));
  }

  private Answer delete(int server, int key) {
    return cluster.answer(cluster.all.get(server), new Operation.Delete(Bytes.utf8("key" + key)));
  }

  private String warning(int server) {
    cluster.run(150 * MILLI);
    return cluster.all.get(server).node.status().flatMap(NodeStatus::warning).orElse("");
  }

  @Test
  void putsAreRefusedEverywhereWhileTheSmallestQuotaIsReached() {
    for (Driver each : cluster.all) {
      int server = each.id.number();
      Answer answer = put(server, 9);
      String why = assertInstanceOf(Answer.Exhausted.class, answer, answer::toString).why();
      String whose =
          server == SMALL
              ? "the store is full: 5 keys"
              : "the store of server 2, whose quota is smaller, is full: 5 keys";
      assertTrue(why.startsWith(whose), why);
      assertTrue(why.contains("of 5,000 bytes"), why);
      assertTrue(warning(server).contains("of 5,000 bytes"), warning(server));
    }
    assertInstanceOf(Answer.Written.class, delete(1, 0));
    assertInstanceOf(Answer.Written.class, delete(0, 1));
    cluster.run(200 * MILLI);
    for (int server = 0; server < 3; server++) {
      assertEquals("", warning(server));
    }
    assertInstanceOf(Answer.Written.class, put(1, 9));
  }

  @Test
  void whatAServerSaidOfItsQuotaCountsForSomeSeconds() {
    cluster.lost = message -> message instanceof PeerMessage.QuotaReached;
    assertInstanceOf(Answer.Exhausted.class, put(0, 9));
    cluster.run(6_000 * MILLI);
    assertInstanceOf(Answer.Written.class, put(0, 9));
  }
}
