package io.synod.client;

import io.grpc.ConnectivityState;
import io.grpc.ManagedChannel;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * The connections to the servers, each made when it is first needed, and which one is preferred.
 */
final class Connections {
  private final List<Connection> all = new ArrayList<>();
  private final AtomicInteger preferred = new AtomicInteger();

  Connections(List<ServerAddress> servers, ChannelFactory factory) {
    for (ServerAddress server : servers) {
      all.add(new Connection(server, factory));
    }
  }

  int size() {
    return all.size();
  }

  /** Which server to begin with. */
  int preferred() {
    return preferred.get();
  }

  /** The server at this place, counted around. */
  Connection at(int place) {
    return all.get(place % all.size());
  }

  /** The connection to one of the servers. */
  Connection to(ServerAddress server) {
    return all.stream()
        .filter(each -> each.server().equals(server))
        .findFirst()
        .orElseThrow(() -> new IllegalArgumentException(server + " is none of this client's"));
  }

  /** The server at this place did not answer: later calls begin with the next one. */
  void avoid(int place) {
    preferred.compareAndSet(place % all.size(), (place + 1) % all.size());
  }

  void close() {
    all.forEach(Connection::close);
  }

  /** A server and the channel to it. Thread-safe. */
  static final class Connection {
    private final ServerAddress server;
    private final ChannelFactory factory;
    private ManagedChannel channel;
    private boolean closed;
    private final OperationStream stream = new OperationStream(this::channel);

    /** Whether the server is older than streams. */
    private volatile boolean withoutStream;

    private Connection(ServerAddress server, ChannelFactory factory) {
      this.server = server;
      this.factory = factory;
      this.channel = factory.open(server);
    }

    ServerAddress server() {
      return server;
    }

    /**
     * The channel. One that failed to connect would refuse calls until its back-off is over, which
     * grows to minutes: a fresh one takes its place, and connects at once.
     */
    synchronized ManagedChannel channel() {
      if (!closed && channel.getState(false) == ConnectivityState.TRANSIENT_FAILURE) {
        channel.shutdown();
        channel = factory.open(server);
      }
      return channel;
    }

    /** For many operations on one call; empty if the server knows of no such call. */
    Optional<OperationStream> stream() {
      return withoutStream ? Optional.empty() : Optional.of(stream);
    }

    /** The server knows of no such call. */
    void onNoStream() {
      withoutStream = true;
    }

    private synchronized void close() {
      closed = true;
      channel.shutdownNow();
    }
  }
}
