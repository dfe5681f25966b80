package io.synod.client;

import io.grpc.Attributes;
import io.grpc.CallOptions;
import io.grpc.ClientCall;
import io.grpc.ClientStreamTracer;
import io.grpc.ConnectivityState;
import io.grpc.ManagedChannel;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.grpc.Status;
import io.synod.proto.StreamFailure;
import io.synod.proto.StreamRequest;
import io.synod.proto.StreamResponse;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/**
 * One call with all its attempts. Attempts follow each other, each on the thread on which the one
 * before it ended.
 *
 * @param <Q> the request
 * @param <R> the response
 */
final class Call<Q, R> {
  private static final long FIRST_PAUSE_NANOS = TimeUnit.MILLISECONDS.toNanos(20);
  private static final long LONGEST_PAUSE_NANOS = TimeUnit.MILLISECONDS.toNanos(500);

  /**
   * How long a server may take to take a connection while others can be asked. One that hangs takes
   * none, though its system does for it.
   */
  private static final long CONNECT_NANOS = TimeUnit.SECONDS.toNanos(1);

  /** For how many milliseconds a server may keep a write for which it has no coordinator. */
  private static final Metadata.Key<String> PATIENCE =
      Metadata.Key.of("synod-patience", Metadata.ASCII_STRING_MARSHALLER);

  /** Up to which slot a server had applied that answered a local read. */
  static final Metadata.Key<String> APPLIED =
      Metadata.Key.of("synod-applied", Metadata.ASCII_STRING_MARSHALLER);

  private static final int MOST_FAILURES_TOLD = 10;

  private final Connections connections;
  private final Wish<Q, R> wish;
  private final Retries retries;
  private final long deadlineNanos;
  private final CompletableFuture<Reply<R>> result = new CompletableFuture<>();
  private final List<String> failures = new ArrayList<>();
  private int place;
  private int triedThisRound;
  private boolean outcomeUnknown;
  private boolean overloaded;
  private @Nullable Throwable lastCause;
  private long pauseNanos = FIRST_PAUSE_NANOS;

  /** Ends the attempt that is under way. */
  private volatile @Nullable Runnable cancel;

  /**
   * What is asked for.
   *
   * @param write whether it has an effect
   * @param streamed how it goes together with others; null: on a call of its own
   */
  record Wish<Q, R>(
      MethodDescriptor<Q, R> method,
      Q request,
      Metadata headers,
      boolean write,
      @Nullable Streamed<R> streamed) {
    Wish(MethodDescriptor<Q, R> method, Q request, Metadata headers, boolean write) {
      this(method, request, headers, write, null);
    }
  }

  /**
   * What came.
   *
   * @param message null for NOT_FOUND
   */
  record Reply<R>(@Nullable R message, ServerAddress server, Metadata headers) {}

  private Call(Connections connections, Wish<Q, R> wish, Retries retries, long deadlineNanos) {
    this.connections = connections;
    this.wish = wish;
    this.retries = retries;
    this.deadlineNanos = deadlineNanos;
    this.place = connections.preferred();
  }

  /** Begins it. Cancelling what is returned cancels the call. */
  static <Q, R> CompletableFuture<Reply<R>> begin(
      Connections connections, Wish<Q, R> wish, ClientSettings settings) {
    long deadlineNanos = System.nanoTime() + settings.deadline().toNanos();
    Call<Q, R> call = new Call<>(connections, wish, settings.retries(), deadlineNanos);
    var unused = call.result.whenComplete((reply, failure) -> call.onCompleted());
    call.attempt();
    return call.result;
  }

  private void onCompleted() {
    Runnable ending = cancel;
    if (result.isCancelled() && ending != null) {
      ending.run();
    }
  }

  // ---- an attempt
  // --------------------------------------------------------------------------------

  private void attempt() {
    if (result.isDone()) {
      return;
    }
    long leftNanos = deadlineNanos - System.nanoTime();
    if (leftNanos <= 0) {
      giveUp();
      return;
    }
    Connections.Connection connection = connections.at(place);
    // What can be repeated leaves time for the servers after this one.
    int serversLeft = connections.size() - triedThisRound;
    long shareNanos = leftNanos / Math.max(1, serversLeft);
    boolean repeatable = !wish.write() || retries == Retries.UNTIL_DEADLINE;
    Share share =
        new Share(
            repeatable ? shareNanos : leftNanos,
            !repeatable && serversLeft > 1 ? TimeUnit.NANOSECONDS.toMillis(shareNanos) : 0,
            // A server that takes no connection must not use up the time of what waits for it.
            serversLeft > 1 ? Math.min(shareNanos, CONNECT_NANOS) : 0);
    Streamed<R> streamed = wish.streamed();
    Optional<OperationStream> stream = streamed == null ? Optional.empty() : connection.stream();
    if (streamed != null && stream.isPresent() && streamed.isSmall()) {
      attemptTogether(connection, stream.get(), streamed, share);
    } else {
      attemptAlone(connection, share);
    }
  }

  /**
   * How much time an attempt has.
   *
   * @param patienceMillis for a write to wait for a coordinator; 0: all of it
   * @param connectNanos for a connection to be there; 0: all of it
   */
  private record Share(long nanos, long patienceMillis, long connectNanos) {}

  private static void after(long nanos, Runnable task) {
    CompletableFuture.delayedExecutor(Math.max(0, nanos), TimeUnit.NANOSECONDS).execute(task);
  }

  // ---- on a call of its own
  // --------------------------------------------------------------------------------------------

  private void attemptAlone(Connections.Connection connection, Share share) {
    Attempt attempt = new Attempt(connection.server());
    CallOptions options =
        CallOptions.DEFAULT
            .withDeadlineAfter(share.nanos(), TimeUnit.NANOSECONDS)
            .withStreamTracerFactory(attempt.departure);
    ManagedChannel channel = connection.channel();
    ClientCall<Q, R> call = channel.newCall(wish.method(), options);
    cancel = () -> call.cancel("the caller cancelled", null);
    Metadata headers = copy(wish.headers());
    if (share.patienceMillis() > 0) {
      headers.put(PATIENCE, Long.toString(share.patienceMillis()));
    }
    call.start(attempt, headers);
    call.request(2);
    call.sendMessage(wish.request());
    call.halfClose();
    if (share.connectNanos() > 0 && channel.getState(false) != ConnectivityState.READY) {
      after(
          share.connectNanos(),
          () -> {
            if (!attempt.departure.mayHaveLeft && !attempt.ended) {
              call.cancel("no connection in time", null);
            }
          });
    }
  }

  private static Metadata copy(Metadata headers) {
    Metadata copy = new Metadata();
    copy.merge(headers);
    return copy;
  }

  /** Listens to an attempt. */
  private final class Attempt extends ClientCall.Listener<R> {
    private final ServerAddress server;
    private final Departure departure = new Departure();
    private Metadata headers = new Metadata();
    private @Nullable R message;
    private volatile boolean ended;

    Attempt(ServerAddress server) {
      this.server = server;
    }

    @Override
    public void onHeaders(Metadata received) {
      headers = received;
    }

    @Override
    public void onMessage(R received) {
      message = received;
    }

    @Override
    public void onClose(Status status, Metadata trailers) {
      ended = true;
      boolean absent = status.getCode() == Status.Code.NOT_FOUND && !wish.write();
      if (absent || (status.isOk() && message != null)) {
        result.complete(new Reply<>(absent ? null : message, server, headers));
      } else if (status.isOk()) {
        onFailure(new Failure(Failure.Kind.UNKNOWN, server + ": an empty answer", null));
      } else {
        onFailure(Failure.of(server, status, trailers, departure.mayHaveLeft));
      }
    }
  }

  /** Whether an attempt's request was ever handed to a connection. */
  private static final class Departure extends ClientStreamTracer.Factory {
    private volatile boolean mayHaveLeft;

    @Override
    public ClientStreamTracer newClientStreamTracer(
        ClientStreamTracer.StreamInfo info, Metadata headers) {
      return new ClientStreamTracer() {
        @Override
        public void streamCreated(Attributes transportAttributes, Metadata sentHeaders) {
          mayHaveLeft = true;
        }
      };
    }
  }

  // ---- together with others
  // --------------------------------------------------------------------------------------------

  private void attemptTogether(
      Connections.Connection connection,
      OperationStream stream,
      Streamed<R> streamed,
      Share share) {
    StreamRequest.Builder request =
        streamed.request().toBuilder()
            .setDeadlineMillis(millis(share.nanos()))
            .setPatienceMillis((int) share.patienceMillis());
    boolean connected = connection.channel().getState(false) == ConnectivityState.READY;
    AtomicReference<OperationStream.@Nullable Operation> begun = new AtomicReference<>();
    cancel =
        () -> {
          OperationStream.Operation mine = begun.get();
          if (mine != null) {
            stream.forget(mine);
          }
        };
    OperationStream.Operation operation =
        stream.begin(
            request, System.nanoTime() + share.nanos(), new StreamedAttempt(connection, streamed));
    begun.set(operation);
    if (result.isDone()) {
      stream.forget(operation);
    }
    if (share.connectNanos() > 0 && !connected) {
      after(
          share.connectNanos(),
          () -> {
            if (stream.withdraw(operation)) {
              String server = connection.server().toString();
              onFailure(
                  new Failure(Failure.Kind.NOT_DONE, server + ": no connection in time", null));
            }
          });
    }
  }

  /** Rounded up, and no less than the least that a server is told. */
  private static int millis(long nanos) {
    long millis = TimeUnit.NANOSECONDS.toMillis(nanos + 999_999);
    return (int) Math.max(1, Math.min(millis, Integer.MAX_VALUE));
  }

  /** Told of an attempt. */
  private final class StreamedAttempt implements OperationStream.Caller {
    private final Connections.Connection connection;
    private final Streamed<R> streamed;

    StreamedAttempt(Connections.Connection connection, Streamed<R> streamed) {
      this.connection = connection;
      this.streamed = streamed;
    }

    @Override
    public void onResponse(StreamResponse response) {
      ServerAddress server = connection.server();
      if (response.hasFailure()) {
        StreamFailure failure = response.getFailure();
        Metadata trailers = new Metadata();
        trailers.put(Failure.OUTCOME, failure.getUnknown() ? "unknown" : "not-proposed");
        Status status =
            Status.fromCodeValue(failure.getCode()).withDescription(failure.getMessage());
        Call.this.onFailure(Failure.of(server, status, trailers, /* mayHaveLeft= */ true));
      } else if (streamed.fits().apply(response)) {
        Metadata headers = new Metadata();
        if (response.hasApplied()) {
          headers.put(APPLIED, Long.toString(response.getApplied()));
        }
        result.complete(new Reply<>(streamed.message().apply(response), server, headers));
      } else {
        Call.this.onFailure(
            new Failure(Failure.Kind.UNKNOWN, server + ": an answer that does not fit", null));
      }
    }

    @Override
    public void onFailure(Status status, Metadata trailers, boolean mayHaveLeft) {
      if (status.getCode() == Status.Code.UNIMPLEMENTED) {
        // It is older than streams, and has not looked at what came.
        connection.onNoStream();
        attempt();
        return;
      }
      Call.this.onFailure(Failure.ofShared(connection.server(), status, trailers, mayHaveLeft));
    }
  }

  // ---- after an attempt that failed
  // --------------------------------------------------------------

  private void onFailure(Failure failure) {
    if (failures.size() < MOST_FAILURES_TOLD && !failures.contains(failure.text())) {
      failures.add(failure.text());
    }
    lastCause = failure.cause();
    switch (failure.kind()) {
      case REFUSED -> result.completeExceptionally(refused(failure));
      case OVERLOADED -> {
        overloaded = true;
        if (retries == Retries.SAFE) {
          giveUp();
        } else {
          moveOn();
        }
      }
      case UNKNOWN -> {
        connections.avoid(place);
        outcomeUnknown |= wish.write();
        if (wish.write() && retries == Retries.SAFE) {
          giveUp();
        } else {
          moveOn();
        }
      }
      case NOT_DONE -> {
        connections.avoid(place);
        moveOn();
      }
    }
  }

  private SynodException refused(Failure failure) {
    // An attempt before this one may have had an effect all the same.
    return outcomeUnknown
        ? new UnknownOutcomeException(String.join("; ", failures), failure.cause())
        : new RefusedException(failure.text(), failure.cause());
  }

  private void moveOn() {
    place++;
    triedThisRound++;
    if (triedThisRound < connections.size()) {
      attempt();
    } else if (retries == Retries.SAFE) {
      giveUp();
    } else {
      triedThisRound = 0;
      long leftNanos = deadlineNanos - System.nanoTime();
      long waitNanos = ThreadLocalRandom.current().nextLong(pauseNanos / 2, pauseNanos);
      pauseNanos = Math.min(LONGEST_PAUSE_NANOS, pauseNanos * 2);
      after(Math.min(waitNanos, leftNanos), this::attempt);
    }
  }

  private void giveUp() {
    String told = String.join("; ", failures);
    if (outcomeUnknown) {
      result.completeExceptionally(
          new UnknownOutcomeException(
              "nobody knows whether it took effect (" + told + ")", lastCause));
    } else if (overloaded) {
      result.completeExceptionally(
          new OverloadedException("not taken (" + told + ")" + effect(), lastCause));
    } else {
      result.completeExceptionally(
          new UnavailableException("no server could answer (" + told + ")" + effect(), lastCause));
    }
  }

  /** What a person who sent a write wants to know. */
  private String effect() {
    return wish.write() ? "; it had no effect" : "";
  }
}
