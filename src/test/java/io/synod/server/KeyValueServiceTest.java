package io.synod.server;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.common.util.concurrent.ListenableFuture;
import com.google.protobuf.ByteString;
import com.google.protobuf.DescriptorProtos.DescriptorProto;
import com.google.protobuf.DescriptorProtos.FieldDescriptorProto;
import com.google.protobuf.DescriptorProtos.FileDescriptorProto;
import com.google.protobuf.Descriptors.Descriptor;
import com.google.protobuf.Descriptors.DescriptorValidationException;
import com.google.protobuf.Descriptors.FileDescriptor;
import com.google.protobuf.DynamicMessage;
import io.grpc.CallOptions;
import io.grpc.ManagedChannel;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.grpc.Server;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.inprocess.InProcessChannelBuilder;
import io.grpc.inprocess.InProcessServerBuilder;
import io.grpc.protobuf.ProtoUtils;
import io.grpc.stub.ClientCalls;
import io.grpc.stub.MetadataUtils;
import io.synod.node.Answer;
import io.synod.node.ClientRequest;
import io.synod.node.ClientRequest.Operation;
import io.synod.node.ClientRequest.ReadMode;
import io.synod.paxos.Bytes;
import io.synod.paxos.Slot;
import io.synod.proto.DeleteRequest;
import io.synod.proto.EmptyMessage;
import io.synod.proto.GetRequest;
import io.synod.proto.GetResponse;
import io.synod.proto.KeyValue;
import io.synod.proto.KeyValueStoreGrpc;
import io.synod.proto.PutRequest;
import io.synod.proto.RangeRequest;
import io.synod.proto.RangeResponse;
import io.synod.proto.RangesGrpc;
import io.synod.store.Range;
import io.synod.store.RangeRead;
import io.synod.store.Row;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.atomic.LongAdder;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class KeyValueServiceTest {
  private static final long NOW_NANOS = -5_000_000_000L;
  private static final Answer WRITTEN = new Answer.Written(7);

  private final PlayedNode node = new PlayedNode();
  private final Outboxes outboxes = new Outboxes();
  private final LongAdder rejected = new LongAdder();
  private final CallIntake intake =
      new CallIntake(
          IntakeSettings.of(16, 10_000, 4 << 20), node, outboxes, () -> NOW_NANOS, rejected);
  private final KeyValueService service = new KeyValueService(intake);
  private final String name = InProcessServerBuilder.generateName();
  private final Server server =
      InProcessServerBuilder.forName(name)
          .directExecutor()
          .addService(service.definition())
          .addService(service.rangesDefinition())
          .build();
  private final ManagedChannel channel =
      InProcessChannelBuilder.forName(name).directExecutor().build();
  private final KeyValueStoreGrpc.KeyValueStoreFutureStub stub =
      KeyValueStoreGrpc.newFutureStub(channel);

  @BeforeEach
  void start() throws IOException {
    server.start();
  }

  @AfterEach
  void stop() {
    channel.shutdownNow();
    server.shutdownNow();
  }

  private static ByteString utf8(String text) {
    return ByteString.copyFromUtf8(text);
  }

  private static PutRequest put(ByteString key, ByteString value) {
    return PutRequest.newBuilder().setKey(key).setValue(value).build();
  }

  private static GetRequest get(String key) {
    return GetRequest.newBuilder().setKey(utf8(key)).build();
  }

  private Future<RangeResponse> range(RangeRequest request) {
    return RangesGrpc.newFutureStub(channel).range(request);
  }

  @Test
  void aRangeIsReadByPagesAtOneRevision() throws Exception {
    Future<RangeResponse> first = range(RangeRequest.newBuilder().setPrefix(utf8("a")).build());
    ClientRequest request = node.next();
    Operation.Scan scan = assertInstanceOf(Operation.Scan.class, request.operation());
    assertEquals(ReadMode.LINEARIZABLE, scan.mode());
    assertEquals(Bytes.utf8("a"), scan.range().from());
    assertEquals(Optional.of(Bytes.utf8("b")), scan.range().until());
    assertEquals(OptionalLong.empty(), scan.range().revision());
    Row row = new Row(Bytes.utf8("a1"), Bytes.utf8("v"), 3, 5, 2);
    RangeRead page = new RangeRead(List.of(row), 9, 1, Optional.of(Bytes.utf8("a2")));
    answer(request, new Answer.Rows(page, Slot.of(4)));
    RangeResponse response = first.get(10, TimeUnit.SECONDS);
    assertEquals(
        RangeResponse.newBuilder()
            .addRow(
                KeyValue.newBuilder()
                    .setKey(utf8("a1"))
                    .setValue(utf8("v"))
                    .setCreateRevision(3)
                    .setModRevision(5)
                    .setVersion(2))
            .setCount(1)
            .setRevision(9)
            .setNext(utf8("a2"))
            .build(),
        response);

    Future<RangeResponse> second =
        range(
            RangeRequest.newBuilder()
                .setPrefix(utf8("a"))
                .setFrom(response.getNext())
                .setRevision(9)
                .setLimit(2)
                .build());
    ClientRequest next = node.next();
    Range range = assertInstanceOf(Operation.Scan.class, next.operation()).range();
    assertEquals(Bytes.utf8("a2"), range.from());
    assertEquals(OptionalLong.of(9), range.revision());
    assertEquals(2, range.limits().rows());
    answer(next, new Answer.RevisionUnavailable(true, "revision 9 has been compacted"));
    ExecutionException e =
        assertThrows(ExecutionException.class, () -> second.get(10, TimeUnit.SECONDS));
    assertEquals(Status.Code.OUT_OF_RANGE, Status.fromThrowable(e).getCode());
  }

  @Test
  void aWriteBeyondTheQuotaIsRefusedWithTheFigures() throws Exception {
    Future<EmptyMessage> put = stub.putPair(put(utf8("k"), utf8("v")));
    answer(node.next(), new Answer.Exhausted("the store is full: 7 keys"));
    ExecutionException e =
        assertThrows(ExecutionException.class, () -> put.get(10, TimeUnit.SECONDS));
    assertEquals(Status.Code.RESOURCE_EXHAUSTED, Status.fromThrowable(e).getCode());
    assertEquals("the store is full: 7 keys", Status.fromThrowable(e).getDescription());
    Metadata trailers = Objects.requireNonNull(Status.trailersFromThrowable(e));
    assertEquals("not-proposed", trailers.get(UnaryCall.OUTCOME));
  }

  @Test
  void aCountReadsNoRows() throws Exception {
    Future<RangeResponse> counted = range(RangeRequest.newBuilder().setCountOnly(true).build());
    ClientRequest request = node.next();
    Range range = assertInstanceOf(Operation.Scan.class, request.operation()).range();
    assertEquals(Range.ofPrefix(Bytes.EMPTY, OptionalLong.empty(), Range.Limits.COUNT), range);
    answer(request, new Answer.Rows(new RangeRead(List.of(), 9, 77, Optional.empty()), Slot.of(4)));
    assertEquals(77, counted.get(10, TimeUnit.SECONDS).getCount());
  }

  private void answer(ClientRequest request, Answer answer) {
    PlayedNode.answer(request, answer);
    outboxes.flush();
  }

  private static StatusRuntimeException failure(Future<?> call) {
    ExecutionException e =
        assertThrows(ExecutionException.class, () -> call.get(10, TimeUnit.SECONDS));
    return assertInstanceOf(StatusRuntimeException.class, e.getCause());
  }

  private static void assertRefused(Status.Code code, String reason, Future<?> call) {
    StatusRuntimeException e = failure(call);
    assertEquals(code, e.getStatus().getCode(), e.getStatus().toString());
    assertTrue(
        String.valueOf(e.getStatus().getDescription()).contains(reason), e.getStatus().toString());
    assertEquals("not-proposed", outcome(e));
  }

  private static String outcome(StatusRuntimeException e) {
    Metadata trailers = e.getTrailers();
    return trailers == null ? "no trailers" : String.valueOf(trailers.get(UnaryCall.OUTCOME));
  }

  // ---- what is asked, and what is answered ------------------------------------------------------

  @Test
  void putReachesTheNodeAndReturnsWhenAnswered() throws Exception {
    Future<EmptyMessage> call = stub.putPair(put(utf8("k"), utf8("v")));
    ClientRequest request = node.next();

    assertEquals(new Operation.Put(Bytes.utf8("k"), Bytes.utf8("v")), request.operation());
    assertFalse(call.isDone());
    PlayedNode.answer(request, WRITTEN);
    assertFalse(call.isDone());
    outboxes.flush();
    assertEquals(EmptyMessage.getDefaultInstance(), call.get());
  }

  @Test
  void deleteReachesTheNodeAndReturnsWhenAnswered() throws Exception {
    Future<EmptyMessage> call =
        stub.deletePair(DeleteRequest.newBuilder().setKey(utf8("k")).build());
    ClientRequest request = node.next();

    assertEquals(new Operation.Delete(Bytes.utf8("k")), request.operation());
    answer(request, WRITTEN);
    assertEquals(EmptyMessage.getDefaultInstance(), call.get());
  }

  @Test
  void getReturnsTheValueByteForByte() throws Exception {
    byte[] notUtf8 = {(byte) 0xff, 0, (byte) 0xc3};
    Future<GetResponse> call = stub.getValue(get("k"));
    ClientRequest request = node.next();

    assertEquals(new Operation.Get(Bytes.utf8("k"), ReadMode.LINEARIZABLE), request.operation());
    answer(
        request,
        new Answer.Found(Bytes.wrap(new byte[] {1, notUtf8[0], 0, notUtf8[2]}, 1, 3), Slot.of(9)));
    assertEquals(ByteString.copyFrom(notUtf8), call.get().getValue());
  }

  @Test
  void getOfAnAbsentKeyIsNotFound() throws Exception {
    Future<GetResponse> call = stub.getValue(get("k"));

    answer(node.next(), new Answer.NotFound(Slot.of(9)));
    StatusRuntimeException e = failure(call);
    assertEquals(Status.Code.NOT_FOUND, e.getStatus().getCode());
  }

  @ParameterizedTest
  @CsvSource({"true, unknown", "false, not-proposed"})
  void unavailableSaysWhetherItMayStillTakeEffect(boolean unknown, String outcome)
      throws Exception {
    Future<EmptyMessage> call = stub.putPair(put(utf8("k"), utf8("v")));

    answer(node.next(), new Answer.Unavailable(unknown, "no quorum"));
    StatusRuntimeException e = failure(call);
    assertEquals("UNAVAILABLE: no quorum", e.getMessage());
    assertEquals(outcome, outcome(e));
  }

  @Test
  void answersOfATurnLeaveTogether() throws Exception {
    List<ListenableFuture<EmptyMessage>> calls =
        List.of(stub.putPair(put(utf8("a"), utf8("1"))), stub.putPair(put(utf8("b"), utf8("2"))));

    PlayedNode.answer(node.next(), WRITTEN);
    PlayedNode.answer(node.next(), new Answer.Unavailable(true, "why"));
    outboxes.flush();
    assertEquals(EmptyMessage.getDefaultInstance(), calls.get(0).get());
    assertEquals("unknown", outcome(failure(calls.get(1))));
  }

  @Test
  void aCallerThatIsGoneHarmsNobody() throws Exception {
    ListenableFuture<EmptyMessage> gone = stub.putPair(put(utf8("a"), utf8("1")));
    ListenableFuture<EmptyMessage> waits = stub.putPair(put(utf8("b"), utf8("2")));

    gone.cancel(true);
    PlayedNode.answer(node.next(), WRITTEN);
    PlayedNode.answer(node.next(), WRITTEN);
    outboxes.flush();
    assertEquals(EmptyMessage.getDefaultInstance(), waits.get());
    assertEquals(0, intake.bytesUnderWay());
  }

  // ---- read mode --------------------------------------------------------------------------------

  private Future<GetResponse> getWithMode(String mode, AtomicReference<Metadata> headers) {
    Metadata asked = new Metadata();
    asked.put(KeyValueService.READ, mode);
    return stub.withInterceptors(
            MetadataUtils.newAttachHeadersInterceptor(asked),
            MetadataUtils.newCaptureMetadataInterceptor(headers, new AtomicReference<>()))
        .getValue(get("k"));
  }

  @Test
  void aLocalReadSaysHowFarTheServerHasApplied() throws Exception {
    AtomicReference<Metadata> headers = new AtomicReference<>(new Metadata());
    Future<GetResponse> call = getWithMode("local", headers);
    ClientRequest request = node.next();

    assertEquals(new Operation.Get(Bytes.utf8("k"), ReadMode.LOCAL), request.operation());
    answer(request, new Answer.Found(Bytes.utf8("v"), Slot.of(42)));
    assertEquals(utf8("v"), call.get().getValue());
    assertEquals("42", Objects.requireNonNull(headers.get()).get(UnaryCall.APPLIED));
  }

  @Test
  void aLocalReadOfAnAbsentKeySaysItToo() throws Exception {
    AtomicReference<Metadata> headers = new AtomicReference<>(new Metadata());
    Future<GetResponse> call = getWithMode("local", headers);

    answer(node.next(), new Answer.NotFound(Slot.of(42)));
    assertEquals(Status.Code.NOT_FOUND, failure(call).getStatus().getCode());
    assertEquals("42", Objects.requireNonNull(headers.get()).get(UnaryCall.APPLIED));
  }

  @Test
  void aLinearizableReadDoesNot() throws Exception {
    AtomicReference<Metadata> headers = new AtomicReference<>(new Metadata());
    Future<GetResponse> call = getWithMode("linearizable", headers);

    answer(node.next(), new Answer.Found(Bytes.utf8("v"), Slot.of(42)));
    assertEquals(utf8("v"), call.get().getValue());
    assertNull(Objects.requireNonNull(headers.get()).get(UnaryCall.APPLIED));
  }

  @Test
  void aReadUnderALeaseDoesNotEither() throws Exception {
    AtomicReference<Metadata> headers = new AtomicReference<>(new Metadata());
    Future<GetResponse> call = getWithMode("lease", headers);
    ClientRequest request = node.next();

    assertEquals(new Operation.Get(Bytes.utf8("k"), ReadMode.LEASE), request.operation());
    answer(request, new Answer.Found(Bytes.utf8("v"), Slot.of(42)));
    assertEquals(utf8("v"), call.get().getValue());
    assertNull(Objects.requireNonNull(headers.get()).get(UnaryCall.APPLIED));
  }

  @Test
  void anUnknownReadModeIsRefused() {
    assertRefused(
        Status.Code.INVALID_ARGUMENT,
        "synod-read 'fresh': it is linearizable, lease or local",
        getWithMode("fresh", new AtomicReference<>()));
  }

  // ---- patience ---------------------------------------------------------------------------------

  private Future<EmptyMessage> putWithPatience(String text) {
    Metadata headers = new Metadata();
    headers.put(KeyValueService.PATIENCE, text);
    return stub.withInterceptors(MetadataUtils.newAttachHeadersInterceptor(headers))
        .putPair(put(utf8("k"), utf8("v")));
  }

  @Test
  void aWriteWaitsForACoordinatorAsLongAsItsCallerSays() throws Exception {
    Future<EmptyMessage> hasty = putWithPatience("1500");
    ClientRequest request = node.next();
    assertEquals(NOW_NANOS + 1_500_000_000, request.patienceNanos());
    assertTrue(request.deadlineNanos() > request.patienceNanos());
    Future<EmptyMessage> patient = putWithPatience("999999999");
    request = node.next();
    assertEquals(request.deadlineNanos(), request.patienceNanos());
    assertFalse(hasty.isDone() || patient.isDone());
  }

  @Test
  void aPatienceThatIsNoNumberIsRefused() {
    for (String text : List.of("", "-1", "1s", "1000000000", "0x10")) {
      assertRefused(
          Status.Code.INVALID_ARGUMENT,
          "synod-patience '" + text + "': it is a number of milliseconds, as 500",
          putWithPatience(text));
    }
    assertEquals(0, node.waiting());
  }

  // ---- limits -----------------------------------------------------------------------------------

  private static ByteString zeros(int size) {
    return ByteString.copyFrom(new byte[size]);
  }

  @Test
  void keysAndValuesBeyondTheLimitsAreRefusedWithLimitAndSize() {
    Status.Code invalid = Status.Code.INVALID_ARGUMENT;

    assertRefused(invalid, "the key is empty", stub.putPair(put(ByteString.EMPTY, utf8("v"))));
    assertRefused(invalid, "the key is empty", stub.getValue(get("")));
    assertRefused(invalid, "the key is empty", stub.deletePair(DeleteRequest.getDefaultInstance()));
    assertRefused(
        invalid,
        "a key of 65537 bytes: the limit is 65536 bytes",
        stub.putPair(put(zeros(65_537), utf8("v"))));
    assertRefused(
        invalid,
        "a value of 1048577 bytes: the limit is 1048576 bytes",
        stub.putPair(put(utf8("k"), zeros(1_048_577))));
    assertEquals(5, rejected.sum(), "each is counted");
    assertEquals(0, node.waiting());
    assertEquals(0, intake.bytesUnderWay());
  }

  @Test
  void keysAndValuesAtTheLimitsAreTaken() throws Exception {
    Future<EmptyMessage> call = stub.putPair(put(zeros(65_536), zeros(1_048_576)));

    answer(node.next(), WRITTEN);
    assertEquals(EmptyMessage.getDefaultInstance(), call.get());
  }

  @Test
  void aFullQueueRefusesAtOnce() {
    node.setCapacity(0);

    assertRefused(
        Status.Code.RESOURCE_EXHAUSTED,
        "the queue is full (16 calls)",
        stub.putPair(put(utf8("k"), utf8("v"))));
    assertEquals(0, intake.bytesUnderWay());
  }

  @Test
  void writesBeyondTheRoomAreRefusedUntilSomeAreAnswered() throws Exception {
    List<Future<EmptyMessage>> calls = new ArrayList<>();
    for (int i = 0; i < 4; i++) {
      calls.add(stub.putPair(put(utf8("k"), zeros((1 << 20) - 1))));
    }

    assertRefused(
        Status.Code.RESOURCE_EXHAUSTED,
        "calls of 4194304 bytes are under way",
        stub.putPair(put(utf8("k"), utf8("v"))));
    answer(node.next(), WRITTEN);
    calls.add(stub.putPair(put(utf8("k"), utf8("v"))));
    assertEquals(4, node.waiting());
    assertEquals(EmptyMessage.getDefaultInstance(), calls.get(0).get());
    assertFalse(calls.get(4).isDone());
  }

  @Test
  void aServerThatStopsRefusesNewCallsAndAnswersThoseUnderWay() throws Exception {
    Future<EmptyMessage> before = stub.putPair(put(utf8("k"), utf8("v")));

    service.refuseNewCalls();
    assertRefused(
        Status.Code.UNAVAILABLE, "this server stops", stub.putPair(put(utf8("k"), utf8("v"))));
    answer(node.next(), WRITTEN);
    assertEquals(EmptyMessage.getDefaultInstance(), before.get());
  }

  // ---- deadlines --------------------------------------------------------------------------------

  @Test
  void aCallWithoutADeadlineGetsTheDefault() throws Exception {
    Future<EmptyMessage> call = stub.putPair(put(utf8("k"), utf8("v")));

    assertEquals(NOW_NANOS + 10_000_000_000L, node.next().deadlineNanos());
    assertFalse(call.isDone());
  }

  @ParameterizedTest
  @CsvSource({"600000, 100", "500, 50"})
  void theAnswerIsDueShortlyBeforeTheCallersDeadline(long deadlineMillis, long marginMillis)
      throws Exception {
    long began = System.nanoTime();
    Future<EmptyMessage> call =
        stub.withDeadlineAfter(deadlineMillis, TimeUnit.MILLISECONDS)
            .putPair(put(utf8("k"), utf8("v")));
    long dueNanos = node.next().deadlineNanos() - NOW_NANOS;
    // A deadline travels in a header, of whole milliseconds at worst.
    long passedNanos = System.nanoTime() - began + 1_000_000;

    assertFalse(call.isDone());
    long latest = TimeUnit.MILLISECONDS.toNanos(deadlineMillis - marginMillis);
    assertTrue(dueNanos <= latest, () -> dueNanos + " > " + latest);
    assertTrue(
        dueNanos >= latest - passedNanos, () -> dueNanos + " < " + latest + " - " + passedNanos);
  }

  // ---- clients of the older contract ------------------------------------------------------------

  /** Messages of a contract that declares keys and values as strings. */
  private static FileDescriptor olderContract() throws DescriptorValidationException {
    FileDescriptorProto.Builder file =
        FileDescriptorProto.newBuilder()
            .setName("older.proto")
            .setPackage("keyvaluestore")
            .setSyntax("proto3");
    file.addMessageType(older("GetRequest", "key")).addMessageType(older("GetResponse", "value"));
    file.addMessageType(older("PutRequest", "key", "value")).addMessageType(older("EmptyMessage"));
    return FileDescriptor.buildFrom(file.build(), new FileDescriptor[0]);
  }

  private static DescriptorProto older(String message, String... fields) {
    DescriptorProto.Builder builder = DescriptorProto.newBuilder().setName(message);
    for (int i = 0; i < fields.length; i++) {
      builder.addField(
          FieldDescriptorProto.newBuilder()
              .setName(fields[i])
              .setNumber(i + 1)
              .setType(FieldDescriptorProto.Type.TYPE_STRING)
              .setLabel(FieldDescriptorProto.Label.LABEL_OPTIONAL));
    }
    return builder.build();
  }

  private ListenableFuture<DynamicMessage> callAsOlder(
      String method, DynamicMessage request, Descriptor response) {
    MethodDescriptor<DynamicMessage, DynamicMessage> descriptor =
        MethodDescriptor.<DynamicMessage, DynamicMessage>newBuilder()
            .setType(MethodDescriptor.MethodType.UNARY)
            .setFullMethodName("keyvaluestore.KeyValueStore/" + method)
            .setRequestMarshaller(
                ProtoUtils.marshaller(
                    DynamicMessage.getDefaultInstance(request.getDescriptorForType())))
            .setResponseMarshaller(
                ProtoUtils.marshaller(DynamicMessage.getDefaultInstance(response)))
            .build();
    return ClientCalls.futureUnaryCall(channel.newCall(descriptor, CallOptions.DEFAULT), request);
  }

  @Test
  void clientsThatDeclareStringsWorkUnchanged() throws Exception {
    FileDescriptor older = olderContract();
    Descriptor putRequest = older.findMessageTypeByName("PutRequest");
    Descriptor getRequest = older.findMessageTypeByName("GetRequest");
    Descriptor getResponse = older.findMessageTypeByName("GetResponse");
    String text = "gr\u00fc\u00dfe \u2603";

    ListenableFuture<DynamicMessage> put =
        callAsOlder(
            "PutPair",
            DynamicMessage.newBuilder(putRequest)
                .setField(putRequest.findFieldByName("key"), text)
                .setField(putRequest.findFieldByName("value"), text)
                .build(),
            older.findMessageTypeByName("EmptyMessage"));
    ClientRequest request = node.next();
    assertEquals(new Operation.Put(Bytes.utf8(text), Bytes.utf8(text)), request.operation());
    answer(request, WRITTEN);
    put.get();

    ListenableFuture<DynamicMessage> get =
        callAsOlder(
            "GetValue",
            DynamicMessage.newBuilder(getRequest)
                .setField(getRequest.findFieldByName("key"), text)
                .build(),
            getResponse);
    answer(node.next(), new Answer.Found(Bytes.utf8(text), Slot.of(1)));
    assertEquals(text, get.get().getField(getResponse.findFieldByName("value")));
  }
}
