package io.synod.simulator;

import io.synod.journal.Finding;
import io.synod.journal.Journal;
import io.synod.journal.JournalOwner;
import io.synod.journal.JournalRefusedException;
import io.synod.journal.JournalSettings;
import io.synod.journal.OpenedJournal;
import io.synod.node.ClientRequest;
import io.synod.node.Node;
import io.synod.node.NodeSettings;
import io.synod.node.NodeStatus;
import io.synod.node.OperatorRequest;
import io.synod.node.Submission;
import io.synod.node.Surroundings;
import io.synod.paxos.Address;
import io.synod.paxos.Bytes;
import io.synod.paxos.Check;
import io.synod.paxos.Founding;
import io.synod.paxos.Incarnation;
import io.synod.paxos.Member;
import io.synod.paxos.Notice;
import io.synod.paxos.Paxos;
import io.synod.paxos.PaxosSettings;
import io.synod.paxos.Recovered;
import io.synod.paxos.ServerId;
import io.synod.paxos.Slot;
import io.synod.paxos.VersionInForce;
import io.synod.paxos.VersionRange;
import io.synod.simulator.disk.DiskFault;
import io.synod.simulator.disk.SimulatedDisk;
import io.synod.store.Corruption;
import io.synod.store.EngineFailedException;
import io.synod.store.KeyValueStore;
import io.synod.store.Snapshots;
import io.synod.store.UnsupportedVersionException;
import io.synod.transport.PeerListener;
import io.synod.transport.PeerMessage;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/**
 * A machine and, while it is up, the process on it: the production driver, core, journal and store,
 * on a simulated disk, clock and network.
 */
final class FullServer implements SimulatedServer {
  /** The other one says the same. */
  private static final String PROMISE_COPY = "promise.a";

  private final FullCluster world;
  private final ServerId id;
  private final SplittableRandom random;
  private final SimulatedClock clock;
  private final DiskFaults diskFaults;
  private final ServerEngine engine;
  private SimulatedDisk disk;
  private ServerLife life;
  private int lives;
  private double failRate;
  private long diskFloorBytes;
  private int priority;
  private boolean dynamic;

  /** Its directory is a copy from an earlier time, and this life has not noticed. */
  private boolean rolledBack;

  /** Its state was made to differ, until it starts again. */
  private boolean diverged;

  /** The newest version of the program that it is started with next. */
  private int installed = 1;

  /** That program is older than one that it was started with. */
  private boolean wentBack;

  /** Its directory was refused, and could not be spared. */
  private boolean refused;

  private @Nullable Running process;
  private Slot appliedBefore = Slot.ZERO;

  FullServer(FullCluster world, int number) {
    this.world = world;
    this.id = new ServerId(number);
    this.random = world.randoms.of("server" + number);
    this.dynamic = world.swarm.has(Fault.DYNAMIC_QUORUM);
    this.disk = newDisk();
    this.life = newLife();
    this.diskFaults = new DiskFaults(world, random);
    this.engine = new ServerEngine(this, world);
    diskFaults.apply(disk);
    double drift =
        world.swarm.has(Fault.CLOCK_DRIFT)
            ? 1 + world.swarm.driftRate * (2 * random.nextDouble() - 1)
            : 1;
    this.clock = new SimulatedClock(random.nextLong(1_000 * Swarm.SECOND), drift);
  }

  private SimulatedDisk newDisk() {
    SimulatedDisk empty =
        new SimulatedDisk("disk of " + id, world.randoms.of("disk" + id + "/" + lives));
    empty.redundant(PROMISE_COPY);
    return empty;
  }

  private ServerLife newLife() {
    lives++;
    return new ServerLife(id, newIncarnation());
  }

  private Incarnation newIncarnation() {
    return new Incarnation(Randoms.uuid(random));
  }

  // ---- what others may ask
  // ------------------------------------------------------------------------------------------------------------------

  @Override
  public ServerId id() {
    return id;
  }

  @Override
  public ServerLife life() {
    return life;
  }

  @Override
  public boolean isUp() {
    return process != null;
  }

  @Override
  public Slot chosenKnown() {
    return process == null ? world.oracle.durable(life).chosen() : process.paxos.chosen();
  }

  @Override
  public boolean isHarmed() {
    return diskFaults.hasDamaged() || engine.isHarmed();
  }

  /** Whether its rows are in files of an engine. */
  boolean keepsRows() {
    return engine.keeps();
  }

  @Override
  public boolean isStartable() {
    return !refused;
  }

  @Override
  public boolean knowsItsSlots() {
    DurableState durable = world.oracle.durable(life);
    return durable.unknown().isEmpty() && durable.torn().isEmpty();
  }

  @Override
  public boolean hasUnknownSlots() {
    return world.oracle.durable(life).unknown().isPresent();
  }

  @Override
  public boolean isWitness() {
    return world.swarm.isWitness(id.number());
  }

  /** A witness owes the log no more than to know it chosen. */
  @Override
  public Slot applied() {
    if (process == null) {
      return appliedBefore;
    }
    return isWitness() ? process.paxos.chosen() : process.store.applied();
  }

  @Override
  public boolean coordinates() {
    return process != null && process.paxos.isCoordinating() && process.paxos.isContent();
  }

  @Override
  public boolean follows() {
    return process != null && process.paxos.coordinatorHeard().isPresent();
  }

  @Override
  public String describe() {
    if (process == null) {
      return "down";
    }
    Paxos paxos = process.paxos;
    return (paxos.isCoordinating() ? "coordinates, " : "")
        + (paxos.isContent() ? "content, " : "")
        + String.format(
            "promised %s, follows %s, chosen %s, applied %s",
            paxos.promised(), paxos.followed(), paxos.chosen(), process.store.applied());
  }

  @Override
  public SimulatedClock clock() {
    return clock;
  }

  long localNanos() {
    return clock.local(world.loop.nowNanos());
  }

  // ---- starting and ending
  // ------------------------------------------------------------------------------------------------------------------

  @Override
  public void start() {
    if (process != null) {
      return;
    }
    boolean dies = world.isFaulty() && world.swarm.has(Fault.CRASH) && random.nextInt(10) == 0;
    if (dies) {
      disk.failAt(disk.operations() + random.nextInt(60), DiskFault.CRASH);
    }
    long run = world.nextRun();
    try {
      OpenedJournal opened = open();
      disk.failAt(-1, DiskFault.WRITE_FAILED);
      begin(run, opened);
    } catch (JournalRefusedException e) {
      world.coverage.hit("start.refused");
      world.trace.note(Trace.Kind.FAULT, id.number(), e);
      if (!diskFaults.hasDamaged()) {
        throw new Violation("StartsAgain", id + ": " + e.getMessage());
      }
      refused = true;
      replaceDirectory();
    } catch (UnsupportedVersionException e) {
      world.network.end(id, true);
      disk.crash();
      world.upgrade.onUnsupported(this, e);
    } catch (IOException e) {
      world.coverage.hit("start.diskFailed");
      world.trace.note(Trace.Kind.FAULT, id.number(), e);
      disk.failAt(-1, DiskFault.WRITE_FAILED);
      disk.crash();
    }
  }

  // ---- releases

  /** The next start is of a program that can behave by the versions up to this one. */
  void install(int newest) {
    wentBack = newest < installed;
    installed = newest;
  }

  /** The newest version of the program that it is started with next. */
  int installed() {
    return installed;
  }

  /** Whether that program is older than one before. */
  boolean wentBack() {
    return wentBack;
  }

  /** By which versions the program that runs can behave, or that will. */
  VersionRange supported() {
    return process == null ? new VersionRange(1, installed) : process.supported;
  }

  /** What an operator does, as soon as it can be spared: the server joins as a new life. */
  private void replaceDirectory() {
    if (refused && world.canSpare(this)) {
      world.coverage.hit("start.directoryReplaced");
      wipe();
      start();
    } else if (refused) {
      world.loop.after(world.swarm.electionTimeoutNanos, this::replaceDirectory);
    }
  }

  private OpenedJournal open() throws IOException {
    JournalSettings settings =
        new JournalSettings(world.swarm.segmentBytes, 1 + random.nextInt(64), 4_096, false);
    return Journal.open(
        disk,
        settings,
        new JournalOwner(id, this::newIncarnation, Optional.empty()),
        this::localNanos);
  }

  private void begin(long run, OpenedJournal opened) throws IOException {
    life = new ServerLife(id, opened.identity().incarnation());
    opened.findings().forEach(each -> world.coverage.hit("journal." + each.kind()));
    world.trace.note(Trace.Kind.START, id.number(), life + " " + opened.findings());
    boolean wasRolledBack = rolledBack;
    Oracle.Damage damage = Oracle.Damage.NONE;
    if (opened.renewed()) {
      world.coverage.hit("journal.renewed");
      rolledBack = false;
      damage = Oracle.Damage.PROMISE_LOST;
    } else if (rolledBack) {
      damage = Oracle.Damage.FORGOTTEN;
    } else if (diskFaults.hasDamaged()) {
      damage = Oracle.Damage.SLOTS;
    }
    if (opened.renewed() && !diskFaults.hasDamaged() && !wasRolledBack) {
      throw new Violation("PromiseMonotonic", id + " lost its promise on an unharmed disk");
    }
    for (Finding finding : opened.findings()) {
      if (finding.kind() == Finding.Kind.DAMAGED && !diskFaults.hasDamaged() && !wasRolledBack) {
        throw new Violation("SyncedIsKept", id + " on an unharmed disk: " + finding);
      }
    }
    Snapshots snapshots = Snapshots.open(disk, diskFloorBytes / 8, unused -> {});
    Recovered recovered = opened.recovered();
    KeyValueStore store =
        engine.open(disk, recovered, supported(), diskFaults.hasDamaged() || wasRolledBack);
    Snapshots.Start restored =
        snapshots.restore(store, recovered.founding().map(Founding::cluster), recovered.cut());
    if (isWitness() && store.applied().isAfter(Slot.ZERO)) {
      throw new Violation("WitnessHasNoStore", id + " has a snapshot of " + store.applied());
    }
    if (!isWitness() && store.applied().isBefore(recovered.cut())) {
      world.coverage.hit("snapshot.damaged");
      if (!isHarmed() && !diverged) {
        throw new Violation(
            "SnapshotCoversTruncation",
            id + " has cut its log at " + recovered.cut() + ", no snapshot: " + restored);
      }
    }
    diverged = false;
    restored.restored().ifPresent(any -> world.coverage.hit("snapshot.restored"));
    world.oracle.started(life, run, recovered, store.applied(), damage);
    world.reference.advance();
    process = new Running(opened, store, snapshots);
    process.begin();
  }

  @Override
  public void crash(boolean power) {
    Running ended = process;
    if (ended == null) {
      return;
    }
    world.trace.note(Trace.Kind.CRASH, id.number(), power ? "power" : "process");
    appliedBefore = applied();
    ended.end(power);
    process = null;
    engine.end();
    if (power) {
      disk.powerLoss();
    } else {
      disk.crash();
    }
    world.network.end(id, !power);
  }

  /** The process ends within so many operations of its disk, and at the latest after so long. */
  void crashSoon(int operations, long nanos) {
    Running running = process;
    if (running == null) {
      return;
    }
    engine.dies();
    disk.failAt(disk.operations() + operations, DiskFault.CRASH);
    world.loop.after(
        nanos,
        () -> {
          disk.failAt(-1, DiskFault.WRITE_FAILED);
          if (running.isCurrent()) {
            // It was planned, and may come when the others are healed.
            stopsItself("crash amid a load", () -> true);
          }
        });
  }

  /** The process ends by itself, as production does on a journal that failed. */
  private void stopsItself(String why) {
    stopsItself(why, world::isFaulty);
  }

  /**
   * @param startsAgain asked when it might
   */
  private void stopsItself(String why, BooleanSupplier startsAgain) {
    world.coverage.hit("process.stopped: " + why);
    crash(false);
    world.loop.after(
        random.nextLong(world.swarm.electionTimeoutNanos) + Swarm.MILLI,
        () -> {
          if (startsAgain.getAsBoolean()) {
            start();
          }
        });
  }

  /** Counts what the disk did wrong since it was new. */
  void tellDisk() {
    disk.counts().forEach((fault, times) -> world.coverage.add("disk." + fault, times));
  }

  @Override
  public void wipe() {
    world.oracle.diskLost(life);
    tellDisk();
    disk = newDisk();
    refused = false;
    diskFaults.forget();
    diskFaults.apply(disk);
    engine.forget();
    life = newLife();
    appliedBefore = Slot.ZERO;
    world.trace.note(Trace.Kind.FAULT, id.number(), "disk lost");
  }

  /** Reads again what is on the disk, as production does in the background. */
  void scrub() {
    Running running = process;
    if (running == null) {
      return;
    }
    try {
      scrub(running);
    } catch (IOException e) {
      world.coverage.hit("scrub.failed");
    }
  }

  private void scrub(Running running) throws IOException {
    for (Journal.Damaged damaged : running.written.scrub(bytes -> {})) {
      world.coverage.hit("scrub.journal");
      running.node.replaceLogUpTo(damaged.lastSlot());
    }
    if (running.snapshots.scrub(bytes -> {}).isPresent()) {
      world.coverage.hit("scrub.snapshot");
      running.node.replaceSnapshot();
    }
    Optional<String> damaged = running.store.scrub(bytes -> {});
    if (damaged.isPresent()) {
      world.coverage.hit("scrub.engine");
      running.store.distrust(damaged.get());
      running.startAnew();
    }
  }

  /** The names of the files that are damaged one bit each; all of what a scrub reads. */
  List<String> rotAll() throws IOException {
    List<String> files = new ArrayList<>();
    for (String name : disk.list()) {
      if (name.endsWith(".log") || name.endsWith(".snapshot")) {
        int size = disk.bytes(name).length;
        if (size > 100) {
          disk.flipBit(name, random.nextInt(100), random.nextInt(8));
          files.add(name);
        }
      }
    }
    return files;
  }

  /** One bit of each snapshot flips, while the server is down. */
  void rotSnapshots() throws IOException {
    Check.that(process == null, "%s runs", id);
    for (String name : disk.list()) {
      if (name.endsWith(".snapshot")) {
        disk.flipBit(name, disk.bytes(name).length / 2, 3);
        diskFaults.noteDamage();
      }
    }
  }

  /** An operator asks for a snapshot. */
  void askForSnapshot() {
    Objects.requireNonNull(process).node.takeSnapshot();
  }

  /** What an operator's backup of the directory holds, taken while the server is down. */
  SimulatedDisk image() {
    return disk.copy(world.randoms.of("image" + id));
  }

  /** An operator puts an older image of the directory in the place of the present one. */
  void restore(SimulatedDisk image) {
    Check.that(process == null, "%s runs", id);
    disk = image;
    engine.forget();
    rolledBack = true;
    diskFaults.apply(disk);
    world.trace.note(Trace.Kind.FAULT, id.number(), "directory rolled back");
  }

  /** A bit flips in memory: the state has another hash from now on. */
  void diverge(int bit) {
    diverged = true;
    Corruption.ofHash(Objects.requireNonNull(process).store, bit);
    world.onDiverged();
  }

  /** A bit of a row flips in memory; returns the value that is read from now on. */
  Bytes corrupt(Bytes key) {
    diverged = true;
    world.onDiverged();
    return Corruption.ofRow(Objects.requireNonNull(process).store, key);
  }

  /** Whether this process was told that a quorum has another state. */
  boolean knowsThatItDiverged() {
    return process != null && process.paxos.isDiverged();
  }

  /** Whether that was done since the process began. */
  boolean isDiverged() {
    return diverged;
  }

  /** Where its log begins; of one that is down, as far as it is durable. */
  Slot cut() {
    return process == null ? world.oracle.durable(life).cut() : process.paxos.cut();
  }

  boolean isStateDisputed() {
    return process != null && process.paxos.disputedState().isPresent();
  }

  boolean isCoordinating() {
    return process != null && process.paxos.isCoordinating();
  }

  /** What it would tell an operator; empty while it is down. */
  Optional<NodeStatus> status() {
    return Optional.ofNullable(process).flatMap(running -> running.node.status());
  }

  // ---- faults
  // ------------------------------------------------------------------------------------------------------------------

  @Override
  public void stopFor(long nanos) {
    if (process != null) {
      process.stoppedUntilNanos = world.loop.nowNanos() + nanos;
    }
  }

  @Override
  public void suspendFor(long nanos) {
    if (process != null) {
      process.node.suspend(nanos);
    }
  }

  @Override
  public void failRate(double rate) {
    failRate = rate;
    if (process != null) {
      process.node.setFailRate(rate);
    }
  }

  @Override
  public void slowSync(double factor) {
    diskFaults.slowness(factor);
  }

  @Override
  public void stuckSync(long nanos) {
    diskFaults.stuckFor(nanos);
  }

  @Override
  public void changeOptions() {
    priority = random.nextInt(3);
    dynamic = world.swarm.has(Fault.DYNAMIC_QUORUM) && priority > 0;
  }

  @Override
  public void takeSnapshot() {
    if (process != null) {
      world.coverage.hit("fault.SNAPSHOT");
      process.node.takeSnapshot();
    }
  }

  /** From its next start on it heeds how much room there is on its disk. */
  void diskFloor(long bytes) {
    diskFloorBytes = bytes;
  }

  /** Somebody fills its disk, but for so much. */
  void leaveOnDisk(long bytes) {
    disk.leave(bytes);
  }

  @Override
  public void harmDisk(Fault fault) {
    if (fault == Fault.ENGINE_DAMAGE) {
      List<SimulatedDisk> disks = world.servers().stream().map(server -> server.disk).toList();
      engine.harm(disk, disks, isUp(), this::scrub);
    } else {
      diskFaults.bring(fault, disk);
    }
  }

  @Override
  public void calm() {
    failRate(0);
    diskFaults.calm(disk);
    clock.drift(world.loop.nowNanos(), 1);
    Running running = process;
    if (running != null) {
      running.node.suspend(1);
      running.stoppedUntilNanos = 0;
      running.turnWaits = false;
      running.wake();
    }
  }

  // ---- clients
  // ------------------------------------------------------------------------------------------------------------------

  /** A client's request arrives; false if it is refused, and then nothing comes of it. */
  boolean submit(Clients.Call request) {
    if (process == null) {
      return false;
    }
    request.isWith(process.answers);
    return process.node.submit(request) == Submission.TAKEN;
  }

  /** A request of nobody's: whoever made it keeps the answer. False if it is refused. */
  boolean ask(ClientRequest request) {
    return process != null && process.node.submit(request) == Submission.TAKEN;
  }

  /** An operator asks this server; not if it is down. */
  void submit(OperatorRequest request) {
    if (process != null) {
      process.node.submit(request);
    }
  }

  /** As which it would join. */
  Member joining() {
    return new Member(
        id,
        life.incarnation(),
        world.listed.get(id.number()),
        new Address("client", 8000 + id.number()),
        isWitness() ? Member.Role.WITNESS : Member.Role.LEARNER);
  }

  // ---- the process
  // ------------------------------------------------------------------------------------------------------------------

  private PaxosSettings identity() {
    PaxosSettings usual = world.swarm.settings(life, world.listed, random, priority, dynamic);
    return isWitness() ? usual.withWitnessLog(world.swarm.witnessLogBytes) : usual;
  }

  private NodeSettings nodeSettings() {
    Swarm swarm = world.swarm;
    long snapshotEveryBytes = swarm.has(Fault.SNAPSHOT) ? 60L * swarm.snapshotEverySlots : 32 << 20;
    return new NodeSettings(
        Randoms.uuid(random),
        swarm.queueRequests,
        1 << 20,
        4_096,
        swarm.batchBytes,
        swarm.batchCommands,
        4 * swarm.pingIntervalNanos,
        new NodeSettings.Snapshots(
            snapshotEveryBytes,
            NodeSettings.Snapshots.USUAL_TIMES * snapshotEveryBytes,
            NodeSettings.Snapshots.USUAL_BYTES_A_SECOND,
            swarm.helpNanos),
        new NodeSettings.History(Math.max(1, 40 * swarm.pingIntervalNanos / 1_000_000), 64 << 10),
        1L << 40,
        new NodeSettings.DiskMarks(disk.describe(), 2 * diskFloorBytes, diskFloorBytes),
        failRate,
        random.nextLong());
  }

  /** One run of the process. */
  private final class Running implements PeerListener, Surroundings {
    final Paxos paxos;
    final KeyValueStore store;
    final JournalDriver journal;
    final Node node;
    final Journal written;
    final Snapshots snapshots;
    final VersionRange supported = new VersionRange(1, installed);
    private final AnswersOut answers = new AnswersOut(world);
    private boolean turnWaits;
    private long turnNumber;
    private long timerAtNanos;
    private long stoppedUntilNanos;
    private long backgroundUntilNanos;
    private Slot appliedSeen = Slot.ZERO;
    private Slot cutSeen;
    private long leaseReadsSeen;

    Running(OpenedJournal opened, KeyValueStore store, Snapshots snapshots) {
      this.store = store;
      this.written = opened.journal();
      this.cutSeen = opened.recovered().cut();
      this.snapshots = snapshots;
      PaxosSettings identity = identity().withSupported(supported);
      this.paxos = new Paxos(identity, opened.recovered());
      this.journal =
          new JournalDriver(
              world, opened.journal(), new JournalDriver.Owner(life, diskFaults, this::isCurrent));
      ObservedNetwork network =
          new ObservedNetwork(
              world.oracle,
              life,
              world.network.start(id, life.incarnation(), this),
              () ->
                  world.coverage.hit(
                      paxos.isCoordinating() ? "snapshot.ofCoordinator" : "snapshot.ofAnother"));
      this.node =
          new Node(
              nodeSettings(),
              identity,
              new Node.Parts(paxos, journal, store, snapshots, network, answers, this));
    }

    void begin() {
      journal.begin(this::wake, () -> stopsItself("the journal failed"));
      engine.begin(this::isCurrent, FullServer.this::scrub);
      observe();
      wake();
    }

    boolean isCurrent() {
      return process == this;
    }

    void end(boolean power) {
      turnNumber++;
      journal.end(disk, power, random);
      answers.end();
    }

    @Override
    public boolean received(ServerId from, Incarnation incarnation, PeerMessage message) {
      return node.received(from, incarnation, message);
    }

    @Override
    public void unreachable(ServerId peer) {
      node.unreachable(peer);
    }

    // ---- the driver's thread

    @Override
    public void wake() {
      if (turnWaits) {
        return;
      }
      turnWaits = true;
      long delay = random.nextLong(20 * Swarm.MICRO);
      if (world.isFaulty() && world.swarm.has(Fault.STARVED_DRIVER) && random.nextInt(400) == 0) {
        world.coverage.hit("fault.STARVED_DRIVER");
        delay += random.nextLong(4 * world.swarm.pingIntervalNanos);
      }
      scheduleTurn(delay);
    }

    private void scheduleTurn(long nanos) {
      long number = ++turnNumber;
      world.loop.after(
          nanos,
          () -> {
            if (turnNumber != number || !isCurrent()) {
              return;
            }
            if (stoppedUntilNanos > world.loop.nowNanos()) {
              scheduleTurn(stoppedUntilNanos - world.loop.nowNanos());
            } else {
              turn();
            }
          });
    }

    private void turn() {
      turnWaits = false;
      boolean worked;
      try {
        worked = node.turn(localNanos());
      } catch (Check.InvariantViolation e) {
        if (world.swarm.plansDamage) {
          throw e;
        }
        stopsItself("an invariant did not hold, after more damage than was planned for");
        return;
      } catch (UnsupportedVersionException e) {
        crash(/* power= */ false);
        world.upgrade.onUnsupported(FullServer.this, e);
        return;
      } catch (EngineFailedException e) {
        engineFailed(e);
        return;
      }
      observe();
      if (worked) {
        wake();
      } else {
        setTimer();
      }
    }

    /** As production does: what is damaged is not read again, and the process ends. */
    private void engineFailed(EngineFailedException e) {
      world.trace.note(Trace.Kind.FAULT, id.number(), e);
      try {
        if (e.isDamage()) {
          store.distrust(String.valueOf(e.getMessage()));
        }
      } catch (IOException again) {
        world.coverage.hit("engine.distrustFailed");
      }
      stopsItself("the engine failed", () -> true);
    }

    private void setTimer() {
      long now = world.loop.nowNanos();
      long rest = node.restNanos();
      if (rest == 0) {
        world.coverage.hit("driver.noRest");
      }
      long due = now + Math.max(20 * Swarm.MICRO, clock.trueSpan(rest));
      if (timerAtNanos <= now || due < timerAtNanos) {
        timerAtNanos = due;
        world.loop.at(
            due,
            () -> {
              if (timerAtNanos == due && isCurrent()) {
                timerAtNanos = 0;
                wake();
              }
            });
      }
    }

    /** Looks at what the turn left. */
    private void observe() {
      world.coverage.add("read.underLease", paxos.leaseReads() - leaseReadsSeen);
      leaseReadsSeen = paxos.leaseReads();
      Slot applied = store.applied();
      if (!applied.equals(appliedSeen)) {
        world.oracle.hasApplied(life, applied);
        world.trace.note(Trace.Kind.APPLIED, id.number(), -1, applied.number(), "");
        appliedSeen = applied;
        if (!diverged && store.hash() != world.reference.hash(applied)) {
          throw new Violation("StateHashEqual", life + " differs at " + applied);
        }
        checkVersion(applied);
      }
      observeCut();
    }

    /** It behaves as all do after this slot; and so does the protocol, once all is applied. */
    private void checkVersion(Slot applied) {
      VersionInForce right = world.upgrade.after(applied);
      boolean known = !paxos.chosen().equals(applied) || paxos.version().equals(right);
      if (!store.version().equals(right) || !known) {
        throw new Violation(
            "VersionFromItsSlot",
            life + " after " + applied + ": " + store.version() + ", " + paxos.version());
      }
    }

    private void observeCut() {
      boolean isNew = paxos.cut().isAfter(cutSeen);
      cutSeen = paxos.cut();
      if (isWitness()) {
        // Its log is for others: what it cuts they hold.
        if (isNew) {
          world.coverage.hit("witness.cut");
        }
        return;
      }
      if (isNew || engine.keeps()) {
        checkCut();
      }
      if (isNew && cutSeen.isAfter(snapshots.newest())) {
        world.coverage.hit("engine.cutTheLog");
      }
    }

    /** The log is cut behind what outlives the process (protocol-rules.md, 7). */
    private void checkCut() {
      Slot durable = Slot.max(engine.durable(), snapshots.newest());
      boolean has = !store.applied().isBefore(cutSeen);
      if (has && cutSeen.isAfter(durable) && !isHarmed() && !diverged) {
        throw new Violation(
            "CutBehindTheDurable", life + " cut its log at " + cutSeen + ", durable is " + durable);
      }
    }

    // ---- what the driver needs

    @Override
    public void inBackground(Runnable work) {
      long begins = Math.max(backgroundUntilNanos, world.loop.nowNanos());
      engine.workBeginsAt(begins, this::isCurrent);
      backgroundUntilNanos = begins + 1 + random.nextLong(10 * Swarm.MILLI) + engine.slowNanos();
      world.loop.at(
          backgroundUntilNanos,
          () -> {
            if (isCurrent()) {
              runInBackground(work);
            }
          });
    }

    private void runInBackground(Runnable work) {
      boolean dies = world.isFaulty() && world.swarm.has(Fault.CRASH) && random.nextInt(30) == 0;
      if (!dies) {
        Slot before = snapshots.newest();
        work.run();
        if (snapshots.newest().isAfter(before)) {
          checkSnapshot(snapshots.newest());
        }
        return;
      }
      world.coverage.hit("crash.inBackground");
      engine.dies();
      disk.failAt(disk.operations() + random.nextInt(12), DiskFault.CRASH);
      work.run();
      disk.failAt(-1, DiskFault.WRITE_FAILED);
      stopsItself("crash in the background");
    }

    /** What was written is the state of its slot, whatever was applied meanwhile. */
    private void checkSnapshot(Slot slot) {
      if (diskFaults.hasDamaged() || diverged) {
        return;
      }
      world.coverage.hit("snapshot.checked");
      KeyValueStore restored = KeyValueStore.inMemory(RollingUpgrade.ANY);
      Snapshots.Start start;
      List<String> names;
      try {
        SimulatedDisk copy = disk.copy(new SplittableRandom(slot.number()));
        names = copy.list();
        start = Snapshots.open(copy).restoreNewest(restored, Optional.empty(), slot);
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
      world.reference.advance();
      Slot held = restored.applied();
      // One from a peer may be newer, of which it is not sure that its name is durable.
      boolean named = names.contains(String.format("snapshot/%019d.snapshot", held.number()));
      if (held.isBefore(slot) || !named || restored.hash() != world.reference.hash(held)) {
        throw new Violation("SnapshotIsOfItsSlot", life + " wrote one of " + slot + ": " + start);
      }
    }

    @Override
    public void report(String line) {
      world.coverage.hit("report." + line.replaceAll("[0-9]+", "N").replaceAll(": .*", ""));
      world.trace.note(Trace.Kind.NOTICE, id.number(), line);
    }

    @Override
    public void notice(Notice notice) {
      world.coverage.hit(NoticeName.of(notice));
      if (world.trace.keeps() || !(notice instanceof Notice.Ignored)) {
        world.trace.note(Trace.Kind.NOTICE, id.number(), notice);
      }
      if (notice instanceof Notice.VotesMoved moved) {
        NoticeName.countVotes(moved, world.coverage);
      }
      if (notice instanceof Notice.VotesForgotten) {
        forgot();
      }
      if ((notice instanceof Notice.StateDiverged || notice instanceof Notice.StateDisputed)
          && !world.hasDiverged()) {
        throw new Violation("StateHashesAgree", id + ": " + notice);
      }
      boolean misbehaves = notice instanceof Notice.PeerMisbehaved;
      if (misbehaves && world.swarm.plansDamage && !world.isMixed()) {
        throw new Violation("PeersBehave", id + ": " + notice);
      }
    }

    @Override
    public void startAnew() {
      world.loop.after(
          Swarm.MILLI,
          () -> {
            if (isCurrent()) {
              // The same process begins again, whoever watches over it.
              stopsItself("starts anew", () -> true);
            }
          });
    }

    private void forgot() {
      world.coverage.hit("votes.forgotten");
      if (!diskFaults.hasDamaged() && !rolledBack) {
        throw new Violation("AcceptedNeverForgotten", life + " forgot votes on an unharmed disk");
      }
    }

    @Override
    public long monotonicNanos() {
      return localNanos();
    }

    @Override
    public long wallMillis() {
      return 1_000_000_000_000L + clock.wall(world.loop.nowNanos()) / Swarm.MILLI;
    }
  }
}
