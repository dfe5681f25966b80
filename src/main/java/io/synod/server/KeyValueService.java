package io.synod.server;

import io.grpc.Context;
import io.grpc.Deadline;
import io.grpc.Metadata;
import io.grpc.ServerCall;
import io.grpc.ServerCallHandler;
import io.grpc.ServerServiceDefinition;
import io.grpc.Status;
import io.synod.node.ClientRequest.ReadMode;
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
import io.synod.server.RequestCheck.Times;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * The calls of clients: the three on keys, each with one message, the one on ranges of them, and
 * {@link StreamHandler the one with many operations}. It checks what came and hands it to the node;
 * the answer is sent by {@link UnaryCall}.
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

  private final CallIntake intake;
  private final RequestCheck check;
  private final StreamHandler streams;

  KeyValueService(CallIntake intake) {
    this.intake = intake;
    this.check = intake.check();
    this.streams = new StreamHandler(intake);
  }

  ServerServiceDefinition definition() {
    return ServerServiceDefinition.builder(KeyValueStoreGrpc.getServiceDescriptor())
        .addMethod(KeyValueStoreGrpc.getGetValueMethod(), new Gets())
        .addMethod(KeyValueStoreGrpc.getPutPairMethod(), new Puts())
        .addMethod(KeyValueStoreGrpc.getDeletePairMethod(), new Deletes())
        .addMethod(KeyValueStoreGrpc.getStreamMethod(), streams)
        .build();
  }

  ServerServiceDefinition rangesDefinition() {
    return ServerServiceDefinition.builder(RangesGrpc.getServiceDescriptor())
        .addMethod(RangesGrpc.getRangeMethod(), new Ranges())
        .build();
  }

  CallIntake intake() {
    return intake;
  }

  /** From now on every new call is refused; those under way go on. Any thread. */
  void refuseNewCalls() {
    intake.refuseNewCalls();
    streams.stop();
  }

  // ---- the calls --------------------------------------------------------------------------------

  private final class Gets extends Handler<GetRequest, GetResponse> {
    @Override
    @Nullable ClientCall onRequest(
        ServerCall<GetRequest, GetResponse> call, GetRequest request, Arrival arrival) {
      ReadMode mode = readMode(arrival);
      Terms terms = mode == null ? null : check.get(arrival, request, mode, arrival.times());
      return terms == null
          ? null
          : submitted(new UnaryCall.Read(call, arrival.place(), mode == ReadMode.LOCAL, terms));
    }
  }

  private final class Ranges extends Handler<RangeRequest, RangeResponse> {
    @Override
    @Nullable ClientCall onRequest(
        ServerCall<RangeRequest, RangeResponse> call, RangeRequest request, Arrival arrival) {
      ReadMode mode = readMode(arrival);
      Terms terms = mode == null ? null : check.range(arrival, request, mode, arrival.times());
      return terms == null
          ? null
          : submitted(new UnaryCall.Scan(call, arrival.place(), mode == ReadMode.LOCAL, terms));
    }
  }

  private final class Puts extends Handler<PutRequest, EmptyMessage> {
    @Override
    @Nullable ClientCall onRequest(
        ServerCall<PutRequest, EmptyMessage> call, PutRequest request, Arrival arrival) {
      Times times = writeTimes(arrival);
      return times == null ? null : write(call, arrival, check.put(arrival, request, times));
    }
  }

  private final class Deletes extends Handler<DeleteRequest, EmptyMessage> {
    @Override
    @Nullable ClientCall onRequest(
        ServerCall<DeleteRequest, EmptyMessage> call, DeleteRequest request, Arrival arrival) {
      Times times = writeTimes(arrival);
      return times == null ? null : write(call, arrival, check.delete(arrival, request, times));
    }
  }

  private @Nullable ClientCall write(
      ServerCall<?, EmptyMessage> call, Arrival arrival, @Nullable Terms terms) {
    return terms == null ? null : submitted(new UnaryCall.Write(call, arrival.place(), terms));
  }

  /** How fresh the read must be; null: it is refused. */
  private @Nullable ReadMode readMode(Arrival arrival) {
    String wanted = arrival.readMode();
    if (wanted == null) {
      return intake.readMode();
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
    check.refuseInvalid(arrival, "synod-read '" + wanted + "': it is linearizable, lease or local");
    return null;
  }

  /**
   * Until when a write may wait for a coordinator: until its deadline, unless a header says less;
   * null: it is refused.
   */
  private @Nullable Times writeTimes(Arrival arrival) {
    String patience = arrival.patience();
    if (patience == null) {
      return arrival.times();
    }
    if (!MILLIS.matcher(patience).matches()) {
      check.refuseInvalid(
          arrival, "synod-patience '" + patience + "': it is a number of milliseconds, as 500");
      return null;
    }
    return intake.times(arrival.answerByNanos(), Long.parseLong(patience));
  }

  /** Hands it over; null if it is refused. */
  private @Nullable ClientCall submitted(ClientCall call) {
    return intake.submit(call) ? call : null;
  }

  // ---- from headers to request ------------------------------------------------------------------

  /**
   * How a call came.
   *
   * @param readMode as its header says
   * @param patience as its header says
   */
  private record Arrival(
      ServerCall<?, ?> call,
      Place place,
      long answerByNanos,
      @Nullable String readMode,
      @Nullable String patience)
      implements Caller {
    @Override
    public void refuse(Status status, boolean unknown) {
      UnaryCall.refuse(call, status, unknown);
    }

    Times times() {
      return new Times(answerByNanos, answerByNanos);
    }
  }

  /** One of the calls. */
  private abstract class Handler<Q, R> implements ServerCallHandler<Q, R> {
    /** Checks it and hands it over; null if it is refused. */
    abstract @Nullable ClientCall onRequest(ServerCall<Q, R> call, Q request, Arrival arrival);

    final void refuseInvalid(Arrival arrival, String why) {
      check.refuseInvalid(arrival, why);
    }

    final String whatIsRight() {
      return check.whatIsRight();
    }

    @Override
    public final ServerCall.Listener<Q> startCall(ServerCall<Q, R> call, Metadata headers) {
      Arrival arrival =
          new Arrival(
              call,
              intake.place(call),
              intake.answerByNanos(leftNanos()),
              headers.get(READ),
              headers.get(PATIENCE));
      // One more than is allowed, so that a second message is noticed.
      call.request(2);
      return new UnaryListener<>(this, call, arrival);
    }
  }

  private static @Nullable Long leftNanos() {
    Deadline deadline = Context.current().getDeadline();
    return deadline == null ? null : deadline.timeRemaining(TimeUnit.NANOSECONDS);
  }

  private static final class UnaryListener<Q, R> extends ServerCall.Listener<Q> {
    private final Handler<Q, R> handler;
    private final ServerCall<Q, R> call;
    private final Arrival arrival;
    private @Nullable Q request;
    private @Nullable ClientCall underWay;
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
        handler.refuseInvalid(arrival, "a second message: each call has one");
      }
      request = message;
    }

    @Override
    public void onComplete() {
      ClientCall answered = underWay;
      if (answered != null) {
        answered.onClosed();
      }
    }

    @Override
    public void onCancel() {
      onComplete();
      String tooLarge = TooLarge.takeReason();
      if (tooLarge != null) {
        handler.refuseInvalid(arrival, tooLarge + ": " + handler.whatIsRight());
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
        handler.refuseInvalid(arrival, "no message: each call has one");
      } else {
        underWay = handler.onRequest(call, whole, arrival);
      }
    }
  }
}
