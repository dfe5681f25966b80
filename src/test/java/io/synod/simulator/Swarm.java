package io.synod.simulator;

import io.synod.node.NodeSettings;
import io.synod.paxos.Address;
import io.synod.paxos.ClusterId;
import io.synod.paxos.PaxosSettings;
import io.synod.paxos.QuorumPolicy;
import io.synod.paxos.ServerId;
import java.util.EnumSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.stream.Collectors;

/**
 * What one seed means: the size of the cluster, its timings, its workload, and which faults come
 * how often. Every figure is drawn whether its fault is on or not, so that switching one off leaves
 * the rest as it was.
 */
final class Swarm {
  static final long MICRO = 1_000;
  static final long MILLI = 1_000_000;
  static final long SECOND = 1_000_000_000;

  /** The first seeds, of which most mutants are noted to be killed, mean what they meant. */
  private static final int MAJORITY_SEEDS = 100;

  /** The same for voters that are three at least. */
  private static final int THREE_VOTERS_SEEDS = 300;

  /** The same for reads under leases. */
  private static final int NO_LEASE_SEEDS = 120;

  /**
   * The same for writes that the disk reports as done and does not make, and for clients that ask
   * again.
   */
  private static final int HONEST_DISK_SEEDS = 125;

  /** The same for releases. */
  private static final int ONE_RELEASE_SEEDS = 150;

  /** The same for rows that are in files of an engine. */
  private static final int HEAP_SEEDS = 130;

  /** The same for servers without a store. */
  private static final int NO_WITNESS_SEEDS = 130;

  /** In scripted runs. */
  static final long PLAIN_WITNESS_LOG_BYTES = 64 << 10;

  private static final int[] PACES = {1, 1, 2, 2, 4, 10};

  final long seed;
  final Set<Fault> faults;
  final long faultsEndNanos;

  final int servers;
  final long pingIntervalNanos;
  final long electionTimeoutNanos;
  final int pipelineSlots;
  final int messageBytes;

  /**
   * Whether messages go in streams: in order and whole until the stream breaks, as production's do.
   */
  final boolean streams;

  final boolean holdsCutMessages;
  final long delayNanos;
  final double lossRate;
  final double duplicationRate;
  final double reorderingRate;

  final long syncNanos;
  final double driftRate;

  /** How often a fault that comes at a moment comes, on average. */
  final long faultEveryNanos;

  final long requestEveryNanos;
  final int clients;
  final int keys;
  final double readShare;
  final int valueBytes;
  final int snapshotEverySlots;

  /** How long the log is kept for a member that is not heard. */
  final long helpNanos;

  final int segmentBytes;
  final int batchBytes;
  final int batchCommands;
  final int queueRequests;
  final long requestTimeoutNanos;

  /** Whether damage keeps to a minority of the disks, so that a good copy of all remains. */
  final boolean plansDamage;

  /** Which disks may be damaged, by server. */
  private final boolean[] damageable;

  /** How large the log of a witness may grow. */
  final long witnessLogBytes;

  private Swarm(
      long seed, Set<Fault> faults, long faultsEndNanos, int pace, SplittableRandom random) {
    this.seed = seed;
    this.faults = faults;
    this.faultsEndNanos = faultsEndNanos;
    int[] sizes = {1, 2, 3, 3, 3, 4, 5, 5, 5, 5, 6, 7};
    this.servers = sizes[random.nextInt(sizes.length)];
    long[] intervals = {20, 50, 50, 50, 100};
    this.pingIntervalNanos = pace * intervals[random.nextInt(intervals.length)] * MILLI;
    this.electionTimeoutNanos = pingIntervalNanos * (4 + random.nextInt(8));
    int[] pipelines = {1, 2, 4, 8, 64};
    this.pipelineSlots = pipelines[random.nextInt(pipelines.length)];
    this.messageBytes = random.nextBoolean() ? 1 << 20 : 400 + random.nextInt(2000);
    this.streams = random.nextInt(3) > 0;
    this.holdsCutMessages = random.nextBoolean();
    this.delayNanos = pace * Randoms.logUniform(random, 50 * MICRO, 30 * MILLI);
    this.lossRate = random.nextDouble() * 0.3;
    this.duplicationRate = random.nextDouble() * 0.5;
    this.reorderingRate = random.nextDouble() * 0.3;
    this.syncNanos = pace * Randoms.logUniform(random, 20 * MICRO, 20 * MILLI);
    this.driftRate = random.nextDouble() * 0.05;
    this.faultEveryNanos = pace * Randoms.logUniform(random, 100 * MILLI, 3 * SECOND);
    this.requestEveryNanos = pace * Randoms.logUniform(random, 2 * MILLI, 200 * MILLI);
    this.clients = 1 + random.nextInt(6);
    this.keys = 1 + random.nextInt(8);
    this.readShare = random.nextDouble() * 0.8;
    this.valueBytes = random.nextInt(4) == 0 ? 400 : 20;
    this.snapshotEverySlots = (int) Randoms.logUniform(random, 5, 200);
    this.segmentBytes = 8 * (int) Randoms.logUniform(random, 2_048, 16_384);
    this.batchBytes = (int) Randoms.logUniform(random, 200, 1 << 20);
    this.batchCommands = (int) Randoms.logUniform(random, 1, 1_000);
    this.queueRequests = 4 << random.nextInt(8);
    this.requestTimeoutNanos = Randoms.logUniform(random, 1, 20) * electionTimeoutNanos / 4;
    this.helpNanos =
        Randoms.logUniform(new Randoms(seed).of("help"), electionTimeoutNanos, 60 * SECOND);
    this.plansDamage = random.nextInt(6) > 0;
    this.damageable = new boolean[servers];
    int count = plansDamage ? (servers - 1) / 2 : servers;
    for (int first = random.nextInt(servers), i = 0; i < count; i++) {
      damageable[(first + i) % servers] = true;
    }
    SplittableRandom ofWitness = new Randoms(seed).of("witness log");
    this.witnessLogBytes = Randoms.logUniform(ofWitness, 64 << 10, 1 << 20);
    if (plansDamage && hasWitness()) {
      // What a voter lacks that was away, one other and the witnesses hold alone.
      for (int i = 0; i < servers; i++) {
        damageable[i] = isWitness(i);
      }
    }
  }

  /** Usual timings: for scripted runs. */
  private Swarm(long seed, int servers, Set<Fault> faults) {
    this.seed = seed;
    this.faults = faults;
    this.faultsEndNanos = 0;
    this.servers = servers;
    this.pingIntervalNanos = 50 * MILLI;
    this.electionTimeoutNanos = 500 * MILLI;
    this.pipelineSlots = 64;
    this.messageBytes = 1 << 20;
    this.streams = true;
    this.holdsCutMessages = false;
    this.delayNanos = MILLI;
    this.lossRate = 0;
    this.duplicationRate = 0;
    this.reorderingRate = 0;
    this.syncNanos = MILLI;
    this.driftRate = 0;
    this.faultEveryNanos = SECOND;
    this.requestEveryNanos = 10 * MILLI;
    this.clients = 1;
    this.keys = 1;
    this.readShare = 0;
    this.valueBytes = 20;
    this.snapshotEverySlots = 100;
    this.helpNanos = NodeSettings.Snapshots.USUAL_HELP_NANOS;
    this.segmentBytes = 1 << 16;
    this.batchBytes = 1 << 20;
    this.batchCommands = 4_096;
    this.queueRequests = 1_024;
    this.requestTimeoutNanos = 2 * SECOND;
    this.plansDamage = true;
    this.damageable = new boolean[servers];
    this.witnessLogBytes = PLAIN_WITNESS_LOG_BYTES;
  }

  /** A cluster of this size without faults: for scripted runs. */
  static Swarm plain(long seed, int servers) {
    return new Swarm(seed, servers, EnumSet.noneOf(Fault.class));
  }

  /** As {@link #plain}, with voters that follow who is there. */
  static Swarm plainDynamic(long seed, int servers) {
    return new Swarm(seed, servers, EnumSet.of(Fault.DYNAMIC_QUORUM));
  }

  /** As {@link #plainDynamic}, with one of them that votes alone beside one other. */
  static Swarm plainWithLastVoter(long seed, int servers) {
    return new Swarm(seed, servers, EnumSet.of(Fault.DYNAMIC_QUORUM, Fault.LAST_VOTER));
  }

  /** As {@link #plain}, with a small log, so that snapshots are taken. */
  static Swarm plainWithSnapshots(long seed, int servers) {
    return new Swarm(seed, servers, EnumSet.of(Fault.SNAPSHOT));
  }

  /** The same on servers of which all keep their rows in files of an engine, or some. */
  Swarm withEngines() {
    EnumSet<Fault> more = EnumSet.of(Fault.ENGINE_FILES);
    more.addAll(faults);
    return new Swarm(seed, servers, more);
  }

  /** As {@link #plainWithSnapshots}; the last server is a witness. */
  static Swarm plainWithWitness(long seed, int servers) {
    return new Swarm(seed, servers, EnumSet.of(Fault.SNAPSHOT, Fault.WITNESS));
  }

  /** What this seed means. */
  static Swarm of(long seed) {
    SplittableRandom classes = new Randoms(seed).of("faults");
    EnumSet<Fault> faults = EnumSet.noneOf(Fault.class);
    // Some seeds have no fault at all, some only a few, some nearly all.
    double share = classes.nextInt(20) == 0 ? 0 : classes.nextDouble();
    for (Fault fault : EnumSet.range(Fault.LOSS, Fault.SNAPSHOT)) {
      boolean drawn = classes.nextDouble() < share;
      if (drawn && (fault != Fault.SILENT_WRITE || seed > HONEST_DISK_SEEDS)) {
        faults.add(fault);
      }
    }
    if (seed > MAJORITY_SEEDS && new Randoms(seed).of("quorum").nextInt(3) == 0) {
      faults.add(Fault.DYNAMIC_QUORUM);
      if (seed > THREE_VOTERS_SEEDS && new Randoms(seed).of("last voter").nextBoolean()) {
        faults.add(Fault.LAST_VOTER);
      }
    }
    if (seed > NO_LEASE_SEEDS && new Randoms(seed).of("leases").nextInt(3) == 0) {
      faults.add(Fault.LEASE_READS);
    }
    if (seed > HONEST_DISK_SEEDS && new Randoms(seed).of("client retries").nextBoolean()) {
      faults.add(Fault.CLIENT_RETRIES);
    }
    if (seed > ONE_RELEASE_SEEDS && new Randoms(seed).of("releases").nextInt(3) == 0) {
      faults.add(Fault.UPGRADE);
    }
    if (seed > HEAP_SEEDS) {
      addOfEngines(seed, share, faults);
    }
    if (seed > NO_WITNESS_SEEDS && new Randoms(seed).of("witness").nextInt(4) == 0) {
      faults.add(Fault.WITNESS);
    }
    long seconds = 4L + classes.nextInt(16);
    return of(seed, faults, pace(seed) * seconds * SECOND);
  }

  private static void addOfEngines(long seed, double share, Set<Fault> faults) {
    SplittableRandom engines = new Randoms(seed).of("engines");
    if (engines.nextInt(3) > 0) {
      faults.add(Fault.ENGINE_FILES);
      if (engines.nextDouble() < 2 * share) {
        faults.add(Fault.ENGINE_DAMAGE);
      }
    }
  }

  private static Swarm of(long seed, Set<Fault> faults, long faultsEndNanos) {
    return new Swarm(seed, faults, faultsEndNanos, pace(seed), new Randoms(seed).of("swarm"));
  }

  /**
   * By what all times are multiplied: some clusters are in one room, some span continents. The
   * servers' own constants are not, so that they meet round trips of all lengths.
   */
  private static int pace(long seed) {
    return PACES[new Randoms(seed).of("pace").nextInt(PACES.length)];
  }

  /** The same without some faults. */
  Swarm without(Set<Fault> dropped) {
    EnumSet<Fault> fewer = EnumSet.noneOf(Fault.class);
    fewer.addAll(faults);
    fewer.removeAll(dropped);
    return of(seed, fewer, faultsEndNanos);
  }

  /** The same with the faults ending at another time. */
  Swarm endingAt(long nanos) {
    return of(seed, faults, nanos);
  }

  boolean has(Fault fault) {
    return faults.contains(fault);
  }

  /** Whether any server is a witness. */
  boolean hasWitness() {
    return has(Fault.WITNESS) && servers >= 3;
  }

  /** Whether this server is one: the last, or of five or more the last two. */
  boolean isWitness(int server) {
    boolean two = servers >= 5 && new Randoms(seed).of("witnesses").nextBoolean();
    return hasWitness() && server >= servers - (two ? 2 : 1);
  }

  /** What the servers do about members that are silent. */
  QuorumPolicy quorum() {
    return quorum(has(Fault.DYNAMIC_QUORUM));
  }

  /**
   * What a server is started with.
   *
   * @param random its own; two numbers are taken
   */
  PaxosSettings settings(
      ServerLife life,
      List<Address> listed,
      SplittableRandom random,
      int priority,
      boolean dynamic) {
    ServerId id = life.server();
    return new PaxosSettings(
            id,
            life.incarnation(),
            listed,
            new Address("client", 8000 + id.number()),
            new ClusterId(Randoms.uuid(random)),
            random.nextLong(),
            pingIntervalNanos,
            electionTimeoutNanos,
            pipelineSlots,
            messageBytes,
            priority)
        .withQuorum(quorum(dynamic));
  }

  /** What a server does that is set in this way. */
  QuorumPolicy quorum(boolean dynamic) {
    int timeouts = 1 + new Randoms(seed).of("standby").nextInt(3);
    return new QuorumPolicy(
        dynamic ? QuorumPolicy.Mode.DYNAMIC : QuorumPolicy.Mode.MAJORITY,
        timeouts * electionTimeoutNanos,
        dynamic && has(Fault.LAST_VOTER)
            ? Optional.of(new ServerId(new Randoms(seed).of("who is last").nextInt(servers)))
            : Optional.empty());
  }

  /**
   * Whether this server keeps its rows in files of an engine: of some clusters all do, of others
   * one or more.
   */
  boolean keepsRows(int server) {
    SplittableRandom engines = new Randoms(seed).of("servers' engines");
    boolean all = engines.nextBoolean();
    long mixed = engines.nextLong();
    boolean one = server == Math.floorMod(seed, servers);
    return has(Fault.ENGINE_FILES) && (all || one || (mixed >>> server & 1) == 1);
  }

  /** Whether this server's disk may be damaged. */
  boolean isDamageable(int server) {
    return damageable[server];
  }

  /** Whether any fault is on that destroys what was durable. */
  boolean damages() {
    return faults.stream().anyMatch(Fault::damages);
  }

  /** The options of {@code scripts/simulate} that give this swarm again. */
  String options() {
    Swarm usual = of(seed);
    EnumSet<Fault> without = EnumSet.noneOf(Fault.class);
    without.addAll(usual.faults);
    without.removeAll(faults);
    StringBuilder text = new StringBuilder("--seed ").append(seed);
    if (!without.isEmpty()) {
      text.append(" --without ");
      text.append(without.stream().map(Fault::name).collect(Collectors.joining(",")));
    }
    if (faultsEndNanos != usual.faultsEndNanos) {
      text.append(" --until ").append(faultsEndNanos / MILLI);
    }
    return text.toString();
  }

  /** How long the servers of a healed quorum may take until they work together again. */
  long settleNanos() {
    return 40 * electionTimeoutNanos + 400 * (delayNanos + syncNanos) + 2 * SECOND;
  }

  @Override
  public String toString() {
    return String.format(
        "seed %d: %d servers, ping %d ms, election timeout %d ms, pipeline %d, delay %d us,"
            + " sync %d us, %s, faults until %d ms: %s",
        seed,
        servers,
        pingIntervalNanos / MILLI,
        electionTimeoutNanos / MILLI,
        pipelineSlots,
        delayNanos / MICRO,
        syncNanos / MICRO,
        streams ? "streams" : "datagrams",
        faultsEndNanos / MILLI,
        faults);
  }
}
