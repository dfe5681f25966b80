package io.synod.client;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.protobuf.ByteString;
import io.grpc.Server;
import io.grpc.netty.shaded.io.grpc.netty.NettyServerBuilder;
import io.synod.client.FakeServers.Behaviour;
import java.net.ServerSocket;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(30)
class SynodClientTest {
  static final ByteString KEY = ByteString.copyFromUtf8("key");
  static final ByteString VALUE = ByteString.copyFromUtf8("value");

  final FakeServers servers = new FakeServers(3);

  @AfterEach
  void close() {
    servers.close();
  }

  /** How calls are made. */
  ClientSettings settings(List<ServerAddress> addresses) {
    return ClientSettings.usual(addresses);
  }

  final SynodClient client(Retries retries, Duration deadline) {
    return SynodClient.of(
        settings(servers.addresses()).withRetries(retries).withDeadline(deadline),
        servers::channel);
  }

  final SynodClient client() {
    return client(Retries.SAFE, Duration.ofSeconds(20));
  }

  private static void assertSays(SynodException e, String part) {
    assertTrue(String.valueOf(e.getMessage()).contains(part), e::toString);
  }

  @Test
  void readsWhatItWrote() {
    servers.set(0, Behaviour.ANSWERS);
    try (SynodClient client = client()) {
      client.put(KEY, VALUE);
      assertEquals(Optional.of(VALUE), client.get(KEY));
      client.delete(KEY);
      assertEquals(Optional.empty(), client.get(KEY));
    }
  }

  @Test
  void readsAndWritesWithoutBlocking() throws Exception {
    servers.set(0, Behaviour.ANSWERS);
    try (SynodClient client = client()) {
      ServerAddress by = client.putAsync(KEY, VALUE).get(10, TimeUnit.SECONDS);
      assertEquals(servers.addresses().get(0), by);
      assertEquals(Optional.of(VALUE), client.getAsync(KEY).get(10, TimeUnit.SECONDS));
      client.deleteAsync(KEY).get(10, TimeUnit.SECONDS);
      assertEquals(Optional.empty(), client.getAsync(KEY).get(10, TimeUnit.SECONDS));
      assertEquals(3, client.statusAsync().get(10, TimeUnit.SECONDS).members().size());
    }
  }

  @Test
  void movesOnFromServersThatAreNotThere() {
    servers.set(2, Behaviour.ANSWERS);
    try (SynodClient client = client()) {
      client.put(KEY, VALUE);
      assertEquals(Optional.of(VALUE), client.get(KEY));
    }
  }

  @Test
  void staysWithTheServerThatAnswered() {
    servers.set(0, Behaviour.NOT_PROPOSED).set(1, Behaviour.ANSWERS);
    try (SynodClient client = client()) {
      client.put(KEY, VALUE);
      client.put(KEY, VALUE);
      assertEquals(1, servers.calls(0));
      assertEquals(2, servers.calls(1));
    }
  }

  @Test
  void doesNotRepeatWriteOfUnknownOutcome() {
    for (Behaviour behaviour : List.of(Behaviour.DONE_BUT_UNKNOWN, Behaviour.BREAKS)) {
      servers.set(0, behaviour).set(1, Behaviour.ANSWERS);
      try (SynodClient client = client()) {
        UnknownOutcomeException e =
            assertThrows(UnknownOutcomeException.class, () -> client.put(KEY, VALUE));
        assertSays(e, "localhost:8000");
        assertEquals(0, servers.calls(1));
      }
    }
  }

  @Test
  void repeatsWriteOfUnknownOutcomeWhenAsked() {
    servers.set(0, Behaviour.BREAKS).set(1, Behaviour.ANSWERS);
    try (SynodClient client = client(Retries.UNTIL_DEADLINE, Duration.ofSeconds(20))) {
      client.put(KEY, VALUE);
      assertEquals(1, servers.calls(1));
    }
  }

  @Test
  void repeatsReadThatBroke() {
    servers.pairs().put(KEY, VALUE);
    servers.set(0, Behaviour.BREAKS).set(1, Behaviour.ANSWERS);
    try (SynodClient client = client()) {
      assertEquals(Optional.of(VALUE), client.get(KEY));
    }
  }

  @Test
  void triesAgainUntilServerIsBack() throws Exception {
    try (SynodClient client = client(Retries.UNTIL_DEADLINE, Duration.ofSeconds(20))) {
      CompletableFuture<ServerAddress> put = client.putAsync(KEY, VALUE);
      assertFalse(put.isDone());
      servers.set(1, Behaviour.ANSWERS);
      assertEquals(servers.addresses().get(1), put.get(20, TimeUnit.SECONDS));
    }
  }

  @Test
  void connectsAtOnceToServerThatCameBack() {
    try (SynodClient client = client()) {
      assertThrows(UnavailableException.class, () -> client.get(KEY));
      servers.set(0, Behaviour.ANSWERS);
      assertEquals(Optional.empty(), client.get(KEY));
    }
  }

  @Test
  void namesAllServersThatDidNotAnswer() {
    servers.set(1, Behaviour.NOT_PROPOSED);
    try (SynodClient client = client()) {
      UnavailableException e =
          assertThrows(UnavailableException.class, () -> client.put(KEY, VALUE));
      for (ServerAddress address : servers.addresses()) {
        assertSays(e, address.toString());
      }
      assertSays(e, "no quorum");
    }
  }

  @Test
  void silentServerCostsReadOnlyItsShareOfTheTime() {
    servers.pairs().put(KEY, VALUE);
    servers.set(0, Behaviour.SILENT).set(1, Behaviour.ANSWERS);
    try (SynodClient client = client(Retries.SAFE, Duration.ofMillis(1_500))) {
      assertEquals(Optional.of(VALUE), client.get(KEY));
    }
  }

  /** It has no coordinator and says so in time, since the client has others to ask. */
  @Test
  void serverThatIsCutOffCostsWriteOnlyItsShareOfTheTime() {
    servers.set(0, Behaviour.CUT_OFF).set(1, Behaviour.ANSWERS);
    try (SynodClient client = client(Retries.SAFE, Duration.ofMillis(1_500))) {
      client.put(KEY, VALUE);
      assertEquals(VALUE, servers.pairs().get(KEY));
      assertEquals(1, servers.calls(1));
    }
  }

  @Test
  void writeToSilentServerIsUnknown() {
    servers.set(0, Behaviour.SILENT).set(1, Behaviour.ANSWERS);
    try (SynodClient client = client(Retries.SAFE, Duration.ofSeconds(1))) {
      UnknownOutcomeException e =
          assertThrows(UnknownOutcomeException.class, () -> client.put(KEY, VALUE));
      assertSays(e, "no answer in time");
    }
  }

  @Test
  void saysThatServerHasTooMuchToDo() {
    servers.set(0, Behaviour.OVERLOADED).set(1, Behaviour.ANSWERS);
    try (SynodClient client = client()) {
      assertThrows(OverloadedException.class, () -> client.put(KEY, VALUE));
    }
  }

  @Test
  void saysWhyCallIsRefused() {
    servers.set(0, Behaviour.INVALID).set(1, Behaviour.ANSWERS);
    try (SynodClient client = client()) {
      RefusedException e = assertThrows(RefusedException.class, () -> client.put(KEY, VALUE));
      assertSays(e, "the key is too long");
      assertEquals(0, servers.calls(1));
    }
  }

  @Test
  void localReadTellsTheSlot() {
    servers.pairs().put(KEY, VALUE);
    servers.set(0, Behaviour.ANSWERS);
    try (SynodClient client = client()) {
      Reading local = client.read(KEY, ReadMode.LOCAL);
      assertEquals(OptionalLong.of(42), local.appliedSlot());
      assertEquals(OptionalLong.empty(), client.read(KEY, ReadMode.LINEARIZABLE).appliedSlot());
    }
  }

  @Test
  void readsSayHowFreshTheyMustBe() {
    servers.pairs().put(KEY, VALUE);
    servers.set(0, Behaviour.ANSWERS);
    try (SynodClient client = client()) {
      for (ReadMode mode : ReadMode.values()) {
        assertEquals(Optional.of(VALUE), client.read(KEY, mode).value());
      }
    }
    assertEquals(List.of("linearizable", "lease", "local"), servers.readModes());
  }

  @Test
  void cancelledCallEnds() {
    servers.set(0, Behaviour.SILENT);
    try (SynodClient client = client()) {
      CompletableFuture<ServerAddress> put = client.putAsync(KEY, VALUE);
      assertTrue(put.cancel(false));
      assertTrue(put.isCancelled());
    }
  }

  @Test
  void interruptedWriteIsUnknown() {
    servers.set(0, Behaviour.SILENT);
    try (SynodClient client = client()) {
      Thread.currentThread().interrupt();
      assertThrows(UnknownOutcomeException.class, () -> client.put(KEY, VALUE));
      assertTrue(Thread.interrupted());
    }
  }

  @Test
  void refusedConnectionOverTcpSaysSo() throws Exception {
    int free;
    try (ServerSocket socket = new ServerSocket(0)) {
      free = socket.getLocalPort();
    }
    try (SynodClient client =
        SynodClient.of(settings(ServerAddress.parseList("localhost:" + free)))) {
      UnavailableException e =
          assertThrows(UnavailableException.class, () -> client.put(KEY, VALUE));
      assertSays(e, "connection refused");
    }
  }

  @Test
  void otherServiceOnThePortIsNamed() throws Exception {
    Server other = NettyServerBuilder.forPort(0).build().start();
    try (SynodClient client =
        SynodClient.of(settings(ServerAddress.parseList("localhost:" + other.getPort())))) {
      assertSays(
          assertThrows(RefusedException.class, () -> client.put(KEY, VALUE)),
          "that is a port between servers");
    } finally {
      other.shutdownNow();
    }
  }

  @Test
  void doesNotWaitForServerThatAcceptsAndSaysNothing() throws Exception {
    // The connection is made by the system and never served: nothing was sent, so even a write may
    // go on.
    servers.set(1, Behaviour.ANSWERS);
    try (ServerSocket deaf = new ServerSocket(0)) {
      ServerAddress first = new ServerAddress("localhost", deaf.getLocalPort());
      ClientSettings settings =
          settings(List.of(first, servers.addresses().get(1))).withDeadline(Duration.ofSeconds(30));
      ChannelFactory channels =
          server ->
              server.equals(first) ? ChannelFactory.plaintext(server) : servers.channel(server);
      long began = System.nanoTime();
      try (SynodClient client = SynodClient.of(settings, channels)) {
        client.put(KEY, VALUE);
        assertEquals(VALUE, servers.pairs().get(KEY));
      }
      try (SynodClient client = SynodClient.of(settings, channels)) {
        assertEquals(Optional.of(VALUE), client.get(KEY));
      }
      // Half of the deadline would be its share.
      assertTrue(System.nanoTime() - began < TimeUnit.SECONDS.toNanos(12));
    }
  }
}
