package io.synod.server;

import io.grpc.Metadata;
import io.grpc.ServerCall;
import io.grpc.Status;
import io.synod.node.ClientRequest.ReadMode;
import io.synod.proto.StreamRequest;
import io.synod.proto.StreamRequests;
import io.synod.proto.StreamResponse;
import io.synod.proto.StreamResponses;
import io.synod.server.ClientCall.Place;
import io.synod.server.RequestCheck.Times;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * A call with many operations. The answers of a turn leave in one message. While so many operations
 * are unanswered, or the caller does not read its answers, no more requests are read, so that what
 * it sends waits on its side. Its connection's network thread only.
 */
final class ClientStream extends ServerCall.Listener<StreamRequests> {
  /** So many operations are unanswered at most, and those of one message. */
  static final int WINDOW = 1_024;

  /** A message that brings more is refused, and ends the call. */
  static final int MOST_REQUESTS = 4_096;

  /** What a response takes beside its value. */
  static final int RESPONSE_BYTES = 64;

  /** A message of answers has at most about so many bytes of values. */
  private static final int MESSAGE_BYTES = 256 << 10;

  private final ServerCall<StreamRequests, StreamResponses> call;
  private final CallIntake intake;
  private final Place place;

  /** Told when it has ended. */
  private final Consumer<ClientStream> onEnd;

  /** Answered, and not handed to gRPC: in order. */
  private final List<StreamResponse> answers = new ArrayList<>();

  /** Those whose answers have not left, as far as is known, and so hold the room for them. */
  private final List<StreamedCall> answered = new ArrayList<>();

  private final Set<StreamedCall> unanswered = new HashSet<>();

  /** Whether one more message was asked of gRPC and has not come. */
  private boolean reading;

  private boolean halfClosed;
  private boolean stopping;
  private boolean stoppingTold;
  private boolean gone;
  private boolean flushing;
  private boolean flushesSoon;

  ClientStream(
      ServerCall<StreamRequests, StreamResponses> call,
      CallIntake intake,
      Place place,
      Consumer<ClientStream> onEnd) {
    this.call = call;
    this.intake = intake;
    this.place = place;
    this.onEnd = onEnd;
  }

  /** Begins to read. */
  void start() {
    call.sendHeaders(new Metadata());
    readOn();
  }

  boolean isGone() {
    return gone;
  }

  // ---- requests
  // ------------------------------------------------------------------------------------------------------

  @Override
  public void onMessage(StreamRequests message) {
    reading = false;
    if (message.getRequestCount() > MOST_REQUESTS) {
      refuseLargeMessage(message.getRequestCount());
      return;
    }
    for (int i = 0; i < message.getRequestCount(); i++) {
      onRequest(message.getRequest(i));
    }
    flush();
  }

  private void refuseLargeMessage(int requests) {
    intake
        .check()
        .refuseInvalid(
            (status, unknown) -> UnaryCall.refuse(call, status, /* unknown= */ true),
            "a message of " + requests + " requests: the limit is " + MOST_REQUESTS);
    end();
  }

  private void onRequest(StreamRequest request) {
    long id = request.getId();
    ReadMode mode = readMode(request);
    Terms terms =
        terms(
            (status, unknown) -> answers.add(StreamedCall.failure(id, status, unknown)),
            request,
            mode);
    if (terms != null) {
      boolean local = mode == ReadMode.LOCAL;
      StreamedCall operation = new StreamedCall(this, id, local, place, terms);
      unanswered.add(operation);
      boolean unused = intake.submit(operation);
    }
  }

  /** Null if it is refused. */
  private @Nullable Terms terms(Caller caller, StreamRequest request, ReadMode mode) {
    long millis = Integer.toUnsignedLong(request.getDeadlineMillis());
    long answerBy =
        intake.answerByNanos(millis == 0 ? null : TimeUnit.MILLISECONDS.toNanos(millis));
    long patience = Integer.toUnsignedLong(request.getPatienceMillis());
    Times times = patience == 0 ? new Times(answerBy, answerBy) : intake.times(answerBy, patience);
    RequestCheck check = intake.check();
    return switch (request.getOperationCase()) {
      case GET -> check.get(caller, request.getGet(), mode, times);
      case PUT -> check.put(caller, request.getPut(), times);
      case DELETE -> check.delete(caller, request.getDelete(), times);
      case OPERATION_NOT_SET -> {
        check.refuseInvalid(caller, "no operation that this server knows: get, put or delete");
        yield null;
      }
    };
  }

  private ReadMode readMode(StreamRequest request) {
    if (!request.hasRead()) {
      return intake.readMode();
    }
    return switch (request.getRead()) {
      case LINEARIZABLE, UNRECOGNIZED -> ReadMode.LINEARIZABLE;
      case LEASE -> ReadMode.LEASE;
      case LOCAL -> ReadMode.LOCAL;
    };
  }

  /** The requests are wanted that come next, unless there is enough to do. */
  private void readOn() {
    boolean isRead = answers.isEmpty() && answered.isEmpty();
    if (!reading && !halfClosed && !gone && unanswered.size() < WINDOW && isRead) {
      reading = true;
      call.request(1);
    }
  }

  @Override
  public void onHalfClose() {
    halfClosed = true;
    flush();
  }

  // ---- answers
  // -------------------------------------------------------------------------------------------------------

  /** An operation has its answer, which leaves with the next {@link #flush}. */
  void onAnswered(StreamedCall operation, StreamResponse response) {
    unanswered.remove(operation);
    if (gone) {
      operation.giveBackAnswerRoom();
      return;
    }
    answers.add(response);
    answered.add(operation);
  }

  /** As {@link #flush}, together with what else comes of what is being done now. */
  void flushSoon() {
    if (!flushesSoon) {
      flushesSoon = true;
      place
          .outbox()
          .run(
              () -> {
                flushesSoon = false;
                flush();
              });
    }
  }

  /** Sends the answers that there are, as far as the caller reads them; ends what is over. */
  void flush() {
    if (flushing || gone) {
      // Room that is given back below lets others be answered, here too.
      return;
    }
    flushing = true;
    try {
      while (!(answers.isEmpty() && answered.isEmpty()) && call.isReady()) {
        if (answers.isEmpty()) {
          letGo();
        } else {
          sendSome();
        }
      }
      if (stopping && !stoppingTold && answers.isEmpty()) {
        stoppingTold = true;
        call.sendMessage(StreamResponses.newBuilder().setStopping(true).build());
      }
    } finally {
      flushing = false;
    }
    if (halfClosed && unanswered.isEmpty() && answers.isEmpty()) {
      call.close(Status.OK, new Metadata());
      gone = true;
    } else {
      readOn();
    }
  }

  private void sendSome() {
    StreamResponses.Builder message = StreamResponses.newBuilder();
    int bytes = 0;
    int count = 0;
    while (count < answers.size() && bytes < MESSAGE_BYTES) {
      StreamResponse response = answers.get(count);
      bytes += RESPONSE_BYTES + response.getValue().getValue().size();
      message.addResponse(response);
      count++;
    }
    answers.subList(0, count).clear();
    call.sendMessage(message.build());
  }

  /** All was sent, and gRPC holds hardly any of it: it has left. */
  private void letGo() {
    List<StreamedCall> left = List.copyOf(answered);
    answered.clear();
    left.forEach(StreamedCall::giveBackAnswerRoom);
  }

  @Override
  public void onReady() {
    flush();
  }

  /** No more requests are wanted: says so, and refuses what comes nevertheless. */
  void stop() {
    stopping = true;
    flush();
  }

  // ---- its end
  // -------------------------------------------------------------------------------------------------------

  @Override
  public void onCancel() {
    end();
    String tooLarge = TooLarge.takeReason();
    if (tooLarge != null) {
      UnaryCall.refuse(
          call,
          Status.INVALID_ARGUMENT.withDescription(tooLarge + ": " + intake.check().whatIsRight()),
          /* unknown= */ true);
    }
  }

  @Override
  public void onComplete() {
    end();
  }

  /** The caller is gone; what it asked for goes on, and is answered to nobody. */
  private void end() {
    gone = true;
    answers.clear();
    List<StreamedCall> left = new ArrayList<>(answered);
    answered.clear();
    left.addAll(unanswered);
    left.forEach(StreamedCall::onClosed);
    onEnd.accept(this);
  }
}
