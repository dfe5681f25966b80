package io.synod.server;

import io.grpc.ServerInterceptors;
import io.grpc.ServerServiceDefinition;
import io.grpc.netty.shaded.io.netty.channel.SingleThreadEventLoop;
import io.synod.journal.Disk;
import io.synod.journal.DurableLog;
import io.synod.journal.FileDisk;
import io.synod.journal.Finding;
import io.synod.journal.Journal;
import io.synod.journal.JournalOwner;
import io.synod.journal.JournalSettings;
import io.synod.journal.JournalThread;
import io.synod.journal.MemoryDisk;
import io.synod.journal.MemoryLog;
import io.synod.journal.OpenedJournal;
import io.synod.node.DriverLoop;
import io.synod.node.Node;
import io.synod.node.NodeSettings;
import io.synod.node.NodeStatus;
import io.synod.node.Surroundings;
import io.synod.paxos.Address;
import io.synod.paxos.Ballot;
import io.synod.paxos.ClusterId;
import io.synod.paxos.Founding;
import io.synod.paxos.Incarnation;
import io.synod.paxos.Member;
import io.synod.paxos.Notice;
import io.synod.paxos.Paxos;
import io.synod.paxos.PaxosSettings;
import io.synod.paxos.QuorumPolicy;
import io.synod.paxos.Recovered;
import io.synod.paxos.ServerId;
import io.synod.paxos.Slot;
import io.synod.store.EngineFailedException;
import io.synod.store.KeyValueStore;
import io.synod.store.RocksStorage;
import io.synod.store.Snapshots;
import io.synod.transport.PeerListener;
import io.synod.transport.PeerMessage;
import io.synod.transport.grpc.CoordinatorSource.KnownCoordinator;
import io.synod.transport.grpc.GrpcPeerNetwork;
import io.synod.transport.grpc.NetworkThreads;
import io.synod.transport.grpc.PeerNetworkSettings;
import java.io.IOException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.UUID;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The parts of a server, put together: started once, stopped once. */
final class SynodServer {
  private static final Logger LOG = LoggerFactory.getLogger(SynodServer.class);

  /**
   * From this many processors on, the clients' connections have threads of their own; with fewer,
   * handing calls from thread to thread costs more than a second thread gives.
   */
  private static final int PROCESSORS_FOR_CLIENT_THREADS = 4;

  private static final int MOST_CLIENT_THREADS = 4;
  private static final int PIPELINE_SLOTS = 64;
  private static final long TICK_MILLIS = 50;

  /**
   * How long calls under way may go on when the server stops, and then how long each part may take
   * to end.
   */
  private static final long DRAIN_MILLIS = 1_000;

  /** How long the next coordinator may take to be one, while this server still serves. */
  private static final long HAND_OVER_MILLIS = 1_000;

  private static final long HAND_OVER_LOOK_NANOS = 2_000_000;

  private static final long PART_MILLIS = 500;

  private final Configuration configuration;
  private final Ending ending;
  private final Consumer<SynodServer> onStartAnew;
  private final Optional<StateFile> stateFile =
      Optional.ofNullable(System.getProperty("synod.state")).map(Path::of).map(StateFile::new);
  private final NoticeLog notices = new NoticeLog();
  private final NetworkThreads threads = NetworkThreads.start(1, "synod-driver");
  private final DriverLoop driver;

  /** Whether its log says which cluster it is of. */
  private volatile boolean isOpen;

  private volatile @Nullable Node node;
  private @Nullable Disk disk;
  private @Nullable JournalThread journal;
  private @Nullable ScrubThread scrub;
  private @Nullable Snapshots snapshots;
  private volatile @Nullable KeyValueStore store;
  private @Nullable NetworkThreads clientThreads;
  private @Nullable GrpcPeerNetwork network;
  private @Nullable ClientServer clients;
  private final ExecutorService background =
      Executors.newSingleThreadExecutor(work -> daemon(work, "synod-background"));

  /** Writes a file now and then, which the driver must not wait for. */
  private final ScheduledExecutorService ticks =
      Executors.newSingleThreadScheduledExecutor(work -> daemon(work, "synod-readiness"));

  private final ExecutorService operators = AdminService.threads();

  private static Thread daemon(Runnable work, String name) {
    Thread thread = new Thread(work, name);
    thread.setDaemon(true);
    return thread;
  }

  /**
   * Why a server must end at once.
   *
   * @param state of the node, for a person to read
   * @param diskFull what to do, if nothing is wrong but a full disk
   */
  record Failure(
      String what, boolean ofDisk, Throwable cause, String state, Optional<String> diskFull) {}

  /** Who is told why a server must end. Neither of them returns. */
  interface Ending {
    /** Something failed. */
    void failed(Failure failure);

    /**
     * The configuration does not fit what the others say.
     *
     * @param why for a person to read
     */
    void misconfigured(String why);
  }

  /**
   * @param ending told, by any thread, of what the server must not go on after
   * @param onStartAnew told, by any thread, that the server has to be stopped and started anew, to
   *     join as a new incarnation; returns at once
   */
  SynodServer(Configuration configuration, Ending ending, Consumer<SynodServer> onStartAnew) {
    this.configuration = configuration;
    this.ending = ending;
    this.onStartAnew = onStartAnew;
    SingleThreadEventLoop loop = (SingleThreadEventLoop) threads.loop();
    this.driver = new DriverLoop(loop, loop::executeAfterEventLoopIteration, this::onDriverFailed);
  }

  private void onDriverFailed(Throwable e) {
    if (e instanceof EngineFailedException failed && failed.isDamage()) {
      distrust(String.valueOf(failed.getMessage()));
    }
    fail("the driver failed", e instanceof EngineFailedException, e);
  }

  /** The next start throws the database away, and fetches what was in it. */
  private void distrust(String why) {
    KeyValueStore present = store;
    try {
      if (present != null) {
        present.distrust(why);
      }
    } catch (IOException e) {
      LOG.error("the database could not be marked as damaged", e);
    }
  }

  private void fail(String what, boolean ofDisk, Throwable cause) {
    Optional<String> diskFull =
        ofDisk ? DiskFull.advice(configuration.dataDirectory(), cause) : Optional.empty();
    ending.failed(new Failure(what, ofDisk, cause, status().toString(), diskFull));
  }

  // ---- starting ---------------------------------------------------------------------------------

  /**
   * Starts all of it. Blocks until it listens; the store may answer later.
   *
   * @throws IOException saying what could not be used: a port, the data directory
   */
  synchronized void start() throws IOException {
    LOG.info(
        "server {} of {}: version {}, Java {}, heap {} MiB, process {}, data in {}",
        configuration.server().number(),
        configuration.replicas().size(),
        Version.text(),
        Runtime.version(),
        Runtime.getRuntime().maxMemory() >> 20,
        ProcessHandle.current().pid(),
        configuration.storage() == Configuration.Storage.MEMORY
            ? "memory only"
            : configuration.dataDirectory());
    warnOfQuota();
    NetworkThreads forClients = clientThreads();
    Outboxes outboxes = new Outboxes(forClients.group());
    Kept opened = openKept();
    isOpen = opened.recovered().opened();
    PaxosSettings identity = identity(opened.incarnation());
    if (configuration.bootstrapAvailable() && opened.recovered().opened()) {
      LOG.info("bootstrap_available has no effect any more: the directory belongs to a cluster");
    }
    if (!isOpen && configuration.cluster().isPresent()) {
      LOG.info(
          "waiting for a server of cluster {}: this one founds none, as cluster_id says",
          configuration.cluster().get());
    }
    LatePeerListener listener = new LatePeerListener();
    GrpcPeerNetwork peers =
        new GrpcPeerNetwork(
            peerSettings(identity, opened.recovered()), listener, this::coordinator, threads);
    network = peers;
    Node driven = makeNode(identity, opened, peers, outboxes);
    node = driven;
    listener.node = driven;
    if (opened.log() instanceof Journal written) {
      JournalThread writer =
          new JournalThread(written, "writer", e -> fail("the journal failed", true, e));
      journal = writer;
      written.onDurable(driver::wake);
      writer.start();
      ScrubThread scrubbing =
          new ScrubThread(
              new ScrubThread.Scrubbed(
                  written, Objects.requireNonNull(snapshots), Objects.requireNonNull(store)),
              driven,
              () -> onStartAnew.accept(this));
      scrub = scrubbing;
      scrubbing.start();
    }
    ServerServiceDefinition cluster = clusterService(driven, peers, identity);
    peers.addService(cluster);
    peers.start();
    clients = startClients(driven, outboxes, forClients, cluster);
    driver.start(() -> driven.turn(System.nanoTime()), driven::restNanos, driven::stop);
    Readiness readiness =
        new Readiness(
            driven::submit,
            this::status,
            System::nanoTime,
            new Listener(Objects.requireNonNull(clients)));
    ScheduledFuture<?> unused =
        ticks.scheduleWithFixedDelay(readiness::tick, 0, TICK_MILLIS, TimeUnit.MILLISECONDS);
  }

  private void warnOfQuota() {
    long quota = configuration.limits().quotaBytes();
    long heap = Runtime.getRuntime().maxMemory();
    boolean isInHeap = configuration.storage() != Configuration.Storage.ROCKSDB;
    if (isInHeap && quota / 3 * 5 > heap) {
      LOG.warn(
          "quota_mib {} is much for a heap of {} MiB: before the store is full, this server may end"
              + " for lack of memory; two fifths of the heap are safe, {}",
          quota >> 20,
          heap >> 20,
          (heap >> 20) * 2 / 5);
    }
  }

  private NetworkThreads clientThreads() {
    int processors = Runtime.getRuntime().availableProcessors();
    if (processors < PROCESSORS_FOR_CLIENT_THREADS) {
      return threads;
    }
    NetworkThreads started =
        NetworkThreads.start(Math.min(MOST_CLIENT_THREADS, processors / 2), "synod-clients");
    clientThreads = started;
    return started;
  }

  /** What this server still has of itself, and where it goes on to write. */
  private record Kept(DurableLog log, Recovered recovered, Incarnation incarnation) {}

  private Kept openKept() throws IOException {
    if (configuration.storage() == Configuration.Storage.MEMORY) {
      disk = MemoryDisk.empty("memory");
      LOG.info("storage: memory: nothing is kept on disk, and each start is a new incarnation");
      return new Kept(
          new MemoryLog(driver::wake), Recovered.nothing(), new Incarnation(UUID.randomUUID()));
    }
    StorageMark.put(configuration.dataDirectory(), configuration.storage());
    OpenedJournal opened = openJournal();
    return new Kept(
        opened.journal(),
        TornTail.accept(
            opened.recovered(), opened.journal(), configuration.acceptedTornTail(), LOG::warn),
        opened.identity().incarnation());
  }

  private OpenedJournal openJournal() throws IOException {
    FileDisk opened = FileDisk.open(configuration.dataDirectory());
    disk = opened;
    OpenedJournal journalOpened =
        Journal.open(
            opened,
            JournalSettings.DEFAULT.withSegmentBytes(configuration.limits().journalSegmentBytes()),
            new JournalOwner(
                configuration.server(),
                () -> new Incarnation(UUID.randomUUID()),
                configuration.cluster()),
            System::nanoTime);
    for (Finding finding : journalOpened.findings()) {
      if (finding.kind() == Finding.Kind.DAMAGED) {
        LOG.error("journal: {}", finding);
      } else {
        LOG.warn("journal: {}", finding);
      }
    }
    return journalOpened;
  }

  private PaxosSettings identity(Incarnation incarnation) {
    PaxosSettings settings =
        new PaxosSettings(
                configuration.server(),
                incarnation,
                configuration.replicas(),
                configuration.clientAddress(),
                new ClusterId(UUID.randomUUID()),
                new SplittableRandom().nextLong(),
                TimeUnit.MILLISECONDS.toNanos(configuration.timings().pingIntervalMillis()),
                TimeUnit.MILLISECONDS.toNanos(configuration.timings().electionTimeoutMillis()),
                PIPELINE_SLOTS,
                /* messageBytes= */ 1 << 20,
                /* priority= */ 0)
            .withQuorum(
                new QuorumPolicy(
                    configuration.quorum(),
                    TimeUnit.MILLISECONDS.toNanos(configuration.timings().standbyTimeoutMillis())));
    if (configuration.bootstrapAvailable()) {
      settings = settings.withBootstrapAvailable();
    }
    return configuration.cluster().map(settings::withExpectedCluster).orElse(settings);
  }

  private PeerNetworkSettings peerSettings(PaxosSettings identity, Recovered recovered) {
    Optional<ClusterId> cluster =
        recovered.opened() ? recovered.founding().map(Founding::cluster) : Optional.empty();
    return PeerNetworkSettings.ofList(
            identity.server(),
            identity.incarnation(),
            configuration.listen().servers(),
            configuration.replicas(),
            cluster)
        .withExpected(configuration.cluster());
  }

  private Node makeNode(
      PaxosSettings identity, Kept opened, GrpcPeerNetwork peers, Outboxes outboxes)
      throws IOException {
    NodeSettings usual =
        NodeSettings.usual(
            UUID.randomUUID(), configuration.failRate(), new SplittableRandom().nextLong());
    NodeSettings settings =
        new NodeSettings(
            usual.run(),
            configuration.limits().queueRequests(),
            usual.queueBytes(),
            usual.inboxMessages(),
            usual.batchBytes(),
            usual.batchCommands(),
            usual.retryNanos(),
            Math.min(usual.snapshotBytes(), Runtime.getRuntime().maxMemory() / 64),
            history(usual.history()),
            configuration.limits().quotaBytes(),
            usual.failRate(),
            usual.seed());
    Snapshots opening = Snapshots.open(Objects.requireNonNull(disk));
    snapshots = opening;
    KeyValueStore holding = openStore(opened.recovered(), opening);
    store = holding;
    Paxos paxos = new Paxos(identity, opened.recovered());
    return new Node(
        settings,
        identity,
        new Node.Parts(
            paxos,
            opened.log(),
            holding,
            opening,
            peers,
            outboxes,
            new ProcessSurroundings(peers)));
  }

  private NodeSettings.History history(NodeSettings.History usual) {
    return configuration.storage() == Configuration.Storage.ROCKSDB
        ? usual
        : new NodeSettings.History(
            usual.millis(), Math.min(usual.sizeBytes(), Runtime.getRuntime().maxMemory() / 8));
  }

  /** The store as it was, or a snapshot of it: as far as the log does not go back. */
  private KeyValueStore openStore(Recovered recovered, Snapshots opening) throws IOException {
    Optional<ClusterId> cluster = recovered.founding().map(Founding::cluster);
    boolean keeps = configuration.storage() == Configuration.Storage.ROCKSDB;
    KeyValueStore opened = keeps ? openDatabase(cluster) : KeyValueStore.inMemory();
    if (!keeps || opened.applied().isBefore(recovered.cut())) {
      for (String refused : opening.restoreNewest(opened, cluster, recovered.cut()).refused()) {
        LOG.error("snapshot set aside: {}", refused);
      }
    }
    return opened;
  }

  private KeyValueStore openDatabase(Optional<ClusterId> cluster) throws IOException {
    KeyValueStore opened =
        RocksStorage.open(
            configuration.dataDirectory(),
            cluster,
            configuration.limits().blockCacheBytes(),
            LOG::error);
    LOG.info(
        "storage: rocksdb: {} keys, applied up to slot {}, cache of {} MiB",
        opened.keys(),
        opened.applied().number(),
        configuration.limits().blockCacheBytes() >> 20);
    return opened;
  }

  /** What operators call, on either port. */
  private ServerServiceDefinition clusterService(
      Node driven, GrpcPeerNetwork peers, PaxosSettings identity) {
    StatusService.Own own =
        new StatusService.Own(
            identity.incarnation(),
            configuration.clientAddress(),
            configuration.replicas().get(configuration.server().number()),
            configuration.quorum() == QuorumPolicy.Mode.DYNAMIC);
    LocalControls controls = new LocalControls(driven, peers);
    AdminCalls calls =
        new AdminCalls(
            controls,
            this::status,
            new OtherServers(configuration.server(), configuration.clusterToken()));
    return ServerInterceptors.intercept(
        new AdminService(
            new StatusService(this::status, own, controls::faults),
            calls,
            new Backups(driven::takeSnapshot, Objects.requireNonNull(snapshots)),
            operators),
        new AdminGate(configuration.clusterToken()));
  }

  private ClientServer startClients(
      Node driven, Outboxes outboxes, NetworkThreads loops, ServerServiceDefinition cluster)
      throws IOException {
    KeyValueService.Settings settings =
        new KeyValueService.Settings(
            configuration.limits(),
            configuration.readMode(),
            configuration.timings().defaultDeadlineMillis(),
            Runtime.getRuntime().maxMemory() / 4);
    KeyValueService service =
        new KeyValueService(settings, driven::submit, outboxes, System::nanoTime);
    Address listen = configuration.listen().clients();
    ClientServer starting = new ClientServer(listen, loops, service, cluster);
    starting.start();
    LOG.info("listening for clients on {}", listen);
    return starting;
  }

  /** Peers may call before there is a node to answer them. */
  private final class LatePeerListener implements PeerListener {
    private volatile @Nullable Node node;

    @Override
    public boolean received(ServerId from, Incarnation incarnation, PeerMessage message) {
      Node present = node;
      return present != null && present.received(from, incarnation, message);
    }

    @Override
    public void unreachable(ServerId peer) {
      Node present = node;
      if (present != null) {
        present.unreachable(peer);
      }
    }

    /** One that has a log goes by it; one that has none must not wait for ever. */
    @Override
    public void isOfAnotherCluster(ServerId peer, String why) {
      if (!isOpen) {
        ending.misconfigured(why + ", as cluster_id says: mend the replicas, or cluster_id");
      }
    }
  }

  // ---- running ----------------------------------------------------------------------------------

  private final class ProcessSurroundings implements Surroundings {
    private final GrpcPeerNetwork peers;

    ProcessSurroundings(GrpcPeerNetwork peers) {
      this.peers = peers;
    }

    @Override
    public void wake() {
      driver.wake();
    }

    @Override
    public void inBackground(Runnable work) {
      background.execute(
          () -> {
            try {
              work.run();
            } catch (RuntimeException | Error e) {
              fail("work in the background failed", false, e);
            }
          });
    }

    @Override
    public void notice(Notice notice) {
      notices.add(notice);
      if (notice instanceof Notice.ClusterOpened opened) {
        isOpen = true;
        peers.setCluster(opened.founding().cluster());
      } else if (notice instanceof Notice.MembershipChosen chosen) {
        Map<ServerId, Address> addresses = new LinkedHashMap<>();
        for (Member member : chosen.membership().members()) {
          addresses.put(member.server(), member.consensusAddress());
        }
        peers.setPeers(addresses);
        if (!addresses.values().containsAll(configuration.replicas())
            || addresses.size() != configuration.replicas().size()) {
          LOG.info(
              "the list of replicas that this server was started with is not this membership any"
                  + " more: the log counts, not the list");
        }
      }
    }

    @Override
    public void startAnew() {
      onStartAnew.accept(SynodServer.this);
    }

    @Override
    public void report(String line) {
      LOG.info("{}", line);
    }

    @Override
    public void warn(String line) {
      LOG.warn("{}", line);
    }

    @Override
    public long monotonicNanos() {
      return System.nanoTime();
    }

    @Override
    public long wallMillis() {
      return System.currentTimeMillis();
    }
  }

  /** Tells health checks and scripts how it is. */
  private final class Listener implements Readiness.Listener {
    private final ClientServer port;

    Listener(ClientServer port) {
      this.port = port;
    }

    @Override
    public void serving(boolean now) {
      port.setServing(now);
    }

    @Override
    public void state(String state, NodeStatus status) {
      stateFile.ifPresent(file -> file.write(state, status));
    }
  }

  /** How it stands. Any thread. */
  private NodeStatus status() {
    Node present = node;
    Optional<NodeStatus> known = present == null ? Optional.empty() : present.status();
    return known.orElseGet(this::beforeTheFirstTurn);
  }

  private NodeStatus beforeTheFirstTurn() {
    return new NodeStatus(
        configuration.server(),
        Optional.empty(),
        Optional.of("it starts"),
        Optional.empty(),
        false,
        0,
        0,
        Ballot.LOWEST,
        Slot.ZERO,
        Slot.ZERO,
        Slot.ZERO,
        0,
        NodeStatus.Data.NONE,
        configuration.failRate(),
        Optional.empty(),
        List.of());
  }

  private Optional<KnownCoordinator> coordinator() {
    NodeStatus now = status();
    for (NodeStatus.MemberStatus each : now.members()) {
      if (now.coordinator().equals(Optional.of(each.member().server()))) {
        return Optional.of(new KnownCoordinator(now.ballot(), each.member().clientAddress()));
      }
    }
    return Optional.empty();
  }

  // ---- stopping ---------------------------------------------------------------------------------

  /**
   * Refuses new calls, answers those under way or refuses them, and ends all parts in turn. Blocks,
   * for a few seconds at most unless the disk hangs.
   */
  synchronized void stop() {
    try {
      stopServing();
      if (scrub != null) {
        scrub.stop();
      }
      if (network != null) {
        network.close();
      }
      if (journal != null) {
        journal.stop();
      }
      awaitBackground();
      closeStore();
      if (disk != null) {
        disk.close();
      }
    } catch (IOException e) {
      LOG.warn("the journal could not be closed", e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } finally {
      background.shutdownNow();
      operators.shutdownNow();
      if (clientThreads != null) {
        clientThreads.close();
      }
      threads.close();
    }
  }

  /**
   * What touches the data directory in the background ends before the directory is let go: this
   * process may open it again at once.
   */
  private void awaitBackground() throws InterruptedException {
    background.shutdown();
    if (!background.awaitTermination(PART_MILLIS, TimeUnit.MILLISECONDS)) {
      LOG.info("dropping {} pieces of work in the background", background.shutdownNow().size());
      boolean unused = background.awaitTermination(PART_MILLIS, TimeUnit.MILLISECONDS);
    }
    if (scrub != null && !scrub.awaitEnd(PART_MILLIS)) {
      LOG.warn("the scrub does not end");
    }
  }

  private void closeStore() {
    KeyValueStore present = store;
    if (present != null) {
      try {
        present.close();
      } catch (EngineFailedException e) {
        LOG.warn("the database could not be closed: {}", e.getMessage());
      }
    }
  }

  /** Has another server coordinate first, so that nobody waits for an election. */
  private void handOver() {
    Node present = node;
    if (present == null) {
      return;
    }
    present.handOver();
    long end = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(HAND_OVER_MILLIS);
    while (!present.isDispensable() && System.nanoTime() - end < 0) {
      LockSupport.parkNanos(HAND_OVER_LOOK_NANOS);
    }
  }

  private void stopServing() throws InterruptedException {
    ticks.shutdown();
    handOver();
    if (clients != null) {
      clients.refuseNewCalls();
      if (!clients.awaitAnswers(DRAIN_MILLIS)) {
        LOG.info("calls under way are refused now");
      }
    }
    driver.stop(PART_MILLIS);
    if (clients != null) {
      clients.awaitAnswers(PART_MILLIS);
      clients.close();
    }
  }
}
