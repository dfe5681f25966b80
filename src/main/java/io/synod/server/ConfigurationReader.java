package io.synod.server;

import io.synod.node.ClientRequest.ReadMode;
import io.synod.node.NodeSettings.Snapshots;
import io.synod.paxos.Address;
import io.synod.paxos.ClusterId;
import io.synod.paxos.QuorumPolicy;
import io.synod.paxos.ServerId;
import io.synod.paxos.Slot;
import io.synod.paxos.SlotRange;
import io.synod.proto.ServerConfig;
import io.synod.server.Configuration.Disk;
import io.synod.server.Configuration.Limits;
import io.synod.server.Configuration.Listen;
import io.synod.server.Configuration.Storage;
import io.synod.server.Configuration.Timings;
import io.synod.store.RocksLibrary;
import io.synod.store.Session;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.UUID;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Checks a {@link ServerConfig} and fills in what it leaves out. */
final class ConfigurationReader {
  private static final long MINUTE_MILLIS = 60_000;
  private static final long LEAST_CACHE_MIB = 8;

  /** What may be under way at a coordinator. */
  private static final long QUEUES_MIB = 64;

  private static final long FLOOR_SEGMENTS = 12;
  private static final long LEAST_LOG_MIB = 4;
  private static final int LEAST_TOKEN_CHARACTERS = 8;
  private static final long WITNESS_LOG_MIB = 64;

  /** A witness's log may grow to some times its limit before the others know. */
  private static final long WITNESS_HEAP_SHARE = 8;

  private static final Pattern SLOTS = Pattern.compile("([0-9]{1,18})-([0-9]{1,18})");

  private final ServerConfig config;
  private final Optional<Path> home;

  /**
   * @param home the project's folder, in which data is kept unless the configuration says where
   */
  ConfigurationReader(ServerConfig config, Optional<Path> home) {
    this.config = config;
    this.home = home;
  }

  Configuration read() throws BadConfigurationException {
    Address clients = address(Setting.MY_ADDR, config.getMyAddr());
    Address servers = address(Setting.MY_PAXOS, config.getMyPaxos());
    if (clients.port() == servers.port()) {
      throw new BadConfigurationException(
          "my_addr and my_paxos have the same port "
              + clients.port()
              + ": clients and servers need one each");
    }
    List<Address> replicas = replicas();
    OwnPlace.checkList(replicas);
    OptionalInt given =
        config.hasServerId() ? OptionalInt.of(config.getServerId()) : OptionalInt.empty();
    ServerId server = OwnPlace.find(servers, replicas, given);
    checkWitness(server);
    return new Configuration(
        server,
        cluster(),
        replicas,
        new Listen(clients, servers),
        reachable(clients, replicas.get(server.number())),
        dataDirectory(clients.port()),
        readMode(),
        failRate(),
        bootstrapAvailable(),
        timings(),
        limits(dataDirectory(clients.port())),
        storage(),
        acceptedTornTail(),
        (int) number(Setting.PRIORITY, new Range(0, 0, 1_000)),
        config.getQuorum() == ServerConfig.Quorum.DYNAMIC
            ? QuorumPolicy.Mode.DYNAMIC
            : QuorumPolicy.Mode.MAJORITY,
        lastVoter(replicas.size()),
        clusterToken());
  }

  private ReadMode readMode() {
    return switch (config.getReadMode()) {
      case LINEARIZABLE, UNRECOGNIZED -> ReadMode.LINEARIZABLE;
      case LEASE -> ReadMode.LEASE;
      case LOCAL -> ReadMode.LOCAL;
    };
  }

  private List<Address> replicas() throws BadConfigurationException {
    if (config.getReplicaCount() == 0) {
      throw new BadConfigurationException(
          "replica is missing: name my_paxos of every server, as in replica:'"
              + config.getMyPaxos()
              + "'");
    }
    List<Address> replicas = new ArrayList<>();
    for (String replica : config.getReplicaList()) {
      replicas.add(address(Setting.REPLICA, replica));
    }
    return replicas;
  }

  private static Address address(Setting setting, String text) throws BadConfigurationException {
    if (text.isBlank()) {
      throw new BadConfigurationException(
          setting.fieldName()
              + " is missing: "
              + setting.help()
              + ", as in "
              + setting.fieldName()
              + (setting == Setting.MY_ADDR ? ":'localhost:8000'" : ":'localhost:9000'"));
    }
    try {
      return Address.parse(text);
    } catch (IllegalArgumentException e) {
      throw new BadConfigurationException(
          setting.fieldName() + " " + text + ": " + e.getMessage(), e);
    }
  }

  /** What to tell others: 0.0.0.0 is a place to listen, not one to call. */
  private static Address reachable(Address clients, Address ownReplica) {
    if (!clients.isEvery()) {
      return clients;
    }
    return new Address(ownReplica.isEvery() ? "localhost" : ownReplica.host(), clients.port());
  }

  private Path dataDirectory(int port) throws BadConfigurationException {
    if (!config.getDataDir().isBlank()) {
      try {
        return Path.of(config.getDataDir()).toAbsolutePath().normalize();
      } catch (InvalidPathException e) {
        throw new BadConfigurationException(
            "data_dir " + config.getDataDir() + ": " + e.getMessage(), e);
      }
    }
    return home.map(
            folder ->
                folder.toAbsolutePath().normalize().resolve("data").resolve(String.valueOf(port)))
        .orElseThrow(
            () ->
                new BadConfigurationException(
                    "data_dir is missing: name the folder for the data (./server knows one by itself)"));
  }

  private double failRate() throws BadConfigurationException {
    double rate = config.getFailRate();
    if (!(rate >= 0 && rate <= 1)) {
      throw new BadConfigurationException(
          "fail_rate " + rate + " is no chance: it is 0 (never) to 1 (always), as in 0.3");
    }
    return rate;
  }

  private boolean bootstrapAvailable() throws BadConfigurationException {
    if (config.getBootstrapAvailable() && !config.getNewCluster()) {
      throw new BadConfigurationException(
          "bootstrap_available without new_cluster: a majority that starts with empty directories would"
              + " found a second cluster beside one whose other servers are down; if there is none"
              + " yet, say so with new_cluster (--new-cluster), else leave bootstrap_available out");
    }
    if (config.getBootstrapAvailable() && storage() == Storage.MEMORY) {
      throw new BadConfigurationException(
          "bootstrap_available with storage memory: each start of such a server is that of a new one, so"
              + " that a majority that restarts would found a second cluster beside the servers that"
              + " hold the data; leave bootstrap_available out, and start all servers once");
    }
    return config.getBootstrapAvailable();
  }

  private Optional<ServerId> lastVoter(int replicas) throws BadConfigurationException {
    if (!config.hasLastVoter()) {
      return Optional.empty();
    }
    if (config.getQuorum() != ServerConfig.Quorum.DYNAMIC) {
      throw new BadConfigurationException(
          "last_voter is of quorum dynamic, where votes follow who is there: with a majority of all"
              + " voters no server votes alone");
    }
    return Optional.of(
        new ServerId((int) number(Setting.LAST_VOTER, new Range(0, 0, replicas - 1))));
  }

  private Optional<SlotRange> acceptedTornTail() throws BadConfigurationException {
    String text = config.getAcceptTornTail();
    if (text.isBlank()) {
      return Optional.empty();
    }
    Matcher range = SLOTS.matcher(text.strip());
    if (range.matches()) {
      long first = Long.parseLong(range.group(1));
      long last = Long.parseLong(range.group(2));
      if (first > 0 && first <= last) {
        return Optional.of(new SlotRange(new Slot(first), new Slot(last)));
      }
    }
    throw new BadConfigurationException(
        "accept_torn_tail " + text + " is no range of slots: it is FIRST-LAST, as in 26-97");
  }

  private Optional<ClusterId> cluster() throws BadConfigurationException {
    if (!config.hasClusterId()) {
      return Optional.empty();
    }
    try {
      return Optional.of(new ClusterId(UUID.fromString(config.getClusterId())));
    } catch (IllegalArgumentException e) {
      throw new BadConfigurationException(
          "cluster_id "
              + config.getClusterId()
              + " is no id of a cluster: STATUS and the log of its servers say it");
    }
  }

  private Optional<String> clusterToken() throws BadConfigurationException {
    String token = config.getClusterToken();
    if (!config.hasClusterToken()) {
      return Optional.empty();
    }
    boolean plain = token.chars().allMatch(c -> c > ' ' && c < 0x7f);
    if (token.length() < LEAST_TOKEN_CHARACTERS || !plain) {
      throw new BadConfigurationException(
          "cluster_token is no secret: it has at least "
              + LEAST_TOKEN_CHARACTERS
              + " printable ASCII characters and no space");
    }
    return Optional.of(token);
  }

  private Timings timings() throws BadConfigurationException {
    long ping = number(Setting.PING_INTERVAL_MILLIS, new Range(50, 1, MINUTE_MILLIS));
    long election =
        number(Setting.ELECTION_TIMEOUT_MILLIS, new Range(1_000, 3, 10 * MINUTE_MILLIS));
    if (election < 3 * ping) {
      throw new BadConfigurationException(
          "election_timeout_millis "
              + election
              + " is too short with pings every "
              + ping
              + " ms: it is at least three intervals, "
              + 3 * ping);
    }
    long standby =
        number(
            Setting.STANDBY_TIMEOUT_MILLIS,
            new Range(QuorumPolicy.USUAL_TIMEOUTS * election, 3, 60 * MINUTE_MILLIS));
    if (standby < election) {
      throw new BadConfigurationException(
          "standby_timeout_millis "
              + standby
              + " is shorter than the election timeout: who is silent counts as gone after "
              + election
              + " ms, and loses its vote then at the earliest");
    }
    long deadline =
        number(Setting.DEFAULT_DEADLINE_MILLIS, new Range(10_000, 1, 60 * MINUTE_MILLIS));
    return new Timings(ping, election, standby, deadline);
  }

  private void checkWitness(ServerId server) throws BadConfigurationException {
    if (!config.getWitness()) {
      if (config.hasWitnessLogMib()) {
        throw new BadConfigurationException(
            "witness_log_mib is of a witness, and this server is none: add witness (--witness), or"
                + " leave it out");
      }
      return;
    }
    if (server.number() == 0) {
      throw new BadConfigurationException(
          "witness: server 0 founds the cluster and is the first to coordinate, which a witness, having no"
              + " store, cannot: make another of the replicas the witness");
    }
    boolean kept = config.hasStorage() && config.getStorage() != ServerConfig.Storage.HEAP;
    if (kept) {
      throw new BadConfigurationException(
          "witness with storage "
              + config.getStorage()
              + ": a witness has no store, only its log, which it keeps on disk; leave storage out");
    }
  }

  private Storage storage() throws BadConfigurationException {
    if (config.getWitness()) {
      return Storage.WITNESS;
    }
    Storage storage =
        switch (config.getStorage()) {
          case HEAP, UNRECOGNIZED -> Storage.HEAP;
          case MEMORY -> Storage.MEMORY;
          case ROCKSDB -> Storage.ROCKSDB;
        };
    if (storage == Storage.ROCKSDB) {
      Optional<String> missing = RocksLibrary.missing();
      if (missing.isPresent()) {
        throw new BadConfigurationException(missing.get());
      }
    } else if (config.hasBlockCacheMib()) {
      throw new BadConfigurationException(
          "block_cache_mib is of storage rocksdb, and this server is to have storage " + storage);
    }
    return storage;
  }

  private Limits limits(Path dataDirectory) throws BadConfigurationException {
    int queue =
        (int) number(Setting.QUEUE_REQUESTS, new Range(16_384, 16, Session.WINDOW_SEQUENCES));
    if (Integer.bitCount(queue) != 1) {
      throw new BadConfigurationException(
          "queue_requests "
              + queue
              + " is not a power of two: the next one is "
              + (Integer.highestOneBit(queue) << 1));
    }
    int value =
        (int)
            number(Setting.VALUE_LIMIT_BYTES, new Range(Limits.VALUE_BYTES, 1, Limits.VALUE_BYTES));
    long segment = number(Setting.JOURNAL_SEGMENT_MIB, new Range(16, 1, 1024)) << 20;
    long heapMib = Runtime.getRuntime().maxMemory() >> 20;
    boolean isOnDisk = config.getStorage() == ServerConfig.Storage.ROCKSDB;
    long usualQuotaMib =
        isOnDisk ? (DiskFull.sizeBytes(dataDirectory) / 4) >> 20 : heapMib * safePercent() / 100;
    Range quotas = new Range(Math.max(1, usualQuotaMib), 1, 1 << 24);
    long quota = number(Setting.QUOTA_MIB, quotas) << 20;
    if (!isOnDisk) {
      checkQuota(quota >> 20, heapMib, safePercent());
    }
    Range caches = new Range(Math.max(LEAST_CACHE_MIB, heapMib / 4), LEAST_CACHE_MIB, 1 << 24);
    long cache = number(Setting.BLOCK_CACHE_MIB, caches) << 20;
    return new Limits(
        queue,
        Limits.KEY_BYTES,
        value,
        segment,
        quota,
        disk(dataDirectory, segment >> 20),
        cache,
        logBytes(heapMib),
        number(
                Setting.SNAPSHOT_MIB_PER_SECOND,
                new Range(Snapshots.USUAL_BYTES_A_SECOND >> 20, 1, 1 << 20))
            << 20,
        witnessLogBytes(heapMib));
  }

  private long witnessLogBytes(long heapMib) throws BadConfigurationException {
    long mostMib = Math.max(1, heapMib / WITNESS_HEAP_SHARE);
    return number(
            Setting.WITNESS_LOG_MIB, new Range(Math.min(WITNESS_LOG_MIB, mostMib), 1, mostMib))
        << 20;
  }

  /**
   * Room for what is under way when it gets short, for some segments of the log, and for what a
   * database writes before it can delete; but no large part of a small file system.
   */
  private Disk disk(Path dataDirectory, long segmentMib) throws BadConfigurationException {
    long wantedMib = QUEUES_MIB + FLOOR_SEGMENTS * segmentMib;
    long fileSystemMib = DiskFull.sizeBytes(dataDirectory) >> 20;
    long usualMib = fileSystemMib == 0 ? wantedMib : Math.min(wantedMib, fileSystemMib / 10);
    long floorMib = number(Setting.DISK_FLOOR_MIB, new Range(Math.max(1, usualMib), 0, 1 << 24));
    long warnMib = number(Setting.DISK_WARN_MIB, new Range(2 * floorMib, 0, 1 << 25));
    if (warnMib < floorMib) {
      throw new BadConfigurationException(
          "disk_warn_mib "
              + warnMib
              + " is less than disk_floor_mib "
              + floorMib
              + ": the warning comes before puts are refused");
    }
    return new Disk(warnMib << 20, floorMib << 20);
  }

  /** The log is in memory, whatever holds the state. */
  private long logBytes(long heapMib) throws BadConfigurationException {
    long usual = (Snapshots.USUAL_TIMES * PartSettings.snapshotEveryBytes()) >> 20;
    long log =
        number(Setting.LOG_MIB, new Range(Math.max(LEAST_LOG_MIB, usual), LEAST_LOG_MIB, 1 << 24));
    if (log > heapMib / 2 && config.hasLogMib()) {
      throw new BadConfigurationException(
          "log_mib "
              + log
              + " does not fit into the heap of "
              + heapMib
              + " MiB, which holds the log beside all else: give at most half of that, "
              + heapMib / 2
              + ", or a larger heap (SYNOD_HEAP_MIB)");
    }
    return log << 20;
  }

  private int safePercent() {
    boolean inMemory = config.getStorage() == ServerConfig.Storage.MEMORY;
    return (inMemory ? Storage.MEMORY : Storage.HEAP).safeQuotaPercent();
  }

  /** What the store may hold is in the heap, with all else that a server needs. */
  private static void checkQuota(long quotaMib, long heapMib, int safePercent)
      throws BadConfigurationException {
    if (quotaMib >= heapMib) {
      throw new BadConfigurationException(
          "quota_mib "
              + quotaMib
              + " does not fit into the heap of "
              + heapMib
              + " MiB, which holds the store: give at most "
              + Math.max(1, heapMib * safePercent / 100)
              + ", "
              + safePercent
              + " % of the heap, or a larger heap (SYNOD_HEAP_MIB)");
    }
  }

  /** What a whole number may be, and what it is if nothing is said. */
  private record Range(long usual, long least, long most) {}

  private long number(Setting setting, Range range) throws BadConfigurationException {
    if (!config.hasField(setting.field())) {
      return range.usual();
    }
    long value = Integer.toUnsignedLong((Integer) config.getField(setting.field()));
    if (value < range.least() || value > range.most()) {
      throw new BadConfigurationException(
          setting.fieldName()
              + " "
              + value
              + " is out of range: it is "
              + range.least()
              + " to "
              + range.most());
    }
    return value;
  }
}
