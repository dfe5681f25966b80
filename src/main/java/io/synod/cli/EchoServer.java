package io.synod.cli;

import com.google.protobuf.ByteString;
import io.grpc.Server;
import io.grpc.netty.shaded.io.grpc.netty.NettyServerBuilder;
import io.grpc.stub.StreamObserver;
import io.synod.client.ServerAddress;
import io.synod.proto.EmptyMessage;
import io.synod.proto.GetRequest;
import io.synod.proto.GetResponse;
import io.synod.proto.KeyValueStoreGrpc;
import io.synod.proto.PutRequest;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.List;

/**
 * Answers the store's calls at once and keeps nothing: what gRPC itself reaches with the same
 * messages.
 */
public final class EchoServer extends KeyValueStoreGrpc.KeyValueStoreImplBase {
  private final GetResponse response;

  private EchoServer(int valueBytes) {
    this.response =
        GetResponse.newBuilder().setValue(ByteString.copyFrom(new byte[valueBytes])).build();
  }

  /** Serves until standard input ends. The argument is how large the values are that it returns. */
  public static void main(String[] args) throws IOException {
    Server server = start(Integer.parseInt(args[0]));
    System.out.println(server.getPort());
    System.in.transferTo(OutputStream.nullOutputStream());
    server.shutdownNow();
  }

  private static Server start(int valueBytes) throws IOException {
    return NettyServerBuilder.forAddress(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0))
        .directExecutor()
        .addService(new EchoServer(valueBytes))
        .build()
        .start();
  }

  @Override
  public void getValue(GetRequest request, StreamObserver<GetResponse> observer) {
    observer.onNext(response);
    observer.onCompleted();
  }

  @Override
  public void putPair(PutRequest request, StreamObserver<EmptyMessage> observer) {
    observer.onNext(EmptyMessage.getDefaultInstance());
    observer.onCompleted();
  }

  /** One that runs. */
  interface Running extends AutoCloseable {
    ServerAddress address();

    /** Its process, unless it is this one. */
    List<Long> pids();

    @Override
    void close();
  }

  /** One in this process. */
  static Running startHere(int valueBytes) throws IOException {
    Server server = start(valueBytes);
    return running(server.getPort(), List.of(), server::shutdownNow);
  }

  /** One in a process of its own, with this one's JVM and class path. */
  static Running startProcess(int valueBytes) throws IOException {
    Process process =
        new ProcessBuilder(
                ProcessHandle.current().info().command().orElse("java"),
                "-Xmx512m",
                "-XX:+UseSerialGC",
                "-Dio.grpc.netty.shaded.io.netty.leakDetection.level=disabled",
                "-cp",
                System.getProperty("java.class.path"),
                EchoServer.class.getName(),
                Integer.toString(valueBytes))
            .redirectError(ProcessBuilder.Redirect.DISCARD)
            .start();
    BufferedReader out =
        new BufferedReader(new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8));
    String port = out.readLine();
    if (port == null) {
      process.destroyForcibly();
      throw new IOException("the echo server did not start");
    }
    return running(Integer.parseInt(port), List.of(process.pid()), process::destroy);
  }

  private static Running running(int port, List<Long> pids, Runnable stop) {
    return new Running() {
      @Override
      public ServerAddress address() {
        return new ServerAddress("127.0.0.1", port);
      }

      @Override
      public List<Long> pids() {
        return pids;
      }

      @Override
      public void close() {
        stop.run();
      }
    };
  }
}
