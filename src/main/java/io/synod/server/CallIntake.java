package io.synod.server;

import io.grpc.Attributes;
import io.grpc.ServerCall;
import io.grpc.ServerTransportFilter;
import io.grpc.Status;
import io.synod.node.ClientRequest.ReadMode;
import io.synod.node.Submission;
import io.synod.server.ClientCall.Place;
import io.synod.server.Configuration.Limits;
import io.synod.server.RequestCheck.Times;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * What all calls of clients go through on their way to the node: the checks, the room for what they
 * bring and for what they are answered, the queue. Network threads, but for what says otherwise.
 */
final class CallIntake {
  /** Why calls are refused at the end. */
  static final String STOPS = "this server stops";

  private static final Attributes.Key<Backlog> BACKLOG = Attributes.Key.create("backlog");

  private static final long MOST_MARGIN_NANOS = TimeUnit.MILLISECONDS.toNanos(100);

  private final Settings settings;
  private final Requests requests;
  private final Outboxes outboxes;
  private final LongSupplier clockNanos;
  private final RequestCheck check;
  private final Room room;
  private final Backlog.Shared answers;

  /** Of calls that come on no connection: in tests, which have no network. */
  private final Backlog direct;

  private volatile boolean stopping;

  /**
   * What calls go by.
   *
   * @param roomBytes how many bytes of keys and values calls may bring that are under way, and as
   *     many their answers
   */
  record Settings(Limits limits, ReadMode readMode, long defaultDeadlineMillis, long roomBytes) {}

  /**
   * @param clockNanos the driver's
   * @param rejected counts the calls that make no sense
   */
  CallIntake(
      Settings settings,
      Requests requests,
      Outboxes outboxes,
      LongSupplier clockNanos,
      LongAdder rejected) {
    this.settings = settings;
    this.requests = requests;
    this.outboxes = outboxes;
    this.clockNanos = clockNanos;
    this.room = new Room(settings.roomBytes());
    this.check = new RequestCheck(settings.limits(), room, rejected);
    this.answers = new Backlog.Shared(new Room(settings.roomBytes()), requests, clockNanos);
    this.direct = new Backlog(answers);
  }

  RequestCheck check() {
    return check;
  }

  /** Of reads that do not say how fresh they must be. */
  ReadMode readMode() {
    return settings.readMode();
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

  /** Where a call belongs that comes on this thread. */
  Place place(ServerCall<?, ?> call) {
    Backlog backlog = call.getAttributes().get(BACKLOG);
    return new Place(outboxes.here(), room, backlog == null ? direct : backlog);
  }

  /**
   * When to answer at the latest: a little before the caller gives up, so that it learns why.
   *
   * @param leftNanos until the caller gives up; null: as is usual here
   */
  long answerByNanos(@Nullable Long leftNanos) {
    long now = clockNanos.getAsLong();
    if (leftNanos == null) {
      return now + TimeUnit.MILLISECONDS.toNanos(settings.defaultDeadlineMillis());
    }
    return now + leftNanos - Math.min(Math.max(leftNanos, 0) / 10, MOST_MARGIN_NANOS);
  }

  /** Of a write that waits for a coordinator no longer than that, and than its deadline. */
  Times times(long answerByNanos, long patienceMillis) {
    long until = clockNanos.getAsLong() + TimeUnit.MILLISECONDS.toNanos(patienceMillis);
    return new Times(answerByNanos, until - answerByNanos < 0 ? until : answerByNanos);
  }

  /** Hands a call over, or refuses it; returns whether it is asked. */
  boolean submit(ClientCall call) {
    Submission submission = stopping ? Submission.STOPPED : requests.submit(call);
    switch (submission) {
      case TAKEN -> {
        return true;
      }
      case STOPPED -> call.refuse(Status.UNAVAILABLE.withDescription(STOPS));
      case QUEUE_FULL ->
          call.refuse(
              Status.RESOURCE_EXHAUSTED.withDescription(
                  "the queue is full ("
                      + settings.limits().queueRequests()
                      + " calls): try again later"));
    }
    call.end();
    return false;
  }

  // ---- any thread
  // --------------------------------------------------------------------------------------------------

  /** From now on every new call is refused; those under way go on. */
  void refuseNewCalls() {
    stopping = true;
  }

  boolean isStopping() {
    return stopping;
  }

  /** How many bytes of keys and values calls have brought that are under way. */
  long bytesUnderWay() {
    return room.taken();
  }

  /** How many bytes of answers have not left yet. */
  long bytesAnswered() {
    return answers.room().taken();
  }
}
