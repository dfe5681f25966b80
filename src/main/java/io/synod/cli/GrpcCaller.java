package io.synod.cli;

import io.grpc.CallOptions;
import io.grpc.ManagedChannel;
import io.grpc.MethodDescriptor;
import io.grpc.stub.ClientCalls;
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
  private final ManagedChannel channel;
  private final Workload workload;
  private final MethodDescriptor<PutRequest, W> put;
  private final MethodDescriptor<GetRequest, R> get;

  GrpcCaller(
      ServerAddress server,
      Workload workload,
      MethodDescriptor<PutRequest, W> put,
      MethodDescriptor<GetRequest, R> get) {
    this.channel = ChannelFactory.plaintext(server);
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
        KeyValueStoreGrpc.getGetValueMethod());
  }

  @Override
  public void put(int key, Outcome outcome) {
    ClientCalls.asyncUnaryCall(
        channel.newCall(put, CallOptions.DEFAULT), workload.put(key), new Observer<>(outcome));
  }

  @Override
  public void get(int key, Outcome outcome) {
    ClientCalls.asyncUnaryCall(
        channel.newCall(get, CallOptions.DEFAULT), workload.get(key), new Observer<>(outcome));
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
