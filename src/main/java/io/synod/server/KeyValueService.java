package io.synod.server;

import com.google.protobuf.ByteString;
import io.grpc.Attributes;
import io.grpc.Context;
import io.grpc.Deadline;
import io.grpc.Metadata;
import io.grpc.ServerCall;
import io.grpc.ServerCallHandler;
import io.grpc.ServerServiceDefinition;
import io.grpc.ServerTransportFilter;
import io.grpc.Status;
import io.synod.node.ClientRequest.Operation;
import io.synod.node.ClientRequest.ReadMode;
import io.synod.node.Submission;
import io.synod.paxos.Bytes;
import io.synod.proto.DeleteRequest;
import io.synod.proto.EmptyMessage;
import io.synod.proto.GetRequest;
import io.synod.proto.GetResponse;
import io.synod.proto.KeyValueStoreGrpc;
import io.synod.proto.PutRequest;
import io.synod.proto.RangeRequest;
import io.synod.proto.RangeResponse;
import io.synod.proto.RangesGrpc;
import io.synod.server.ClientCall.Place;
import io.synod.server.ClientCall.Terms;
import io.synod.server.Configuration.Limits;
import io.synod.store.Range;
import java.util.OptionalLong;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.LongSupplier;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * The calls of clients: the three on keys, and the one on ranges of them. It checks what came and
 * hands it to the node; the answer is sent by {@link ClientCall}.
 *
 * <p>Everything here runs on network threads and never blocks. The handlers are written against
 * gRPC's calls rather than its stream observers, since each object and each hand-over between
 * threads counts at this place.
 */
final class KeyValueService {
  /** How fresh a read must be: {@code linearizable}, {@code lease} or {@code local}. */
  static final Metadata.Key<String> READ =
      Metadata.Key.of("synod-read", Metadata.ASCII_STRING_MARSHALLER);

  /**
   * For so many milliseconds at most a write waits for a coordinator; then it is refused, while its
   * caller has time left to ask another server. Until its deadline if there is none.
   */
  static final Metadata.Key<String> PATIENCE =
      Metadata.Key.of("synod-patience", Metadata.ASCII_STRING_MARSHALLER);

  private static final Pattern MILLIS = Pattern.compile("[0-9]{1,9}");

  /** Why calls are refused at the end. */
  static final String STOPS = "this server stops";

  private static final Attributes.Key<Backlog> BACKLOG = Attributes.Key.create("backlog");

  private static final long MOST_MARGIN_NANOS = TimeUnit.MILLISECONDS.toNanos(100);

  /** How much a page of a range holds; one row alone may exceed the bytes. */
  private static final int PAGE_ROWS = 1_000;

  private static final int PAGE_BYTES = 256 << 10;

  private final Settings settings;
  private final Requests requests;
  private final Outboxes outboxes;
  private final LongSupplier clockNanos;
  private final LongAdder rejected;
  private final Room room;
  private final Backlog.Shared answers;

  /** Of calls that come on no connection: in tests, which have no network. */
  private final Backlog direct;

  private volatile boolean stopping;

  /**
   * What a service goes by.
   *
   * @param roomBytes how many bytes of keys and values calls may bring that are under way, and as
   *     many their answers
   */
  record Settings(Limits limits, ReadMode readMode, long defaultDeadlineMillis, long roomBytes) {}

  /**
   * @param clockNanos the driver's
   * @param rejected counts the calls that make no sense
   */
  KeyValueService(
      Settings settings,
      Requests requests,
      Outboxes outboxes,
      LongSupplier clockNanos,
      LongAdder rejected) {
    this.rejected = rejected;
    this.settings = settings;
    this.requests = requests;
    this.outboxes = outboxes;
    this.clockNanos = clockNanos;
    this.room = new Room(settings.roomBytes());
    this.answers = new Backlog.Shared(new Room(settings.roomBytes()), requests, clockNanos);
    this.direct = new Backlog(answers);
  }

  ServerServiceDefinition definition() {
    return ServerServiceDefinition.builder(KeyValueStoreGrpc.getServiceDescriptor())
        .addMethod(KeyValueStoreGrpc.getGetValueMethod(), new Gets())
        .addMethod(KeyValueStoreGrpc.getPutPairMethod(), new Puts())
        .addMethod(KeyValueStoreGrpc.getDeletePairMethod(), new Deletes())
        .build();
  }

  ServerServiceDefinition rangesDefinition() {
    return ServerServiceDefinition.builder(RangesGrpc.getServiceDescriptor())
        .addMethod(RangesGrpc.getRangeMethod(), new Ranges())
        .build();
  }

  /** Keeps a {@link Backlog} with each connection; for the server that has the service. */
  ServerTransportFilter connections() {
    return new ServerTransportFilter() {
      @Override
      public Attributes transportReady(Attributes attributes) {
        return attributes.toBuilder().set(BACKLOG, new Backlog(answers)).build();
      }
    };
  }

  /** From now on every new call is refused; those under way go on. Any thread. */
  void refuseNewCalls() {
    stopping = true;
  }

  /** How many bytes of keys and values calls have brought that are under way. */
  long bytesUnderWay() {
    return room.taken();
  }

  /** How many bytes of answers have not left yet. */
  long bytesAnswered() {
    return answers.room().taken();
  }

  // ---- the calls --------------------------------------------------------------------------------

  private final class Gets extends Handler<GetRequest, GetResponse> {
    @Override
    @Nullable ClientCall<?> onRequest(
        ServerCall<GetRequest, GetResponse> call, GetRequest request, Arrival arrival) {
      ReadMode mode = readMode(call, arrival);
      ByteString key = request.getKey();
      if (mode == null || !accepts(call, key) || !takesRoom(call, key.size())) {
        return null;
      }
      Operation get = new Operation.Get(ByteStrings.toBytes(key), mode);
      Terms terms = new Terms(get, key.size(), arrival.answerByNanos());
      return submit(
          call, new ClientCall.Read(call, place(call, arrival), mode == ReadMode.LOCAL, terms));
    }
  }

  private final class Ranges extends Handler<RangeRequest, RangeResponse> {
    @Override
    @Nullable ClientCall<?> onRequest(
        ServerCall<RangeRequest, RangeResponse> call, RangeRequest request, Arrival arrival) {
      ReadMode mode = readMode(call, arrival);
      if (mode == null) {
        return null;
      }
      int longest = settings.limits().keyBytes();
      if (request.getPrefix().size() > longest || request.getFrom().size() > longest) {
        refuse(
            call,
            Status.INVALID_ARGUMENT,
            "a prefix or a key of more than the limit of " + longest + " bytes");
        return null;
      }
      int bytes = request.getPrefix().size() + request.getFrom().size();
      if (!takesRoom(call, bytes)) {
        return null;
      }
      Operation scan = new Operation.Scan(range(request), mode);
      Terms terms = new Terms(scan, bytes, arrival.answerByNanos());
      return submit(
          call, new ClientCall.Scan(call, place(call, arrival), mode == ReadMode.LOCAL, terms));
    }
  }

  private static Range range(RangeRequest request) {
    int rows = request.getLimit() == 0 ? PAGE_ROWS : Math.min(request.getLimit(), PAGE_ROWS);
    Range range =
        Range.ofPrefix(
            ByteStrings.toBytes(request.getPrefix()),
            request.hasRevision() ? OptionalLong.of(request.getRevision()) : OptionalLong.empty(),
            request.getCountOnly()
                ? Range.Limits.COUNT
                : new Range.Limits(rows < 1 ? PAGE_ROWS : rows, PAGE_BYTES));
    Bytes from = ByteStrings.toBytes(request.getFrom());
    return from.compareTo(range.from()) > 0
        ? new Range(from, range.until(), range.revision(), range.limits())
        : range;
  }

  /** How fresh the read must be; null: it is refused. */
  private @Nullable ReadMode readMode(ServerCall<?, ?> call, Arrival arrival) {
    String wanted = arrival.readMode();
    if (wanted == null) {
      return settings.readMode();
    }
    if (wanted.equals("linearizable")) {
      return ReadMode.LINEARIZABLE;
    }
    if (wanted.equals("lease")) {
      return ReadMode.LEASE;
    }
    if (wanted.equals("local")) {
      return ReadMode.LOCAL;
    }
    refuse(
        call,
        Status.INVALID_ARGUMENT,
        "synod-read '" + wanted + "': it is linearizable, lease or local");
    return null;
  }

  private final class Puts extends Handler<PutRequest, EmptyMessage> {
    @Override
    @Nullable ClientCall<?> onRequest(
        ServerCall<PutRequest, EmptyMessage> call, PutRequest request, Arrival arrival) {
      ByteString key = request.getKey();
      ByteString value = request.getValue();
      if (!accepts(call, key)) {
        return null;
      }
      if (value.size() > settings.limits().valueBytes()) {
        refuse(
            call,
            Status.INVALID_ARGUMENT,
            "a value of "
                + value.size()
                + " bytes: the limit is "
                + settings.limits().valueBytes()
                + " bytes");
        return null;
      }
      return write(
          call,
          new Operation.Put(ByteStrings.toBytes(key), ByteStrings.toBytes(value)),
          key.size() + value.size(),
          arrival);
    }
  }

  private final class Deletes extends Handler<DeleteRequest, EmptyMessage> {
    @Override
    @Nullable ClientCall<?> onRequest(
        ServerCall<DeleteRequest, EmptyMessage> call, DeleteRequest request, Arrival arrival) {
      ByteString key = request.getKey();
      return accepts(call, key)
          ? write(call, new Operation.Delete(ByteStrings.toBytes(key)), key.size(), arrival)
          : null;
    }
  }

  private @Nullable ClientCall<?> write(
      ServerCall<?, EmptyMessage> call, Operation operation, int bytes, Arrival arrival) {
    String patience = arrival.patience();
    if (patience != null && !MILLIS.matcher(patience).matches()) {
      String why = "synod-patience '" + patience + "': it is a number of milliseconds, as 500";
      refuse(call, Status.INVALID_ARGUMENT, why);
      return null;
    }
    if (!takesRoom(call, bytes)) {
      return null;
    }
    Terms terms = new Terms(operation, bytes, arrival.answerByNanos(), patienceNanos(arrival));
    return submit(call, new ClientCall.Write(call, place(call, arrival), terms));
  }

  /**
   * Until when a write may wait for a coordinator: until its deadline, unless a header says less.
   */
  private long patienceNanos(Arrival arrival) {
    String patience = arrival.patience();
    if (patience == null) {
      return arrival.answerByNanos();
    }
    long nanos = TimeUnit.MILLISECONDS.toNanos(Long.parseLong(patience));
    long until = clockNanos.getAsLong() + nanos;
    return until - arrival.answerByNanos() < 0 ? until : arrival.answerByNanos();
  }

  private boolean takesRoom(ServerCall<?, ?> call, int bytes) {
    if (room.take(bytes)) {
      return true;
    }
    refuse(
        call,
        Status.RESOURCE_EXHAUSTED,
        "calls of " + room.bytes() + " bytes are under way, which is the limit: try again later");
    return false;
  }

  private Place place(ServerCall<?, ?> call, Arrival arrival) {
    Backlog backlog = call.getAttributes().get(BACKLOG);
    return new Place(arrival.outbox(), room, backlog == null ? direct : backlog);
  }

  /** Hands it over; null if it is refused. */
  private @Nullable ClientCall<?> submit(ServerCall<?, ?> call, ClientCall<?> request) {
    Submission submission = stopping ? Submission.STOPPED : requests.submit(request);
    switch (submission) {
      case TAKEN -> {
        return request;
      }
      case STOPPED -> refuse(call, Status.UNAVAILABLE, STOPS);
      case QUEUE_FULL ->
          refuse(
              call,
              Status.RESOURCE_EXHAUSTED,
              "the queue is full ("
                  + settings.limits().queueRequests()
                  + " calls): try again later");
    }
    request.end();
    return null;
  }

  private boolean accepts(ServerCall<?, ?> call, ByteString key) {
    int limit = settings.limits().keyBytes();
    if (key.isEmpty()) {
      refuse(call, Status.INVALID_ARGUMENT, "the key is empty: it has 1 to " + limit + " bytes");
      return false;
    }
    if (key.size() > limit) {
      refuse(
          call,
          Status.INVALID_ARGUMENT,
          "a key of " + key.size() + " bytes: the limit is " + limit + " bytes");
      return false;
    }
    return true;
  }

  private void refuse(ServerCall<?, ?> call, Status status, String why) {
    if (status.getCode() == Status.Code.INVALID_ARGUMENT) {
      rejected.increment();
    }
    ClientCall.refuse(call, status.withDescription(why), /* unknown= */ false);
  }

  // ---- from headers to request ------------------------------------------------------------------

  /**
   * How a call came.
   *
   * @param readMode as its header says
   * @param patience as its header says
   */
  private record Arrival(
      Outbox outbox, long answerByNanos, @Nullable String readMode, @Nullable String patience) {}

  /** One of the calls. */
  private abstract class Handler<Q, R> implements ServerCallHandler<Q, R> {
    /** Checks it and hands it over; null if it is refused. */
    abstract @Nullable ClientCall<?> onRequest(ServerCall<Q, R> call, Q request, Arrival arrival);

    final void refuseInvalid(ServerCall<Q, R> call, String why) {
      refuse(call, Status.INVALID_ARGUMENT, why);
    }

    final String whatIsRight() {
      return "a key has 1 to "
          + settings.limits().keyBytes()
          + " bytes, a value up to "
          + settings.limits().valueBytes();
    }

    @Override
    public final ServerCall.Listener<Q> startCall(ServerCall<Q, R> call, Metadata headers) {
      Arrival arrival =
          new Arrival(outboxes.here(), answerByNanos(), headers.get(READ), headers.get(PATIENCE));
      // One more than is allowed, so that a second message is noticed.
      call.request(2);
      return new UnaryListener<>(this, call, arrival);
    }
  }

  private static final class UnaryListener<Q, R> extends ServerCall.Listener<Q> {
    private final Handler<Q, R> handler;
    private final ServerCall<Q, R> call;
    private final Arrival arrival;
    private @Nullable Q request;
    private @Nullable ClientCall<?> underWay;
    private boolean refused;

    UnaryListener(Handler<Q, R> handler, ServerCall<Q, R> call, Arrival arrival) {
      this.handler = handler;
      this.call = call;
      this.arrival = arrival;
    }

    @Override
    public void onMessage(Q message) {
      if (request != null && !refused) {
        refused = true;
        handler.refuseInvalid(call, "a second message: each call has one");
      }
      request = message;
    }

    @Override
    public void onComplete() {
      ClientCall<?> answered = underWay;
      if (answered != null) {
        answered.onClosed();
      }
    }

    @Override
    public void onCancel() {
      onComplete();
      String tooLarge = TooLarge.takeReason();
      if (tooLarge != null) {
        handler.refuseInvalid(call, tooLarge + ": " + handler.whatIsRight());
      }
    }

    @Override
    public void onHalfClose() {
      if (refused) {
        return;
      }
      Q whole = request;
      request = null;
      if (whole == null) {
        handler.refuseInvalid(call, "no message: each call has one");
      } else {
        underWay = handler.onRequest(call, whole, arrival);
      }
    }
  }

  /** When to answer at the latest: a little before the caller gives up, so that it learns why. */
  private long answerByNanos() {
    Deadline deadline = Context.current().getDeadline();
    long now = clockNanos.getAsLong();
    if (deadline == null) {
      return now + TimeUnit.MILLISECONDS.toNanos(settings.defaultDeadlineMillis());
    }
    long left = deadline.timeRemaining(TimeUnit.NANOSECONDS);
    return now + left - Math.min(Math.max(left, 0) / 10, MOST_MARGIN_NANOS);
  }
}
