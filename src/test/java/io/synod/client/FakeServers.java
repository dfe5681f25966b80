package io.synod.client;

import com.google.protobuf.ByteString;
import io.grpc.ForwardingServerCall;
import io.grpc.ManagedChannel;
import io.grpc.Metadata;
import io.grpc.Server;
import io.grpc.ServerCall;
import io.grpc.ServerCallHandler;
import io.grpc.ServerInterceptor;
import io.grpc.ServerInterceptors;
import io.grpc.Status;
import io.grpc.inprocess.InProcessChannelBuilder;
import io.grpc.inprocess.InProcessServerBuilder;
import io.grpc.stub.StreamObserver;
import io.synod.proto.ChangeRequest;
import io.synod.proto.ChangeResponse;
import io.synod.proto.ClusterGrpc;
import io.synod.proto.ControlRequest;
import io.synod.proto.ControlResponse;
import io.synod.proto.DeleteRequest;
import io.synod.proto.EmptyMessage;
import io.synod.proto.GetRequest;
import io.synod.proto.GetResponse;
import io.synod.proto.KeyValue;
import io.synod.proto.KeyValueStoreGrpc;
import io.synod.proto.MemberStatus;
import io.synod.proto.MoveCoordinatorRequest;
import io.synod.proto.MoveCoordinatorResponse;
import io.synod.proto.PutRequest;
import io.synod.proto.RangeRequest;
import io.synod.proto.RangeResponse;
import io.synod.proto.RangesGrpc;
import io.synod.proto.StatusRequest;
import io.synod.proto.StatusResponse;
import io.synod.proto.StreamRequest;
import io.synod.proto.StreamRequests;
import io.synod.proto.StreamResponses;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Queue;
import java.util.TreeMap;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/** Servers in this process that share one map, and misbehave as they are told. */
public final class FakeServers implements AutoCloseable {
  private static final Metadata.Key<String> READ_HEADER =
      Metadata.Key.of("synod-read", Metadata.ASCII_STRING_MARSHALLER);

  private static final Metadata.Key<String> PATIENCE_HEADER =
      Metadata.Key.of("synod-patience", Metadata.ASCII_STRING_MARSHALLER);

  private static final long REVISION = 8;

  /** What a server does with a call. */
  public enum Behaviour {
    ANSWERS,
    /** UNAVAILABLE, and the call had no effect. */
    NOT_PROPOSED,
    /** UNAVAILABLE, though a write was done. */
    DONE_BUT_UNKNOWN,
    /** UNAVAILABLE without a word on the outcome, as when a connection breaks. */
    BREAKS,
    /** Never answers. */
    SILENT,
    /** Keeps a call for as long as its patience, if it names one. */
    CUT_OFF,
    /** Answers when it is told to. */
    HELD,
    OVERLOADED,
    INVALID
  }

  private final String name = "fake-" + UUID.randomUUID() + "-";
  private final Map<ServerAddress, Fake> fakes = new LinkedHashMap<>();
  private final List<String> readModes = new CopyOnWriteArrayList<>();
  private final Map<ByteString, ByteString> pairs = new ConcurrentHashMap<>();
  private final List<Object> operated = new CopyOnWriteArrayList<>();

  /** The outcome that is said of an order for a server that does not carry it out. */
  private final Map<Integer, String> outOfReach = new ConcurrentHashMap<>();

  /**
   * @param count servers, on ports from 8000 on; none runs yet
   */
  public FakeServers(int count) {
    for (int i = 0; i < count; i++) {
      fakes.put(new ServerAddress("localhost", 8000 + i), new Fake());
    }
  }

  /** It is not heard, and takes no orders: nothing listens there. */
  public FakeServers down(int server) {
    outOfReach.put(server, "not-proposed");
    return this;
  }

  /** It is not heard, and what becomes of an order is not known. */
  public FakeServers hangs(int server) {
    outOfReach.put(server, "unknown");
    return this;
  }

  /** The read modes that calls have named, in order. */
  public List<String> readModes() {
    return readModes;
  }

  public List<ServerAddress> addresses() {
    return List.copyOf(fakes.keySet());
  }

  /** As it is typed: with commas. */
  public String list() {
    return String.join(",", addresses().stream().map(ServerAddress::toString).toList());
  }

  /** Starts a server, or changes how it behaves. */
  public FakeServers set(int server, Behaviour behaviour) {
    Fake fake = fake(server);
    fake.behaviour = behaviour;
    if (fake.server == null) {
      fake.start(name + addresses().get(server));
    }
    return this;
  }

  /** It is of an earlier release. */
  public FakeServers withoutStreams(int server) {
    fake(server).knowsStreams = false;
    return this;
  }

  /** How many calls with many operations a server got. */
  public int streams(int server) {
    return fake(server).streams.get();
  }

  /** How many messages came on them. */
  public int messages(int server) {
    return fake(server).messages.get();
  }

  /** Says on all of them that it stops, and answers what comes nevertheless. */
  public void stopStreams(int server) {
    fake(server).open.forEach(FakeStream::stop);
  }

  /** Ends all of them so. */
  public void endStreams(int server, Status status) {
    fake(server).open.forEach(stream -> stream.end(status));
  }

  /** Answers what it holds. */
  public void release(int server) {
    Fake fake = fake(server);
    Runnable held;
    while ((held = fake.held.poll()) != null) {
      held.run();
    }
  }

  /** How many calls a server got. */
  public int calls(int server) {
    return fake(server).calls.get();
  }

  private Fake fake(int server) {
    return Objects.requireNonNull(fakes.get(addresses().get(server)));
  }

  public Map<ByteString, ByteString> pairs() {
    return pairs;
  }

  /** What operators asked and was not refused, in order. */
  public List<Object> operated() {
    return operated;
  }

  /** The way to them. */
  public ManagedChannel channel(ServerAddress server) {
    return InProcessChannelBuilder.forName(name + server).directExecutor().build();
  }

  @Override
  public void close() {
    for (Fake fake : fakes.values()) {
      if (fake.server != null) {
        fake.server.shutdownNow();
      }
    }
  }

  private final class Fake extends KeyValueStoreGrpc.KeyValueStoreImplBase {
    private final AtomicInteger calls = new AtomicInteger();
    private final AtomicInteger streams = new AtomicInteger();
    private final AtomicInteger messages = new AtomicInteger();
    private final List<FakeStream> open = new CopyOnWriteArrayList<>();
    private final Queue<Runnable> held = new ConcurrentLinkedQueue<>();
    private volatile boolean knowsStreams = true;
    private volatile Behaviour behaviour = Behaviour.ANSWERS;

    /** Of the call that came last. */
    private volatile @Nullable String patience;

    private @Nullable Server server;

    void start(String as) {
      try {
        server =
            InProcessServerBuilder.forName(as)
                .directExecutor()
                .addService(ServerInterceptors.intercept(this, new Headers(this)))
                .addService(new StatusService())
                .addService(new RangeService())
                .build()
                .start();
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }

    /** Pages of two rows. */
    private final class RangeService extends RangesGrpc.RangesImplBase {
      @Override
      public void range(RangeRequest request, StreamObserver<RangeResponse> observer) {
        if (misbehaves(observer, () -> {})) {
          return;
        }
        TreeMap<ByteString, ByteString> sorted =
            new TreeMap<>(ByteString.unsignedLexicographicalComparator());
        sorted.putAll(pairs);
        sorted.keySet().removeIf(key -> !key.startsWith(request.getPrefix()));
        RangeResponse.Builder response = RangeResponse.newBuilder().setRevision(REVISION);
        if (request.getCountOnly()) {
          response.setCount(sorted.size());
        } else if (request.hasRevision() && request.getRevision() != REVISION) {
          observer.onError(Status.OUT_OF_RANGE.asRuntimeException());
          return;
        } else {
          for (Map.Entry<ByteString, ByteString> each :
              sorted.tailMap(request.getFrom()).entrySet()) {
            if (response.getRowCount() == Math.min(2, request.getLimit())) {
              response.setNext(each.getKey());
              break;
            }
            response.addRow(KeyValue.newBuilder().setKey(each.getKey()).setValue(each.getValue()));
          }
        }
        observer.onNext(response.build());
        observer.onCompleted();
      }
    }

    @Override
    public void getValue(GetRequest request, StreamObserver<GetResponse> observer) {
      if (behaviour == Behaviour.HELD) {
        held.add(() -> answerGet(request, observer));
      } else if (!misbehaves(observer, () -> {})) {
        answerGet(request, observer);
      }
    }

    private void answerGet(GetRequest request, StreamObserver<GetResponse> observer) {
      ByteString value = pairs.get(request.getKey());
      if (value == null) {
        observer.onError(Status.NOT_FOUND.withDescription("no such key").asRuntimeException());
      } else {
        observer.onNext(GetResponse.newBuilder().setValue(value).build());
        observer.onCompleted();
      }
    }

    @Override
    public void putPair(PutRequest request, StreamObserver<EmptyMessage> observer) {
      write(observer, () -> pairs.put(request.getKey(), request.getValue()));
    }

    @Override
    public void deletePair(DeleteRequest request, StreamObserver<EmptyMessage> observer) {
      write(observer, () -> pairs.remove(request.getKey()));
    }

    private void write(StreamObserver<EmptyMessage> observer, Runnable effect) {
      if (behaviour == Behaviour.HELD) {
        held.add(() -> answerWrite(observer, effect));
      } else if (!misbehaves(observer, effect)) {
        answerWrite(observer, effect);
      }
    }

    private void answerWrite(StreamObserver<EmptyMessage> observer, Runnable effect) {
      effect.run();
      observer.onNext(EmptyMessage.getDefaultInstance());
      observer.onCompleted();
    }

    @Override
    public StreamObserver<StreamRequests> stream(StreamObserver<StreamResponses> observer) {
      streams.incrementAndGet();
      if (!knowsStreams) {
        return super.stream(observer);
      }
      FakeStream stream = new FakeStream(this, observer, messages, this::onRequest);
      open.add(stream);
      return stream;
    }

    /** What a call of its own says in its headers. */
    private void onRequest(StreamRequest request) {
      patience =
          request.getPatienceMillis() == 0 ? null : Integer.toString(request.getPatienceMillis());
      if (request.hasRead()) {
        readModes.add(request.getRead().name().toLowerCase(Locale.ROOT));
      }
    }

    private boolean misbehaves(StreamObserver<?> observer, Runnable effect) {
      calls.incrementAndGet();
      switch (behaviour) {
        case ANSWERS -> {
          return false;
        }
        case SILENT -> {}
        case HELD -> {
          throw new AssertionError("only writes and reads are held");
        }
        case CUT_OFF -> {
          if (patience != null) {
            CompletableFuture.delayedExecutor(Long.parseLong(patience), TimeUnit.MILLISECONDS)
                .execute(() -> fail(observer, Status.UNAVAILABLE, "no quorum", "not-proposed"));
          }
        }
        case NOT_PROPOSED -> fail(observer, Status.UNAVAILABLE, "no quorum", "not-proposed");
        case DONE_BUT_UNKNOWN -> {
          effect.run();
          fail(observer, Status.UNAVAILABLE, "no quorum in time", "unknown");
        }
        case BREAKS -> {
          effect.run();
          observer.onError(Status.UNAVAILABLE.withDescription("io exception").asException());
        }
        case OVERLOADED ->
            fail(observer, Status.RESOURCE_EXHAUSTED, "the queue is full", "not-proposed");
        case INVALID ->
            fail(observer, Status.INVALID_ARGUMENT, "the key is too long", "not-proposed");
      }
      return true;
    }

    private void fail(StreamObserver<?> observer, Status status, String why, String outcome) {
      Metadata trailers = new Metadata();
      trailers.put(Failure.OUTCOME, outcome);
      observer.onError(status.withDescription(why).asRuntimeException(trailers));
    }
  }

  /** Answers a local read with a slot, and keeps how reads were asked for. */
  private final class Headers implements ServerInterceptor {
    private final Fake fake;

    Headers(Fake fake) {
      this.fake = fake;
    }

    @Override
    public <Q, R> ServerCall.Listener<Q> interceptCall(
        ServerCall<Q, R> call, Metadata headers, ServerCallHandler<Q, R> next) {
      fake.patience = headers.get(PATIENCE_HEADER);
      String read = headers.get(READ_HEADER);
      if (read != null) {
        readModes.add(read);
      }
      return next.startCall(new WithSlot<>(call, read), headers);
    }
  }

  private static final class WithSlot<Q, R>
      extends ForwardingServerCall.SimpleForwardingServerCall<Q, R> {
    private final @Nullable String read;

    WithSlot(ServerCall<Q, R> call, @Nullable String read) {
      super(call);
      this.read = read;
    }

    @Override
    public void sendHeaders(Metadata headers) {
      if ("local".equals(read)) {
        headers.put(Metadata.Key.of("synod-applied", Metadata.ASCII_STRING_MARSHALLER), "42");
      }
      super.sendHeaders(headers);
    }
  }

  private final class StatusService extends ClusterGrpc.ClusterImplBase {
    @Override
    public void status(StatusRequest request, StreamObserver<StatusResponse> observer) {
      StatusResponse.Builder status =
          StatusResponse.newBuilder().setCoordinatorId(0).setCoordinatorHeard(true).setQuorum(2);
      int id = 0;
      for (ServerAddress address : fakes.keySet()) {
        status.addMember(
            MemberStatus.newBuilder()
                .setServerId(id++)
                .setClientAddress(address.toString())
                .setRole(MemberStatus.Role.VOTER)
                .setLive(!outOfReach.containsKey(id - 1)));
      }
      observer.onNext(status.build());
      observer.onCompleted();
    }

    @Override
    public void change(ChangeRequest request, StreamObserver<ChangeResponse> observer) {
      if (request.hasRemove() && request.getRemove() >= fakes.size()) {
        Metadata trailers = new Metadata();
        trailers.put(
            Metadata.Key.of("synod-outcome", Metadata.ASCII_STRING_MARSHALLER), "not-proposed");
        observer.onError(
            Status.FAILED_PRECONDITION
                .withDescription("no member has the id " + request.getRemove())
                .asException(trailers));
        return;
      }
      operated.add(request);
      ChangeResponse.Builder response =
          ChangeResponse.newBuilder().setQuorum(1).setQuorumBefore(1).setVotersBefore(1);
      if (!request.getDryRun()) {
        response.setSlot(30);
      }
      // One of an earlier release does not say what will be.
      if (!request.hasPromote()) {
        response.setOutlook(
            ChangeResponse.Outlook.newBuilder().setVoters(4).setQuorum(3).addAwaitedServerId(7));
      }
      observer.onNext(
          response
              .addMember(
                  MemberStatus.newBuilder()
                      .setServerId(7)
                      .setClientAddress("localhost:8007")
                      .setConsensusAddress("localhost:9007")
                      .setRole(MemberStatus.Role.LEARNER)
                      .setReplaces(1))
              .addMember(
                  MemberStatus.newBuilder()
                      .setServerId(1)
                      .setClientAddress("localhost:8001")
                      .setConsensusAddress("localhost:9001")
                      .setRole(MemberStatus.Role.VOTER))
              .build());
      observer.onCompleted();
    }

    @Override
    public void moveCoordinator(
        MoveCoordinatorRequest request, StreamObserver<MoveCoordinatorResponse> observer) {
      operated.add(request);
      observer.onNext(
          MoveCoordinatorResponse.newBuilder()
              .setCoordinatorId(request.hasTo() ? request.getTo() : 1)
              .build());
      observer.onCompleted();
    }

    @Override
    public void control(ControlRequest request, StreamObserver<ControlResponse> observer) {
      String outcome = outOfReach.get(request.getServerId());
      if (outcome != null) {
        Metadata trailers = new Metadata();
        trailers.put(Failure.OUTCOME, outcome);
        observer.onError(Status.UNAVAILABLE.withDescription("it did not").asException(trailers));
        return;
      }
      operated.add(request);
      observer.onNext(ControlResponse.getDefaultInstance());
      observer.onCompleted();
    }
  }
}
