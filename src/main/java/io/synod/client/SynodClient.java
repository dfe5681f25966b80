package io.synod.client;

import com.google.protobuf.ByteString;
import io.grpc.CallOptions;
import io.grpc.ClientInterceptors;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.grpc.stub.ClientCalls;
import io.grpc.stub.MetadataUtils;
import io.synod.client.Call.Reply;
import io.synod.client.Call.Wish;
import io.synod.proto.BackupRequest;
import io.synod.proto.ClusterGrpc;
import io.synod.proto.DeleteRequest;
import io.synod.proto.GetRequest;
import io.synod.proto.GetResponse;
import io.synod.proto.KeyValueStoreGrpc;
import io.synod.proto.MoveCoordinatorRequest;
import io.synod.proto.PutRequest;
import io.synod.proto.RangeRequest;
import io.synod.proto.RangeResponse;
import io.synod.proto.RangesGrpc;
import io.synod.proto.StatusRequest;
import io.synod.proto.StatusResponse;
import java.util.Iterator;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * A client of the store: any of the given servers answers any call.
 *
 * <p>The blocking calls throw a {@link SynodException}; which kind says what is known of the call's
 * effect. The asynchronous ones complete with the same exceptions; cancelling them cancels the
 * call, and leaves the outcome of a write unknown. A key has 1 to 65,536 bytes, a value at most
 * 1,048,576: more is a {@link RefusedException}.
 *
 * <p>Thread-safe; made once and shared. Connections are opened when they are first needed.
 */
public final class SynodClient implements AutoCloseable {
  private static final Metadata.Key<String> READ =
      Metadata.Key.of("synod-read", Metadata.ASCII_STRING_MARSHALLER);
  private static final Metadata.Key<String> TOKEN =
      Metadata.Key.of("synod-cluster-token", Metadata.ASCII_STRING_MARSHALLER);

  private final ClientSettings settings;
  private final Connections connections;

  private SynodClient(ClientSettings settings, ChannelFactory channels) {
    this.settings = settings;
    this.connections = new Connections(settings.servers(), channels);
  }

  /**
   * A client of these servers, {@code HOST:PORT[,HOST:PORT...]}, with the usual settings. Does not
   * wait for a connection.
   *
   * @throws IllegalArgumentException if that is no list of addresses
   */
  public static SynodClient of(String servers) {
    return of(ClientSettings.usual(ServerAddress.parseList(servers)));
  }

  public static SynodClient of(ClientSettings settings) {
    return of(settings, ChannelFactory::plaintext);
  }

  /**
   * With channels of the caller's own making; best with a direct executor.
   *
   * @param channels opens one for each server, and a new one after it failed to connect
   */
  public static SynodClient of(ClientSettings settings, ChannelFactory channels) {
    return new SynodClient(settings, channels);
  }

  public ClientSettings settings() {
    return settings;
  }

  // ---- reads
  // -------------------------------------------------------------------------------------

  /** The value of a key, empty if it is absent; read as the settings say. Blocks. */
  public Optional<ByteString> get(ByteString key) {
    return read(key, settings.readMode()).value();
  }

  /** As {@link #get}, without blocking. */
  public CompletableFuture<Optional<ByteString>> getAsync(ByteString key) {
    return readAsync(key, settings.readMode()).thenApply(Reading::value);
  }

  /** The value of a key and where it came from. Blocks. */
  public Reading read(ByteString key, ReadMode mode) {
    return await(readCall(key, mode), /* write= */ false, SynodClient::reading);
  }

  /** As {@link #read}, without blocking. */
  public CompletableFuture<Reading> readAsync(ByteString key, ReadMode mode) {
    return derive(readCall(key, mode), SynodClient::reading);
  }

  private CompletableFuture<Reply<GetResponse>> readCall(ByteString key, ReadMode mode) {
    GetRequest request = GetRequest.newBuilder().setKey(key).build();
    return begin(
        new Wish<>(
            KeyValueStoreGrpc.getGetValueMethod(),
            request,
            readHeaders(mode),
            /* write= */ false,
            settings.streams() ? Streamed.get(request, mode) : null));
  }

  private static Metadata readHeaders(ReadMode mode) {
    Metadata headers = new Metadata();
    switch (mode) {
      case SERVER_DEFAULT -> {}
      case LINEARIZABLE -> headers.put(READ, "linearizable");
      case LEASE -> headers.put(READ, "lease");
      case LOCAL -> headers.put(READ, "local");
    }
    return headers;
  }

  private static Reading reading(Reply<GetResponse> reply) {
    return new Reading(
        Optional.ofNullable(reply.message()).map(GetResponse::getValue),
        reply.server(),
        slot(reply.headers().get(Call.APPLIED)));
  }

  private static OptionalLong slot(@Nullable String text) {
    try {
      return text == null ? OptionalLong.empty() : OptionalLong.of(Long.parseLong(text));
    } catch (NumberFormatException e) {
      return OptionalLong.empty();
    }
  }

  /**
   * All rows whose keys begin with a prefix, in order, read by pages at one revision while the
   * iterator is used; each page blocks, and throws like {@link #get}. A {@link RefusedException} if
   * the revision was compacted before the end was reached: begin again.
   *
   * @param prefix empty: all keys
   * @param limit how many at most
   */
  public Iterator<Row> list(ByteString prefix, long limit) {
    return list(prefix, limit, settings.readMode());
  }

  /** As {@link #list(ByteString, long)}, read in this way. */
  public Iterator<Row> list(ByteString prefix, long limit, ReadMode mode) {
    return new RangeIterator(
        RangeRequest.newBuilder().setPrefix(prefix).build(), limit, page -> rangePage(page, mode));
  }

  /** How many keys begin with a prefix. Blocks. */
  public long count(ByteString prefix) {
    return count(prefix, settings.readMode());
  }

  /** As {@link #count(ByteString)}, read in this way. */
  public long count(ByteString prefix, ReadMode mode) {
    return rangePage(RangeRequest.newBuilder().setPrefix(prefix).setCountOnly(true).build(), mode)
        .getCount();
  }

  private RangeResponse rangePage(RangeRequest request, ReadMode mode) {
    CompletableFuture<Reply<RangeResponse>> call =
        begin(
            new Wish<>(
                RangesGrpc.getRangeMethod(), request, readHeaders(mode), /* write= */ false));
    return await(call, /* write= */ false, SynodClient::page);
  }

  private static RangeResponse page(Reply<RangeResponse> reply) {
    RangeResponse page = reply.message();
    if (page == null) {
      throw new RefusedException(reply.server() + ": it has no ranges", null);
    }
    return page;
  }

  /** What the first server that answers knows of the cluster. Blocks. */
  public ClusterStatus status() {
    return await(statusCall(/* others= */ false), /* write= */ false, SynodClient::status);
  }

  /** As {@link #status}, with what was done to other servers on purpose, as far as they say. */
  public ClusterStatus statusWithFaults() {
    return await(statusCall(/* others= */ true), /* write= */ false, SynodClient::status);
  }

  /** As {@link #status}, without blocking. */
  public CompletableFuture<ClusterStatus> statusAsync() {
    return derive(statusCall(/* others= */ false), SynodClient::status);
  }

  private CompletableFuture<Reply<StatusResponse>> statusCall(boolean others) {
    return begin(
        new Wish<>(
            ClusterGrpc.getStatusMethod(),
            StatusRequest.newBuilder().setOthers(others).build(),
            new Metadata(),
            /* write= */ false));
  }

  private static ClusterStatus status(Reply<StatusResponse> reply) {
    StatusResponse status = reply.message();
    if (status == null) {
      throw new RefusedException(reply.server() + ": it has no status", null);
    }
    return Messages.status(status);
  }

  // ---- writes
  // ------------------------------------------------------------------------------------

  /** Sets a key. Durable on a quorum when it returns. Blocks. */
  public void put(ByteString key, ByteString value) {
    await(putCall(key, value), /* write= */ true, Reply::server);
  }

  /** As {@link #put}, without blocking. Completes with the server that took it. */
  public CompletableFuture<ServerAddress> putAsync(ByteString key, ByteString value) {
    return derive(putCall(key, value), Reply::server);
  }

  private CompletableFuture<? extends Reply<?>> putCall(ByteString key, ByteString value) {
    PutRequest request = PutRequest.newBuilder().setKey(key).setValue(value).build();
    return begin(
        new Wish<>(
            KeyValueStoreGrpc.getPutPairMethod(),
            request,
            new Metadata(),
            /* write= */ true,
            settings.streams() ? Streamed.put(request) : null));
  }

  /** Removes a key; no matter whether it was there. Durable on a quorum when it returns. Blocks. */
  public void delete(ByteString key) {
    await(deleteCall(key), /* write= */ true, Reply::server);
  }

  /** As {@link #delete}, without blocking. Completes with the server that took it. */
  public CompletableFuture<ServerAddress> deleteAsync(ByteString key) {
    return derive(deleteCall(key), Reply::server);
  }

  private CompletableFuture<? extends Reply<?>> deleteCall(ByteString key) {
    DeleteRequest request = DeleteRequest.newBuilder().setKey(key).build();
    return begin(
        new Wish<>(
            KeyValueStoreGrpc.getDeletePairMethod(),
            request,
            new Metadata(),
            /* write= */ true,
            settings.streams() ? Streamed.delete(request) : null));
  }

  // ---- operators
  // ---------------------------------------------------------------------------------

  /**
   * Changes the membership. When it returns, the change is in force. A {@link RefusedException}
   * says why it must not be, and then nothing was done. Blocks.
   */
  public ChangeOutcome change(MembershipChange change) {
    return Messages.outcome(
        operate(
            ClusterGrpc.getChangeMethod(),
            Messages.request(change, /* dryRun= */ false),
            /* write= */ true));
  }

  /** What {@link #change} would do, or why it would be refused; nothing is done. Blocks. */
  public ChangeOutcome dryRun(MembershipChange change) {
    return Messages.outcome(
        operate(
            ClusterGrpc.getChangeMethod(),
            Messages.request(change, /* dryRun= */ true),
            /* write= */ false));
  }

  /**
   * Has another server coordinate. Blocks until it does.
   *
   * @param to the best placed one if none
   * @return who coordinates now
   */
  public int moveCoordinator(OptionalInt to) {
    MoveCoordinatorRequest.Builder request = MoveCoordinatorRequest.newBuilder();
    to.ifPresent(request::setTo);
    return operate(ClusterGrpc.getMoveCoordinatorMethod(), request.build(), /* write= */ true)
        .getCoordinatorId();
  }

  /** Faults on purpose, and a snapshot, at one server. Blocks until they are ordered. */
  public void control(int serverId, Control control) {
    Object unused =
        operate(
            ClusterGrpc.getControlMethod(), Messages.request(serverId, control), /* write= */ true);
  }

  /**
   * A copy of all that a server has applied, as it comes: of all that was acknowledged before, if
   * it has answered a linearizable read before. The iterator blocks, and throws what {@link #get}
   * throws; who does not use it to its end closes the client. One thread.
   *
   * @param from one of this client's servers; empty: the one that calls begin with
   */
  public Iterator<BackupPart> backup(Optional<ServerAddress> from) {
    Connections.Connection connection =
        from.map(connections::to).orElseGet(() -> connections.at(connections.preferred()));
    return new BackupIterator(
        connection.server(),
        ClientCalls.blockingServerStreamingCall(
            ClientInterceptors.intercept(
                connection.channel(), MetadataUtils.newAttachHeadersInterceptor(operatorHeaders())),
            ClusterGrpc.getBackupMethod(),
            CallOptions.DEFAULT,
            BackupRequest.getDefaultInstance()));
  }

  private Metadata operatorHeaders() {
    Metadata headers = new Metadata();
    settings.clusterToken().ifPresent(token -> headers.put(TOKEN, token));
    return headers;
  }

  private <Q, R> R operate(MethodDescriptor<Q, R> method, Q request, boolean write) {
    CompletableFuture<Reply<R>> call = begin(new Wish<>(method, request, operatorHeaders(), write));
    return await(
        call,
        write,
        reply -> {
          R message = reply.message();
          if (message == null) {
            throw new RefusedException(reply.server() + ": it takes no operators' calls", null);
          }
          return message;
        });
  }

  // ---- both
  // --------------------------------------------------------------------------------------

  private <Q, R> CompletableFuture<Reply<R>> begin(Wish<Q, R> wish) {
    return Call.begin(connections, wish, settings);
  }

  /** A future of what is made of a reply, whose cancelling reaches the call. */
  private static <R, T> CompletableFuture<T> derive(
      CompletableFuture<? extends R> call, Function<R, T> make) {
    CompletableFuture<T> derived = new CompletableFuture<>();
    var unused =
        call.whenComplete(
            (reply, failure) -> {
              if (failure != null) {
                derived.completeExceptionally(failure);
                return;
              }
              try {
                derived.complete(make.apply(reply));
              } catch (SynodException e) {
                derived.completeExceptionally(e);
              }
            });
    var ignored =
        derived.whenComplete(
            (made, failure) -> {
              if (derived.isCancelled()) {
                call.cancel(false);
              }
            });
    return derived;
  }

  private static <R, T> T await(
      CompletableFuture<? extends R> call, boolean write, Function<R, T> make) {
    try {
      return make.apply(call.get());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      call.cancel(false);
      throw write
          ? new UnknownOutcomeException("the caller was interrupted while the write went on", e)
          : new UnavailableException("the caller was interrupted", e);
    } catch (ExecutionException e) {
      if (e.getCause() instanceof SynodException failure) {
        throw failure;
      }
      throw new IllegalStateException("a call failed in a way that it never should", e.getCause());
    }
  }

  /** Ends all calls under way and closes the connections. Does not wait. */
  @Override
  public void close() {
    connections.close();
  }
}
