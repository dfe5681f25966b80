package io.synod.client;

import static org.junit.jupiter.api.Assertions.assertDoesNotThrow;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.protobuf.ByteString;
import io.grpc.Status;
import io.synod.client.FakeServers.Behaviour;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** The same with many operations on a call. */
@Timeout(30)
class StreamingClientTest extends SynodClientTest {
  @Override
  ClientSettings settings(List<ServerAddress> addresses) {
    return super.settings(addresses).withStreams(true);
  }

  private static ByteString numbered(int i) {
    return ByteString.copyFromUtf8("k" + i);
  }

  @Test
  void manyOperationsGoOnOneCallInFewMessages() throws Exception {
    servers.set(0, Behaviour.ANSWERS);
    try (SynodClient client = client()) {
      List<CompletableFuture<?>> all = new ArrayList<>();
      for (int i = 0; i < 2_000; i++) {
        all.add(client.putAsync(numbered(i), VALUE));
      }
      for (CompletableFuture<?> each : all) {
        Object unused = each.get(20, TimeUnit.SECONDS);
      }
      for (int i = 0; i < 2_000; i++) {
        assertEquals(Optional.of(VALUE), client.get(numbered(i)));
      }
    }
    assertEquals(4_000, servers.calls(0));
    assertEquals(1, servers.streams(0));
  }

  /** Those that are begun while answers are told. */
  @Test
  void whatAnswersBeginGoesTogether() throws Exception {
    servers.set(0, Behaviour.HELD);
    try (SynodClient client = client()) {
      List<CompletableFuture<?>> first = new ArrayList<>();
      List<CompletableFuture<?>> second = new ArrayList<>();
      for (int i = 0; i < 100; i++) {
        ByteString key = numbered(i);
        first.add(client.putAsync(key, VALUE).thenAccept(by -> second.add(client.getAsync(key))));
      }
      servers.release(0);
      for (CompletableFuture<?> each : first) {
        Object unused = each.get(20, TimeUnit.SECONDS);
      }
      servers.release(0);
      for (CompletableFuture<?> each : List.copyOf(second)) {
        assertEquals(Optional.of(VALUE), each.get(20, TimeUnit.SECONDS));
      }
    }
    assertTrue(servers.messages(0) <= 20, () -> servers.messages(0) + " messages");
  }

  @Test
  void aServerThatIsOlderThanStreamsIsCalledAsItKnows() {
    servers.set(0, Behaviour.ANSWERS).withoutStreams(0);
    try (SynodClient client = client()) {
      client.put(KEY, VALUE);
      client.put(KEY, VALUE);
      assertEquals(Optional.of(VALUE), client.get(KEY));
    }
    assertEquals(1, servers.streams(0), "it is asked once");
    assertEquals(3, servers.calls(0));
  }

  /** Were it refused, that would end the call of all others. */
  @Test
  void aLargeValueGoesAlone() {
    servers.set(0, Behaviour.ANSWERS);
    try (SynodClient client = client()) {
      client.put(KEY, ByteString.copyFrom(new byte[1 << 20]));
    }
    assertEquals(0, servers.streams(0));
    assertEquals(1, servers.calls(0));
  }

  /** Whatever the reason is, it says nothing of an operation that was sent before. */
  @Test
  void ofWritesOnACallThatEndsNothingIsKnown() {
    for (Status status :
        List.of(Status.PERMISSION_DENIED, Status.INVALID_ARGUMENT, Status.RESOURCE_EXHAUSTED)) {
      servers.set(0, Behaviour.HELD).set(1, Behaviour.ANSWERS);
      try (SynodClient client = client()) {
        CompletableFuture<?> put = client.putAsync(KEY, VALUE);
        CompletableFuture<?> get = client.getAsync(KEY);
        servers.endStreams(0, status.withDescription("for some reason"));
        ExecutionException e =
            assertThrows(ExecutionException.class, () -> put.get(20, TimeUnit.SECONDS));
        assertInstanceOf(UnknownOutcomeException.class, e.getCause());
        assertDoesNotThrow(() -> get.get(20, TimeUnit.SECONDS));
      }
    }
  }

  @Test
  void aServerThatStopsAnswersWhatItWasSentAndTheRestGoesElsewhere() throws Exception {
    servers.set(0, Behaviour.ANSWERS).set(1, Behaviour.ANSWERS);
    try (SynodClient client = client(Retries.SAFE, Duration.ofSeconds(10))) {
      client.put(KEY, VALUE);
      servers.stopStreams(0);
      List<CompletableFuture<?>> all = new ArrayList<>();
      for (int i = 0; i < 100; i++) {
        all.add(client.putAsync(numbered(i), VALUE));
      }
      for (CompletableFuture<?> each : all) {
        Object unused = each.get(10, TimeUnit.SECONDS);
      }
    }
  }
}
