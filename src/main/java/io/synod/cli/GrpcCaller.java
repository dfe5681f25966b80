package io.synod.cli;

import io.grpc.CallOptions;
import io.grpc.Channel;
import io.grpc.ClientInterceptors;
import io.grpc.ManagedChannel;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.grpc.stub.ClientCalls;
import io.grpc.stub.MetadataUtils;
import io.grpc.stub.StreamObserver;
import io.synod.client.ChannelFactory;
import io.synod.client.ServerAddress;
import io.synod.proto.GetRequest;
import io.synod.proto.KeyValueStoreGrpc;
import io.synod.proto.PutRequest;

/**
 * Unary calls over one gRPC channel. Requests exist beforehand, so that little more is made for a
 * call than what gRPC makes.
 */
final class GrpcCaller<W, R> implements Caller {
  private static final Metadata.Key<String> READ =
      Metadata.Key.of("synod-read", Metadata.ASCII_STRING_MARSHALLER);

  private final ManagedChannel channel;

  /** The channel, with what its reads bear. */
  private final Channel reads;

  private final Workload workload;
  private final MethodDescriptor<PutRequest, W> put;
  private final MethodDescriptor<GetRequest, R> get;

  GrpcCaller(
      ServerAddress server,
      Workload workload,
      MethodDescriptor<PutRequest, W> put,
      MethodDescriptor<GetRequest, R> get,
      Metadata readHeaders) {
    this.channel = ChannelFactory.plaintext(server);
    this.reads =
        readHeaders.keys().isEmpty()
            ? channel
            : ClientInterceptors.intercept(
                channel, MetadataUtils.newAttachHeadersInterceptor(readHeaders));
    this.workload = workload;
    this.put = put;
    this.get = get;
  }

  /** To this project's store, or to the echo. */
  static Caller toStore(ServerAddress server, Workload workload) {
    return new GrpcCaller<>(
        server,
        workload,
        KeyValueStoreGrpc.getPutPairMethod(),
        KeyValueStoreGrpc.getGetValueMethod(),
        new Metadata());
  }

  /** To this project's store, with reads under the coordinator's lease. */
  static Caller underLease(ServerAddress server, Workload workload) {
    Metadata lease = new Metadata();
    lease.put(READ, "lease");
    return new GrpcCaller<>(
        server,
        workload,
        KeyValueStoreGrpc.getPutPairMethod(),
        KeyValueStoreGrpc.getGetValueMethod(),
        lease);
  }

  @Override
  public void put(int key, Outcome outcome) {
    ClientCalls.asyncUnaryCall(
        channel.newCall(put, CallOptions.DEFAULT), workload.put(key), new Observer<>(outcome));
  }

  @Override
  public void get(int key, Outcome outcome) {
    ClientCalls.asyncUnaryCall(
        reads.newCall(get, CallOptions.DEFAULT), workload.get(key), new Observer<>(outcome));
  }

  @Override
  public void close() {
    channel.shutdownNow();
  }

  private record Observer<T>(Outcome outcome) implements StreamObserver<T> {
    @Override
    public void onNext(T response) {}

    @Override
    public void onCompleted() {
      outcome.done();
    }

    @Override
    public void onError(Throwable failure) {
      outcome.failed(failure.toString());
    }
  }
}
