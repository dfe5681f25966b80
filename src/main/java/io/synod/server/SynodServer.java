package io.synod.server;

import io.grpc.ServerInterceptors;
import io.grpc.ServerServiceDefinition;
import io.grpc.netty.shaded.io.netty.channel.SingleThreadEventLoop;
import io.synod.journal.Journal;
import io.synod.journal.JournalThread;
import io.synod.node.DriverLoop;
import io.synod.node.Node;
import io.synod.node.NodeStatus;
import io.synod.node.Surroundings;
import io.synod.paxos.Address;
import io.synod.paxos.Member;
import io.synod.paxos.Notice;
import io.synod.paxos.Paxos;
import io.synod.paxos.PaxosSettings;
import io.synod.paxos.ServerId;
import io.synod.store.EngineFailedException;
import io.synod.store.UnsupportedVersionException;
import io.synod.text.Version;
import io.synod.transport.grpc.GrpcPeerNetwork;
import io.synod.transport.grpc.NetworkThreads;
import java.io.IOException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.LongAdder;
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
  private final PartSettings settings;
  private final KeptState kept;
  private final ServerStatus status;
  private final Optional<StateFile> stateFile =
      Optional.ofNullable(System.getProperty("synod.state")).map(Path::of).map(StateFile::new);
  private final NoticeLog notices = new NoticeLog();
  private final NetworkThreads threads = NetworkThreads.start(1, "synod-driver");
  private final LongAdder rejectedRequests = new LongAdder();
  private final DriverLoop driver;

  /** Whether its log says which cluster it is of. */
  private volatile boolean isOpen;

  private volatile @Nullable Node node;
  private @Nullable JournalThread journal;
  private @Nullable ScrubThread scrub;
  private @Nullable NetworkThreads clientThreads;
  private @Nullable GrpcPeerNetwork network;
  private @Nullable ClientServer clients;
  private final BackgroundThread background =
      new BackgroundThread(e -> fail("work in the background failed", /* ofDisk= */ false, e));

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
     * The configuration, or the program, does not fit what the others say.
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
    this.settings = new PartSettings(configuration);
    this.kept = new KeptState(configuration);
    this.status = new ServerStatus(configuration);
    SingleThreadEventLoop loop = (SingleThreadEventLoop) threads.loop();
    this.driver = new DriverLoop(loop, loop::executeAfterEventLoopIteration, this::onDriverFailed);
  }

  private void onDriverFailed(Throwable e) {
    if (e instanceof UnsupportedVersionException) {
      ending.misconfigured(String.valueOf(e.getMessage()));
      return;
    }
    if (e instanceof EngineFailedException failed && failed.isDamage()) {
      kept.distrust(String.valueOf(failed.getMessage()));
    }
    fail("the driver failed", e instanceof EngineFailedException, e);
  }

  private void fail(String what, boolean ofDisk, Throwable cause) {
    Optional<String> diskFull =
        ofDisk ? DiskFull.advice(configuration.dataDirectory(), cause) : Optional.empty();
    ending.failed(new Failure(what, ofDisk, cause, status.get().toString(), diskFull));
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
    KeptState.Opened opened = kept.open(driver::wake);
    isOpen = opened.recovered().opened();
    PaxosSettings identity = settings.paxos(opened.incarnation());
    if (configuration.bootstrapAvailable() && opened.recovered().opened()) {
      LOG.info("bootstrap_available has no effect any more: the directory belongs to a cluster");
    }
    if (!isOpen && configuration.cluster().isPresent()) {
      LOG.info(
          "waiting for a server of cluster {}: this one founds none, as cluster_id says",
          configuration.cluster().get());
    }
    LateNode listener = new LateNode(() -> isOpen, ending);
    GrpcPeerNetwork peers =
        new GrpcPeerNetwork(
            settings.peers(identity, opened.recovered()), listener, status, threads);
    network = peers;
    KeptState.State state = kept.openState(opened.recovered());
    Node driven = makeNode(identity, opened, state, peers, outboxes);
    node = driven;
    status.follow(driven);
    listener.follow(driven);
    if (opened.log() instanceof Journal written) {
      startJournal(written);
      startScrub(new ScrubThread.Scrubbed(written, state.snapshots(), state.store()), driven);
    }
    ServerServiceDefinition cluster = clusterService(driven, peers, identity, state);
    peers.addService(cluster);
    peers.start();
    ClientServer listening = startClients(driven, outboxes, forClients, cluster);
    clients = listening;
    driver.start(() -> driven.turn(System.nanoTime()), driven::restNanos, driven::stop);
    Readiness readiness =
        configuration.isWitness()
            ? Readiness.ofWitness(status, new Listener(listening))
            : new Readiness(driven::submit, status, System::nanoTime, new Listener(listening));
    ScheduledFuture<?> unused =
        ticks.scheduleWithFixedDelay(() -> tick(readiness), 0, TICK_MILLIS, TimeUnit.MILLISECONDS);
  }

  /** One that threw would never be called again, and what it said last would stand for ever. */
  private void tick(Readiness readiness) {
    try {
      readiness.tick();
    } catch (RuntimeException | Error e) {
      fail("the watch on readiness failed", /* ofDisk= */ false, e);
    }
  }

  private void startJournal(Journal written) {
    JournalThread writer =
        new JournalThread(written, "writer", e -> fail("the journal failed", true, e));
    journal = writer;
    written.onDurable(driver::wake);
    writer.start();
  }

  private void startScrub(ScrubThread.Scrubbed scrubbed, Node driven) {
    scrub = ScrubThread.start(scrubbed, driven, () -> onStartAnew.accept(this));
  }

  private void warnOfQuota() {
    long quota = configuration.limits().quotaBytes();
    long heap = Runtime.getRuntime().maxMemory();
    boolean isInHeap =
        configuration.storage() != Configuration.Storage.ROCKSDB && !configuration.isWitness();
    int safe = configuration.storage().safeQuotaPercent();
    if (isInHeap && quota / 3 * 2 > heap / 100 * safe) {
      LOG.warn(
          "quota_mib {} is much for a heap of {} MiB: before the store is full, this server may end"
              + " for lack of memory; {} % of the heap are safe, {}",
          quota >> 20, heap >> 20, safe, (heap >> 20) * safe / 100);
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

  private Node makeNode(
      PaxosSettings identity,
      KeptState.Opened opened,
      KeptState.State state,
      GrpcPeerNetwork peers,
      Outboxes outboxes) {
    Paxos paxos = new Paxos(identity, opened.recovered());
    return new Node(
        settings.node(),
        identity,
        new Node.Parts(
            paxos,
            opened.log(),
            state.store(),
            state.snapshots(),
            peers,
            outboxes,
            new ProcessSurroundings(peers)));
  }

  /** What operators call, on either port. */
  private ServerServiceDefinition clusterService(
      Node driven, GrpcPeerNetwork peers, PaxosSettings identity, KeptState.State state) {
    LocalControls controls = new LocalControls(driven, peers, configuration.isWitness());
    AdminCalls calls =
        new AdminCalls(
            controls,
            status,
            new OtherServers(configuration.server(), configuration.clusterToken()));
    return ServerInterceptors.intercept(
        new AdminService(
            new StatusService(
                status,
                settings.own(identity.incarnation(), peers.run(), state.setAside()),
                controls::faults,
                () -> new StatusService.Rejected(peers.rejected(), rejectedRequests.sum())),
            calls,
            new Backups(driven::takeSnapshot, state.snapshots(), configuration.isWitness()),
            operators),
        new AdminGate(configuration.clusterToken()));
  }

  private ClientServer startClients(
      Node driven, Outboxes outboxes, NetworkThreads loops, ServerServiceDefinition cluster)
      throws IOException {
    KeyValueService service =
        new KeyValueService(
            new CallIntake(
                settings.clients(), driven::submit, outboxes, System::nanoTime, rejectedRequests));
    Address listen = configuration.listen().clients();
    ClientServer starting = new ClientServer(listen, loops, service, cluster);
    starting.start();
    LOG.info("listening for clients on {}", listen);
    return starting;
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
      background.begin(work);
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

  // ---- stopping ---------------------------------------------------------------------------------

  /**
   * Refuses new calls, answers those under way or refuses them, and ends all parts in turn. Blocks,
   * for a few seconds at most unless the disk hangs.
   */
  synchronized boolean stop() {
    boolean inOrder = false;
    try {
      boolean answered = stopServing();
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
      kept.close();
      inOrder = answered;
    } catch (IOException e) {
      LOG.warn("the journal could not be closed", e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } finally {
      background.close();
      operators.shutdownNow();
      if (clientThreads != null) {
        clientThreads.close();
      }
      threads.close();
    }
    return inOrder;
  }

  /**
   * What touches the data directory in the background ends before the directory is let go: this
   * process may open it again at once.
   */
  private void awaitBackground() throws InterruptedException {
    background.end(PART_MILLIS);
    if (scrub != null && !scrub.awaitEnd(PART_MILLIS)) {
      LOG.warn("the scrub does not end");
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

  /** Returns whether every call was answered or refused. */
  private boolean stopServing() throws InterruptedException {
    ticks.shutdown();
    handOver();
    if (clients != null) {
      clients.refuseNewCalls();
      if (!clients.awaitAnswers(DRAIN_MILLIS)) {
        LOG.info("calls under way are refused now");
      }
    }
    boolean answered = driver.stop(PART_MILLIS);
    if (!answered) {
      LOG.warn("the driver is in the middle of something: calls under way are not answered");
    }
    if (clients != null) {
      clients.awaitAnswers(PART_MILLIS);
      clients.close();
    }
    return answered;
  }
}
