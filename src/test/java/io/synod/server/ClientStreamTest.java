package io.synod.server;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.protobuf.ByteString;
import io.grpc.CallOptions;
import io.grpc.ClientCall;
import io.grpc.ManagedChannel;
import io.grpc.Metadata;
import io.grpc.Server;
import io.grpc.Status;
import io.grpc.inprocess.InProcessChannelBuilder;
import io.grpc.inprocess.InProcessServerBuilder;
import io.synod.node.Answer;
import io.synod.node.ClientRequest;
import io.synod.node.ClientRequest.Operation;
import io.synod.node.ClientRequest.ReadMode;
import io.synod.paxos.Bytes;
import io.synod.paxos.Slot;
import io.synod.proto.DeleteRequest;
import io.synod.proto.GetRequest;
import io.synod.proto.KeyValueStoreGrpc;
import io.synod.proto.PutRequest;
import io.synod.proto.ServerConfig;
import io.synod.proto.StreamRequest;
import io.synod.proto.StreamRequests;
import io.synod.proto.StreamResponse;
import io.synod.proto.StreamResponses;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.LongAdder;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Many operations on one call, without a network: all happens on the thread of the test. */
@Timeout(20)
@SuppressWarnings("NullAway.Init") // The caller is set before each test.
class ClientStreamTest {
  private static final long NOW_NANOS = -5_000_000_000L;
  private static final long MILLI = 1_000_000;
  private static final long DEFAULT_DEADLINE_MILLIS = 10_000;
  private static final int ROOM_BYTES = 4 << 20;
  private static final int QUEUE_REQUESTS = 1 << 14;
  private static final Answer WRITTEN = new Answer.Written(7);

  private final PlayedNode node = new PlayedNode();
  private final Outboxes outboxes = new Outboxes();
  private final LongAdder rejected = new LongAdder();
  private final CallIntake intake =
      new CallIntake(
          IntakeSettings.of(QUEUE_REQUESTS, DEFAULT_DEADLINE_MILLIS, ROOM_BYTES),
          node,
          outboxes,
          () -> NOW_NANOS,
          rejected);
  private final KeyValueService service = new KeyValueService(intake);
  private final String name = InProcessServerBuilder.generateName();
  private final Server server =
      InProcessServerBuilder.forName(name)
          .directExecutor()
          .addService(service.definition())
          .build();
  private final ManagedChannel channel =
      InProcessChannelBuilder.forName(name).directExecutor().build();
  private Caller caller;

  /** A client that reads as many messages as it is told to. */
  private final class Caller extends ClientCall.Listener<StreamResponses> {
    final List<StreamResponses> messages = new ArrayList<>();
    private final ClientCall<StreamRequests, StreamResponses> call =
        channel.newCall(KeyValueStoreGrpc.getStreamMethod(), CallOptions.DEFAULT);
    Optional<Status> end = Optional.empty();

    void start(int messagesRead) {
      call.start(this, new Metadata());
      call.request(messagesRead);
    }

    void send(StreamRequest.Builder... requests) {
      StreamRequests.Builder message = StreamRequests.newBuilder();
      for (StreamRequest.Builder each : requests) {
        message.addRequest(each);
      }
      call.sendMessage(message.build());
    }

    @Override
    public void onMessage(StreamResponses message) {
      messages.add(message);
    }

    @Override
    public void onClose(Status status, Metadata trailers) {
      end = Optional.of(status);
    }

    List<StreamResponse> responses() {
      return messages.stream().flatMap(each -> each.getResponseList().stream()).toList();
    }

    StreamResponse only() {
      assertEquals(1, responses().size(), messages::toString);
      return responses().get(0);
    }
  }

  @BeforeEach
  void start() throws IOException {
    server.start();
    caller = new Caller();
    caller.start(1_000_000);
  }

  @AfterEach
  void stop() {
    channel.shutdownNow();
    server.shutdownNow();
  }

  private static ByteString utf8(String text) {
    return ByteString.copyFromUtf8(text);
  }

  private static ByteString zeros(int size) {
    return ByteString.copyFrom(new byte[size]);
  }

  private static StreamRequest.Builder put(long id, ByteString value) {
    return StreamRequest.newBuilder()
        .setId(id)
        .setPut(PutRequest.newBuilder().setKey(utf8("k" + id)).setValue(value));
  }

  private static StreamRequest.Builder put(long id) {
    return put(id, utf8("v"));
  }

  private static StreamRequest.Builder get(long id) {
    return StreamRequest.newBuilder()
        .setId(id)
        .setGet(GetRequest.newBuilder().setKey(utf8("k" + id)));
  }

  private static StreamRequest.Builder delete(long id) {
    return StreamRequest.newBuilder()
        .setId(id)
        .setDelete(DeleteRequest.newBuilder().setKey(utf8("k" + id)));
  }

  private void answerAll(Answer answer) throws InterruptedException {
    while (node.waiting() > 0) {
      PlayedNode.answer(node.next(), answer);
    }
    outboxes.flush();
  }

  private static void assertRefused(
      Status.Code code, String why, boolean unknown, StreamResponse response) {
    assertTrue(response.hasFailure(), response::toString);
    assertEquals(code.value(), response.getFailure().getCode());
    assertTrue(response.getFailure().getMessage().contains(why), response::toString);
    assertEquals(unknown, response.getFailure().getUnknown());
  }

  private void assertNothingIsHeld() {
    assertEquals(0, intake.bytesUnderWay());
    assertEquals(0, intake.bytesAnswered());
  }

  // ---- what comes of operations
  // ----------------------------------------------------------------------

  @Test
  void eachIsAnsweredUnderItsIdInAnyOrder() throws Exception {
    caller.send(put(11), get(12), delete(13), get(14));
    ClientRequest put = node.next();
    ClientRequest get = node.next();
    ClientRequest delete = node.next();
    ClientRequest absent = node.next();
    assertEquals(new Operation.Put(Bytes.utf8("k11"), Bytes.utf8("v")), put.operation());
    assertEquals(new Operation.Get(Bytes.utf8("k12"), ReadMode.LINEARIZABLE), get.operation());
    assertEquals(new Operation.Delete(Bytes.utf8("k13")), delete.operation());

    PlayedNode.answer(absent, new Answer.NotFound(Slot.of(5)));
    PlayedNode.answer(delete, WRITTEN);
    outboxes.flush();
    PlayedNode.answer(get, new Answer.Found(Bytes.utf8("value"), Slot.of(5)));
    PlayedNode.answer(put, WRITTEN);
    outboxes.flush();

    List<StreamResponse> responses = caller.responses();
    assertEquals(List.of(14L, 13L, 12L, 11L), responses.stream().map(r -> r.getId()).toList());
    assertTrue(responses.get(0).hasAbsent());
    assertTrue(responses.get(1).hasDone());
    assertEquals(utf8("value"), responses.get(2).getValue().getValue());
    assertTrue(responses.get(3).hasDone());
    assertFalse(responses.get(2).hasApplied());
    assertNothingIsHeld();
  }

  @Test
  void theAnswersOfATurnLeaveInOneMessage() throws Exception {
    caller.send(put(1), put(2));
    caller.send(put(3));
    answerAll(WRITTEN);
    assertEquals(1, caller.messages.size());
    assertEquals(3, caller.responses().size());
  }

  @Test
  void oneThatMakesNoSenseIsRefusedAndTheOthersGoOn() throws Exception {
    caller.send(
        StreamRequest.newBuilder().setId(1).setGet(GetRequest.getDefaultInstance()),
        put(2, zeros((1 << 20) + 1)),
        StreamRequest.newBuilder().setId(3),
        put(4));
    assertEquals(1, node.waiting());
    List<StreamResponse> refused = caller.responses();
    assertRefused(Status.Code.INVALID_ARGUMENT, "the key is empty", false, refused.get(0));
    assertRefused(
        Status.Code.INVALID_ARGUMENT,
        "a value of 1048577 bytes: the limit is 1048576 bytes",
        false,
        refused.get(1));
    assertRefused(
        Status.Code.INVALID_ARGUMENT, "no operation that this server knows", false, refused.get(2));
    assertEquals(3, rejected.sum());
    answerAll(WRITTEN);
    assertEquals(4, caller.responses().get(3).getId());
    assertTrue(caller.end.isEmpty());
    assertNothingIsHeld();
  }

  @Test
  void aFailureSaysWhetherAWriteMayHaveTakenEffect() throws Exception {
    caller.send(put(1), put(2), put(3));
    PlayedNode.answer(
        node.next(), new Answer.Unavailable(/* unknown= */ true, "no quorum in time"));
    PlayedNode.answer(node.next(), new Answer.Unavailable(/* unknown= */ false, "no quorum"));
    PlayedNode.answer(node.next(), new Answer.Exhausted("it is full"));
    outboxes.flush();
    assertRefused(Status.Code.UNAVAILABLE, "in time", true, caller.responses().get(0));
    assertRefused(Status.Code.UNAVAILABLE, "no quorum", false, caller.responses().get(1));
    assertRefused(Status.Code.RESOURCE_EXHAUSTED, "full", false, caller.responses().get(2));
  }

  @Test
  void readsAreAsFreshAsTheySay() throws Exception {
    for (ServerConfig.ReadMode mode :
        List.of(
            ServerConfig.ReadMode.LINEARIZABLE,
            ServerConfig.ReadMode.LEASE,
            ServerConfig.ReadMode.LOCAL)) {
      caller.send(get(1).setRead(mode));
      ClientRequest request = node.next();
      assertEquals(mode.name(), ((Operation.Get) request.operation()).mode().name());
      PlayedNode.answer(request, new Answer.NotFound(Slot.of(42)));
      outboxes.flush();
    }
    assertFalse(caller.responses().get(0).hasApplied());
    assertFalse(caller.responses().get(1).hasApplied());
    assertEquals(42, caller.responses().get(2).getApplied());
  }

  @Test
  void itsTimesAreItsOwn() throws Exception {
    caller.send(put(1), put(2).setDeadlineMillis(500).setPatienceMillis(100), put(3));
    ClientRequest usual = node.next();
    ClientRequest hasty = node.next();
    assertEquals(NOW_NANOS + DEFAULT_DEADLINE_MILLIS * MILLI, usual.deadlineNanos());
    assertEquals(usual.deadlineNanos(), usual.patienceNanos());
    assertEquals(NOW_NANOS + 450 * MILLI, hasty.deadlineNanos());
    assertEquals(NOW_NANOS + 100 * MILLI, hasty.patienceNanos());
  }

  // ---- its bounds
  // ------------------------------------------------------------------------------------

  @Test
  void noMoreIsReadWhileManyAreUnanswered() throws Exception {
    for (int id = 1; id <= 3 * ClientStream.WINDOW; id++) {
      caller.send(put(id));
    }
    assertEquals(ClientStream.WINDOW, node.waiting());
    PlayedNode.answer(node.next(), WRITTEN);
    outboxes.flush();
    assertEquals(ClientStream.WINDOW, node.waiting(), "one goes, one comes");
    answerAll(WRITTEN);
    answerAll(WRITTEN);
    answerAll(WRITTEN);
    assertEquals(3 * ClientStream.WINDOW, caller.responses().size());
    assertNothingIsHeld();
  }

  @Test
  void whatFindsNoRoomIsRefusedAndTheOthersGoOn() throws Exception {
    for (int id = 1; id <= 5; id++) {
      caller.send(put(id, zeros(1 << 20)));
    }
    StreamResponse refused = caller.responses().get(0);
    assertRefused(Status.Code.RESOURCE_EXHAUSTED, "bytes are under way", false, refused);
    int taken = node.waiting();
    assertTrue(taken >= 3, () -> taken + " were taken");
    answerAll(WRITTEN);
    assertNothingIsHeld();
  }

  @Test
  void aMessageOfTooManyRequestsEndsTheCall() {
    StreamRequests.Builder message = StreamRequests.newBuilder();
    for (int i = 0; i <= ClientStream.MOST_REQUESTS; i++) {
      message.addRequest(StreamRequest.getDefaultInstance());
    }
    caller.call.sendMessage(message.build());
    Status end = caller.end.orElseThrow();
    assertEquals(Status.Code.INVALID_ARGUMENT, end.getCode());
    assertEquals("a message of 4097 requests: the limit is 4096", end.getDescription());
    assertNothingIsHeld();
  }

  @Test
  void timesAreWithoutASign() throws Exception {
    caller.send(put(1).setDeadlineMillis(-1).setPatienceMillis(-1));
    ClientRequest patient = node.next();
    assertTrue(patient.deadlineNanos() - NOW_NANOS > 4_000_000_000_000_000L);
    assertTrue(patient.patienceNanos() - NOW_NANOS > 4_000_000_000_000_000L);
  }

  @Test
  void aFullQueueRefusesAtOnce() {
    node.setCapacity(0);
    caller.send(put(1));
    assertRefused(
        Status.Code.RESOURCE_EXHAUSTED, "the queue is full (16384 calls)", false, caller.only());
    assertNothingIsHeld();
  }

  @Test
  void whoDoesNotReadItsAnswersIsReadNoMore() throws Exception {
    Caller deaf = new Caller();
    deaf.start(0);
    for (int id = 1; id <= 10; id++) {
      deaf.send(get(id));
      while (node.waiting() > 0) {
        PlayedNode.answer(
            node.next(), new Answer.Found(Bytes.wrap(new byte[100 << 10]), Slot.of(5)));
      }
      outboxes.flush();
    }
    assertTrue(deaf.messages.isEmpty());
    assertTrue(intake.bytesAnswered() > 0);
    assertTrue(intake.bytesAnswered() < 300 << 10, () -> intake.bytesAnswered() + " bytes");
    deaf.call.request(1_000);
    while (deaf.responses().size() < 10) {
      PlayedNode.answer(node.next(), new Answer.Found(Bytes.wrap(new byte[100 << 10]), Slot.of(5)));
      outboxes.flush();
    }
    assertNothingIsHeld();
  }

  /** It is refused without a turn of the driver. */
  @Test
  void whatWaitedForRoomAndIsRefusedIsToldAtOnce() throws Exception {
    Caller deaf = new Caller();
    deaf.start(0);
    deaf.send(get(1));
    PlayedNode.answer(node.next(), new Answer.Found(Bytes.wrap(new byte[900 << 10]), Slot.of(5)));
    outboxes.flush();
    caller.send(get(2));
    PlayedNode.answer(node.next(), new Answer.Found(Bytes.wrap(new byte[900 << 10]), Slot.of(5)));
    outboxes.flush();
    assertTrue(caller.responses().isEmpty(), "it waits for room");
    node.setCapacity(0);
    deaf.call.cancel("gone", null);
    assertRefused(Status.Code.RESOURCE_EXHAUSTED, "queue is full", false, caller.only());
    assertNothingIsHeld();
  }

  // ---- its end
  // ---------------------------------------------------------------------------------------

  @Test
  void itEndsWhenTheCallerHasSentAllAndAllIsAnswered() throws Exception {
    caller.send(put(1), put(2));
    caller.call.halfClose();
    assertTrue(caller.end.isEmpty());
    answerAll(WRITTEN);
    assertEquals(2, caller.responses().size());
    assertEquals(Status.Code.OK, caller.end.orElseThrow().getCode());
  }

  @Test
  void whoIsGoneHoldsNothing() throws Exception {
    caller.send(put(1), get(2));
    caller.call.cancel("gone", null);
    PlayedNode.answer(node.next(), WRITTEN);
    PlayedNode.answer(node.next(), new Answer.Found(Bytes.utf8("value"), Slot.of(5)));
    outboxes.flush();
    assertTrue(caller.responses().isEmpty());
    assertNothingIsHeld();
  }

  @Test
  void aServerThatStopsAnswersWhatItHasAndRefusesWhatComes() throws Exception {
    caller.send(put(1));
    service.refuseNewCalls();
    assertTrue(caller.messages.get(0).getStopping());
    caller.send(put(2));
    assertRefused(Status.Code.UNAVAILABLE, "this server stops", false, caller.only());
    answerAll(WRITTEN);
    assertEquals(1, caller.responses().get(1).getId());
    caller.call.halfClose();
    assertEquals(Status.Code.OK, caller.end.orElseThrow().getCode());
    Caller late = new Caller();
    late.start(10);
    assertTrue(late.messages.get(0).getStopping());
    assertNothingIsHeld();
  }
}
