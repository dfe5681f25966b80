package io.synod.client;

import io.grpc.CallOptions;
import io.grpc.ClientCall;
import io.grpc.ManagedChannel;
import io.grpc.Metadata;
import io.grpc.Status;
import io.synod.proto.KeyValueStoreGrpc;
import io.synod.proto.StreamRequest;
import io.synod.proto.StreamRequests;
import io.synod.proto.StreamResponse;
import io.synod.proto.StreamResponses;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * The operations of all callers to one server, on one call. What is begun while {@link
 * #MOST_UNANSWERED} messages are unanswered goes into one more, so that messages grow with the load
 * and a lone operation waits for nothing.
 *
 * <p>Thread-safe. Outcomes are told on the network thread, on that of a timer, or, if the call
 * cannot even begin, within {@link #begin}.
 */
final class OperationStream {
  /** So many messages are unanswered before what comes waits, to go together. */
  private static final int MOST_UNANSWERED = 4;

  /** A message that is unanswered for so long holds up nothing: its server may wait for others. */
  private static final long STALE_NANOS = TimeUnit.MILLISECONDS.toNanos(10);

  /** A message has about so many bytes of keys and values; one operation alone may exceed that. */
  private static final int MESSAGE_BYTES = 256 << 10;

  /** And so many operations at most: a server takes 4,096. */
  private static final int MESSAGE_OPERATIONS = 1_024;

  /** So many messages of answers may come before one is taken. */
  private static final int ANSWERS_AHEAD = 4;

  private final Supplier<ManagedChannel> channel;
  private final ArrayDeque<Operation> waiting = new ArrayDeque<>();

  /** Of messages that are unanswered and count, the oldest first. */
  private final ArrayDeque<Message> unanswered = new ArrayDeque<>();

  private @Nullable Line line;
  private long lastId;

  /** Tells outcomes just now, which begin others, that go together when all are told. */
  private @Nullable Thread telling;

  private long looksAgainNanos = Long.MAX_VALUE;

  /** Who began an operation: told once. */
  interface Caller {
    void onResponse(StreamResponse response);

    /**
     * The call ended before an answer came, or there was none in time.
     *
     * @param mayHaveLeft false if the operation certainly never left this process
     */
    void onFailure(Status status, Metadata trailers, boolean mayHaveLeft);
  }

  /** One that was begun. Fields are guarded by the stream. */
  static final class Operation {
    private final StreamRequest request;
    private final long deadlineNanos;
    private final Caller caller;
    private @Nullable Message message;
    private boolean ended;

    private Operation(StreamRequest request, long deadlineNanos, Caller caller) {
      this.request = request;
      this.deadlineNanos = deadlineNanos;
      this.caller = caller;
    }
  }

  /** Operations that left together. */
  private static final class Message {
    final long sentNanos;
    int left;

    Message(long sentNanos, int operations) {
      this.sentNanos = sentNanos;
      this.left = operations;
    }
  }

  /** What is told to a caller when the stream is not held any more. */
  private record Told(Operation operation, Status status, Metadata trailers, boolean mayHaveLeft) {
    void tell() {
      operation.caller.onFailure(status, trailers, mayHaveLeft);
    }
  }

  /**
   * @param channel to the server, or a fresh one when the last failed
   */
  OperationStream(Supplier<ManagedChannel> channel) {
    this.channel = channel;
  }

  /**
   * Begins an operation.
   *
   * @param request without an id
   * @param deadlineNanos on {@link System#nanoTime}: told by then
   */
  Operation begin(StreamRequest.Builder request, long deadlineNanos, Caller caller) {
    Operation operation;
    Line toStart = null;
    synchronized (this) {
      operation = new Operation(request.setId(++lastId).build(), deadlineNanos, caller);
      waiting.add(operation);
      if (line == null) {
        line = new Line();
        toStart = line;
      }
      lookAgainAt(deadlineNanos);
    }
    if (toStart != null) {
      // May fail at once, and tells so.
      toStart.start(channel.get());
    }
    synchronized (this) {
      if (telling != Thread.currentThread()) {
        send();
      }
    }
    return operation;
  }

  /** Nobody waits for an operation any more: if it has left, its answer finds nobody. */
  synchronized void forget(Operation operation) {
    if (!withdraw(operation)) {
      operation.ended = true;
    }
  }

  /** Takes an operation back, whose caller is told nothing; false if it has left, or has ended. */
  synchronized boolean withdraw(Operation operation) {
    if (operation.ended || operation.message != null) {
      return false;
    }
    operation.ended = true;
    boolean unused = waiting.remove(operation);
    return true;
  }

  // ---- sending; guarded
  // ------------------------------------------------------------------------------------------------

  private void send() {
    Line to = line;
    if (to == null || waiting.isEmpty() || !to.isReady()) {
      return;
    }
    long now = System.nanoTime();
    dropStale(now);
    while (!waiting.isEmpty() && unanswered.size() < MOST_UNANSWERED && to.isReady()) {
      StreamRequests.Builder requests = StreamRequests.newBuilder();
      List<Operation> together = new ArrayList<>();
      int bytes = 0;
      while (!waiting.isEmpty() && bytes < MESSAGE_BYTES && together.size() < MESSAGE_OPERATIONS) {
        Operation operation = waiting.remove();
        requests.addRequest(operation.request);
        together.add(operation);
        bytes += operation.request.getSerializedSize();
      }
      Message message = new Message(now, together.size());
      for (Operation operation : together) {
        operation.message = message;
        to.sent.put(operation.request.getId(), operation);
      }
      unanswered.add(message);
      to.send(requests.build());
    }
    Message oldest = unanswered.peek();
    if (!waiting.isEmpty() && oldest != null) {
      lookAgainAt(oldest.sentNanos + STALE_NANOS);
    }
  }

  private void dropStale(long now) {
    for (Message oldest = unanswered.peek();
        oldest != null && (oldest.left == 0 || now - oldest.sentNanos >= STALE_NANOS);
        oldest = unanswered.peek()) {
      unanswered.remove();
    }
  }

  // ---- time
  // ------------------------------------------------------------------------------------------------------------

  /** Guarded. */
  private void lookAgainAt(long nanos) {
    if (looksAgainNanos != Long.MAX_VALUE && looksAgainNanos - nanos <= 0) {
      return;
    }
    looksAgainNanos = nanos;
    long delay = Math.max(0, nanos - System.nanoTime());
    CompletableFuture.delayedExecutor(delay, TimeUnit.NANOSECONDS).execute(() -> look(nanos));
  }

  private void look(long due) {
    List<Told> expired = new ArrayList<>();
    synchronized (this) {
      if (looksAgainNanos != due) {
        return;
      }
      looksAgainNanos = Long.MAX_VALUE;
      long now = System.nanoTime();
      long next = expire(waiting.iterator(), now, Long.MAX_VALUE, expired);
      if (line != null) {
        next = expire(line.sent.values().iterator(), now, next, expired);
      }
      if (next != Long.MAX_VALUE) {
        lookAgainAt(next);
      }
      send();
    }
    expired.forEach(Told::tell);
  }

  /** Takes away what is past its deadline; returns the earliest of the others. */
  private static long expire(
      Iterator<Operation> operations, long now, long earliest, List<Told> expired) {
    long next = earliest;
    while (operations.hasNext()) {
      Operation operation = operations.next();
      if (operation.ended) {
        continue;
      }
      if (operation.deadlineNanos - now <= 0) {
        operations.remove();
        operation.ended = true;
        expired.add(
            new Told(
                operation,
                Status.DEADLINE_EXCEEDED,
                new Metadata(),
                /* mayHaveLeft= */ operation.message != null));
      } else if (next == Long.MAX_VALUE || operation.deadlineNanos - next < 0) {
        next = operation.deadlineNanos;
      }
    }
    return next;
  }

  // ---- one call
  // --------------------------------------------------------------------------------------------------------

  /** A call. Until it ends, all operations go on it. */
  private final class Line extends ClientCall.Listener<StreamResponses> {
    /** By their ids. Guarded by the stream. */
    final Map<Long, Operation> sent = new HashMap<>();

    private volatile @Nullable ClientCall<StreamRequests, StreamResponses> call;

    void start(ManagedChannel to) {
      ClientCall<StreamRequests, StreamResponses> starting =
          to.newCall(KeyValueStoreGrpc.getStreamMethod(), CallOptions.DEFAULT);
      starting.start(this, new Metadata());
      call = starting;
      // No message comes before this.
      starting.request(ANSWERS_AHEAD);
    }

    boolean isReady() {
      ClientCall<StreamRequests, StreamResponses> started = call;
      return started != null && started.isReady();
    }

    void send(StreamRequests message) {
      ClientCall<StreamRequests, StreamResponses> started = call;
      if (started != null) {
        started.sendMessage(message);
      }
    }

    @Override
    public void onReady() {
      synchronized (OperationStream.this) {
        OperationStream.this.send();
      }
    }

    @Override
    public void onMessage(StreamResponses message) {
      List<@Nullable Operation> answered = new ArrayList<>(message.getResponseCount());
      List<Told> refused = new ArrayList<>();
      synchronized (OperationStream.this) {
        for (StreamResponse response : message.getResponseList()) {
          answered.add(take(response.getId()));
        }
        telling = Thread.currentThread();
        if (message.getStopping()) {
          leave(refused);
        }
      }
      for (int i = 0; i < answered.size(); i++) {
        Operation operation = answered.get(i);
        if (operation != null) {
          operation.caller.onResponse(message.getResponse(i));
        }
      }
      refused.forEach(Told::tell);
      synchronized (OperationStream.this) {
        telling = null;
        OperationStream.this.send();
      }
      ClientCall<StreamRequests, StreamResponses> started = call;
      if (started != null) {
        started.request(1);
      }
    }

    /** Guarded. Null if nobody waits for it. */
    private @Nullable Operation take(long id) {
      Operation operation = sent.remove(id);
      if (operation == null) {
        return null;
      }
      Message message = operation.message;
      if (message != null && --message.left == 0) {
        boolean unused = unanswered.remove(message);
      }
      boolean wanted = !operation.ended;
      operation.ended = true;
      return wanted ? operation : null;
    }

    /** The server stops: what it was not sent goes elsewhere. Guarded. */
    private void leave(List<Told> refused) {
      if (line == this) {
        line = null;
        tellWaiting(Status.UNAVAILABLE.withDescription("it stops"), new Metadata(), refused);
      }
      ClientCall<StreamRequests, StreamResponses> started = call;
      if (started != null) {
        started.halfClose();
      }
    }

    @Override
    public void onClose(Status status, Metadata trailers) {
      List<Told> ended = new ArrayList<>();
      synchronized (OperationStream.this) {
        sent.values().forEach(operation -> giveUp(operation, status, trailers, ended));
        sent.clear();
        if (line == this) {
          line = null;
          tellWaiting(status, trailers, ended);
        }
        unanswered.removeIf(message -> message.left == 0);
      }
      ended.forEach(Told::tell);
    }
  }

  /** An operation gets no answer any more. Guarded. */
  private static void giveUp(
      Operation operation, Status status, Metadata trailers, List<Told> ended) {
    Message message = operation.message;
    if (message != null) {
      message.left--;
    }
    if (!operation.ended) {
      operation.ended = true;
      ended.add(new Told(operation, status, trailers, /* mayHaveLeft= */ message != null));
    }
  }

  /** None of these has left. Guarded. */
  private void tellWaiting(Status status, Metadata trailers, List<Told> ended) {
    waiting.forEach(operation -> giveUp(operation, status, trailers, ended));
    waiting.clear();
  }
}
