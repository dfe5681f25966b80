package io.synod.cli;

import io.grpc.netty.shaded.io.netty.channel.EventLoopGroup;
import io.synod.client.ClientSettings;
import io.synod.client.ClusterStatus;
import io.synod.client.MemberState;
import io.synod.client.ServerAddress;
import io.synod.client.SynodClient;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.OptionalInt;

/**
 * What is measured.
 *
 * @param name in tables and charts
 * @param pids the servers' processes, whose processor time is counted; may be empty
 */
record BenchSystem(String name, Kind kind, List<ServerAddress> servers, List<Long> pids) {

  /** What it speaks. */
  enum Kind {
    /** This project's calls, answered by nothing. */
    ECHO,
    SYNOD,
    /** The same with reads under the coordinator's lease. */
    SYNOD_LEASE,
    /** The same on a call that carries many operations. */
    SYNOD_STREAM,
    ETCD,
    ZOOKEEPER
  }

  /**
   * Reads {@code NAME=KIND@HOST:PORT,...[+PID,...]}.
   *
   * @throws WrongInputException saying what is wrong
   */
  static BenchSystem parse(String text) throws WrongInputException {
    int equals = text.indexOf('=');
    int at = text.indexOf('@');
    if (equals < 1 || at < equals) {
      throw new WrongInputException(
          "--system is NAME=synod|synod_lease|synod_stream|etcd|zookeeper@HOST:PORT,...[+PID,...], not '"
              + text
              + "'");
    }
    String[] rest = text.substring(at + 1).split("\\+", 2);
    List<Long> pids = new ArrayList<>();
    try {
      Kind kind = Kind.valueOf(text.substring(equals + 1, at).toUpperCase(Locale.ROOT));
      if (rest.length == 2) {
        for (String pid : rest[1].split(",", -1)) {
          pids.add(Long.parseLong(pid));
        }
      }
      return new BenchSystem(
          text.substring(0, equals), kind, ServerAddress.parseList(rest[0]), List.copyOf(pids));
    } catch (IllegalArgumentException e) {
      throw new WrongInputException("--system " + text + ": " + e.getMessage(), e);
    }
  }

  /** Where calls go that are to be made through the coordinator alone. Blocks. */
  List<ServerAddress> coordinator() throws IOException {
    switch (kind) {
      case ECHO -> {
        return servers;
      }
      case SYNOD, SYNOD_LEASE, SYNOD_STREAM -> {
        return List.of(synodCoordinator());
      }
      case ETCD, ZOOKEEPER -> {
        for (ServerAddress server : servers) {
          if (kind == Kind.ETCD ? Etcd.leads(server) : ZooKeeperCaller.leads(server)) {
            return List.of(server);
          }
        }
      }
    }
    throw new IOException("none of the servers of " + name + " leads");
  }

  private ServerAddress synodCoordinator() throws IOException {
    try (SynodClient client = SynodClient.of(ClientSettings.usual(servers))) {
      ClusterStatus status = client.status();
      return status.members().stream()
          .filter(m -> status.coordination().coordinatorId().equals(OptionalInt.of(m.serverId())))
          .findFirst()
          .map(MemberState::clientAddress)
          .map(ServerAddress::parse)
          .orElseThrow(() -> new IOException("none of the servers of " + name + " coordinates"));
    }
  }

  /** Whether it is this project's store. */
  boolean isSynod() {
    return switch (kind) {
      case SYNOD, SYNOD_LEASE, SYNOD_STREAM -> true;
      case ECHO, ETCD, ZOOKEEPER -> false;
    };
  }

  /** Opens one connection to a server of it. */
  Caller open(ServerAddress server, Workload workload, EventLoopGroup threads) throws IOException {
    return switch (kind) {
      case ECHO, SYNOD -> GrpcCaller.toStore(server, workload);
      case SYNOD_LEASE -> GrpcCaller.underLease(server, workload);
      case SYNOD_STREAM -> StreamCaller.open(server, workload);
      case ETCD -> Etcd.caller(server, workload);
      case ZOOKEEPER -> ZooKeeperCaller.open(server, workload, threads);
    };
  }
}
