package io.synod.cli;

import com.google.protobuf.ByteString;
import io.grpc.netty.shaded.io.netty.bootstrap.Bootstrap;
import io.grpc.netty.shaded.io.netty.buffer.ByteBuf;
import io.grpc.netty.shaded.io.netty.channel.Channel;
import io.grpc.netty.shaded.io.netty.channel.ChannelHandlerContext;
import io.grpc.netty.shaded.io.netty.channel.ChannelInitializer;
import io.grpc.netty.shaded.io.netty.channel.ChannelOption;
import io.grpc.netty.shaded.io.netty.channel.EventLoopGroup;
import io.grpc.netty.shaded.io.netty.channel.SimpleChannelInboundHandler;
import io.grpc.netty.shaded.io.netty.channel.socket.nio.NioSocketChannel;
import io.grpc.netty.shaded.io.netty.handler.codec.LengthFieldBasedFrameDecoder;
import io.grpc.netty.shaded.io.netty.handler.flush.FlushConsolidationHandler;
import io.synod.client.ServerAddress;
import java.io.IOException;
import java.net.Socket;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/**
 * One session with one ZooKeeper server, in ZooKeeper's own protocol: requests leave without
 * waiting for answers, which come in the same order. A key is a node below the root; a linearizable
 * read is a sync and a read behind it.
 */
final class ZooKeeperCaller implements Caller {
  private static final int CREATE = 1;
  private static final int GET_DATA = 4;
  private static final int SET_DATA = 5;
  private static final int SYNC = 9;
  private static final int PING = 11;
  private static final int PING_XID = -2;
  private static final int NODE_EXISTS = -110;
  private static final int ALL_PERMISSIONS = 31;
  private static final int SESSION_MILLIS = 30_000;
  private static final int FRAME_BYTES = 4 << 20;
  private static final int CONNECT_SECONDS = 5;
  private static final int SOCKET_MILLIS = 2_000;

  private final Workload workload;
  private final Channel channel;

  /** In the order in which their answers come; the connection's thread. */
  private final ArrayDeque<Pending> pending = new ArrayDeque<>();

  private int xid;
  private boolean connected;

  private record Pending(Outcome outcome, boolean last, int forgiven) {}

  private ZooKeeperCaller(ServerAddress server, Workload workload, EventLoopGroup threads) {
    this.workload = workload;
    this.channel =
        new Bootstrap()
            .group(threads)
            .channel(NioSocketChannel.class)
            .option(ChannelOption.TCP_NODELAY, true)
            .handler(
                new ChannelInitializer<>() {
                  @Override
                  protected void initChannel(Channel opened) {
                    opened
                        .pipeline()
                        .addLast(new FlushConsolidationHandler(256, true))
                        .addLast(new LengthFieldBasedFrameDecoder(FRAME_BYTES, 0, 4, 0, 4))
                        .addLast(new Answers());
                  }
                })
            .connect(server.host(), server.port())
            .awaitUninterruptibly()
            .channel();
  }

  /**
   * Opens a session. Blocks until it is open.
   *
   * @throws IOException if the server does not take it
   */
  static ZooKeeperCaller open(ServerAddress server, Workload workload, EventLoopGroup threads)
      throws IOException {
    ZooKeeperCaller caller = new ZooKeeperCaller(server, workload, threads);
    var opened = new CompletableFuture<String>();
    caller.channel.eventLoop().execute(() -> caller.openSession(opened));
    try {
      String failure = opened.get(CONNECT_SECONDS, TimeUnit.SECONDS);
      if (!failure.isEmpty()) {
        throw new IOException(server + ": " + failure);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IOException(server + ": interrupted", e);
    } catch (ExecutionException | TimeoutException e) {
      throw new IOException(server + " opened no session", e);
    }
    return caller;
  }

  private void openSession(CompletableFuture<String> opened) {
    if (!channel.isActive()) {
      opened.complete("connection refused");
      return;
    }
    pending.add(
        new Pending(
            new Outcome() {
              @Override
              public void done() {
                opened.complete("");
              }

              @Override
              public void failed(String why) {
                opened.complete(why);
              }
            },
            true,
            0));
    ByteBuf out = channel.alloc().buffer();
    out.writeInt(0).writeInt(0).writeLong(0).writeInt(SESSION_MILLIS).writeLong(0);
    out.writeInt(16).writeZero(16);
    send(out);
    var unused =
        channel
            .eventLoop()
            .scheduleAtFixedRate(
                this::ping, SESSION_MILLIS / 3, SESSION_MILLIS / 3, TimeUnit.MILLISECONDS);
  }

  private void ping() {
    if (channel.isActive()) {
      send(channel.alloc().buffer().writeInt(0).writeInt(PING_XID).writeInt(PING));
    }
  }

  /** Makes the node of a key; done, too, if it is there. */
  void create(int key, Outcome outcome) {
    onLoop(
        () -> {
          ByteBuf out = header(CREATE);
          path(out, key);
          bytes(out, workload.value(key));
          out.writeInt(1).writeInt(ALL_PERMISSIONS);
          text(out, "world");
          text(out, "anyone");
          out.writeInt(0);
          request(out, new Pending(outcome, true, NODE_EXISTS));
        });
  }

  @Override
  public void put(int key, Outcome outcome) {
    onLoop(
        () -> {
          ByteBuf out = header(SET_DATA);
          path(out, key);
          bytes(out, workload.value(key));
          out.writeInt(-1);
          request(out, new Pending(outcome, true, 0));
        });
  }

  @Override
  public void get(int key, Outcome outcome) {
    onLoop(
        () -> {
          ByteBuf sync = header(SYNC);
          path(sync, key);
          request(sync, new Pending(outcome, false, 0));
          ByteBuf read = header(GET_DATA);
          path(read, key);
          read.writeBoolean(false);
          request(read, new Pending(outcome, true, 0));
        });
  }

  private void onLoop(Runnable task) {
    if (channel.eventLoop().inEventLoop()) {
      task.run();
    } else {
      channel.eventLoop().execute(task);
    }
  }

  private ByteBuf header(int type) {
    return channel.alloc().buffer().writeInt(0).writeInt(++xid).writeInt(type);
  }

  private void path(ByteBuf out, int key) {
    text(out, "/" + workload.key(key).toStringUtf8());
  }

  private static void text(ByteBuf out, String text) {
    byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
    out.writeInt(bytes.length).writeBytes(bytes);
  }

  private static void bytes(ByteBuf out, ByteString bytes) {
    out.writeInt(bytes.size());
    for (ByteBuffer part : bytes.asReadOnlyByteBufferList()) {
      out.writeBytes(part);
    }
  }

  private void request(ByteBuf out, Pending call) {
    if (!channel.isActive()) {
      out.release();
      if (call.last()) {
        call.outcome().failed("the connection is closed");
      }
      return;
    }
    pending.add(call);
    send(out);
  }

  private void send(ByteBuf out) {
    out.setInt(0, out.readableBytes() - 4);
    var unused = channel.writeAndFlush(out, channel.voidPromise());
  }

  @Override
  public void close() {
    var unused = channel.close();
  }

  private final class Answers extends SimpleChannelInboundHandler<ByteBuf> {
    @Override
    protected void channelRead0(ChannelHandlerContext context, ByteBuf answer) {
      int error = 0;
      if (connected) {
        int answered = answer.readInt();
        if (answered < 0) {
          return;
        }
        answer.readLong();
        error = answer.readInt();
      }
      connected = true;
      Pending call = pending.remove();
      if (!call.last()) {
        return;
      }
      if (error == 0 || error == call.forgiven()) {
        call.outcome().done();
      } else {
        call.outcome().failed("ZooKeeper's error " + error);
      }
    }

    @Override
    public void channelInactive(ChannelHandlerContext context) {
      while (!pending.isEmpty()) {
        Pending call = pending.remove();
        if (call.last()) {
          call.outcome().failed("the connection was closed");
        }
      }
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
      var unused = context.close();
    }
  }

  /**
   * Whether this server leads, as its command {@code srvr} says. Blocks.
   *
   * @throws IOException if it does not say
   */
  static boolean leads(ServerAddress server) throws IOException {
    try (Socket socket = new Socket(server.host(), server.port())) {
      socket.setSoTimeout(SOCKET_MILLIS);
      socket.getOutputStream().write("srvr".getBytes(StandardCharsets.US_ASCII));
      socket.getOutputStream().flush();
      String said = new String(socket.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
      return said.contains("Mode: leader");
    }
  }
}
