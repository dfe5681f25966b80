package io.synod.node;

import io.synod.journal.DurableLog;
import io.synod.node.ClientRequest.Operation;
import io.synod.paxos.ChangeAnswer;
import io.synod.paxos.Incarnation;
import io.synod.paxos.Input;
import io.synod.paxos.Message;
import io.synod.paxos.Notice;
import io.synod.paxos.Output;
import io.synod.paxos.Paxos;
import io.synod.paxos.PaxosSettings;
import io.synod.paxos.ServerId;
import io.synod.paxos.Slot;
import io.synod.paxos.Value;
import io.synod.store.Belonging;
import io.synod.store.KeyValueStore;
import io.synod.store.Snapshots;
import io.synod.transport.PeerListener;
import io.synod.transport.PeerMessage;
import io.synod.transport.PeerNetwork;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;

/**
 * The driver: one duty cycle, {@link #turn}, that brings messages, time and commands to the
 * protocol and carries out what it says.
 *
 * <p>All of it runs on the thread that calls {@code turn}, but for {@link #submit}, {@link
 * #received}, {@link #unreachable}, {@link #status} and the switches, which any thread may call. A
 * throwable that leaves {@code turn} is fatal.
 */
public final class Node implements PeerListener {
  /** So many messages and requests are handled in one turn at most. */
  private static final int TURN_INPUTS = 4_096;

  /** How often deadlines are looked at. */
  private static final long DEADLINE_INTERVAL_NANOS = 5_000_000;

  /** How often what is due now and then is done. */
  private static final long DUTIES_INTERVAL_NANOS = 100_000_000;

  private final NodeSettings settings;
  private final PaxosSettings identity;
  private final ServerId self;
  private final Paxos paxos;
  private final DurableLog log;
  private final KeyValueStore store;
  private final PeerNetwork network;
  private final ClientRequest.Answers answers;
  private final Surroundings surroundings;

  private final Inbox<Incoming> inbox;
  private final Inbox<ClientRequest> requests;
  private final Inbox<ServerId> unreachable = new Inbox<>(1_024);
  private final FaultsOnPurpose faults;
  private final OperatorDuties operators = new OperatorDuties();

  private final Outgoing outgoing;
  private final WritePath writePath;
  private final Writes writes;
  private final ReadPath readPath;
  private final ApplyPath applyPath;
  private final SnapshotDuties snapshots;
  private final Availability availability;
  private final Departure departure;
  private final StatusReport statusReport;
  private final Compaction compaction;
  private final Admission admission;
  private final Intake intake;

  /** Hands an input to the protocol, and does what it says. */
  private final Consumer<Input> protocol = this::step;

  private long nowNanos;
  private long deadlinesAtNanos = Long.MIN_VALUE;
  private long dutiesAtNanos = Long.MIN_VALUE;

  /** How many requests are under way, beside those that wait in the inbox; as of the last turn. */
  private volatile int held;

  private record Incoming(ServerId from, Incarnation incarnation, PeerMessage message) {}

  /**
   * The parts that a node ties together; {@code store} as it is after a restart, and with the
   * newest snapshot in it if it needed one.
   */
  public record Parts(
      Paxos paxos,
      DurableLog log,
      KeyValueStore store,
      Snapshots snapshots,
      PeerNetwork network,
      ClientRequest.Answers answers,
      Surroundings surroundings) {}

  /** A node that has not begun; {@link #turn} begins. */
  public Node(NodeSettings settings, PaxosSettings identity, Parts parts) {
    this.settings = settings;
    this.identity = identity;
    this.self = identity.server();
    this.paxos = parts.paxos();
    this.log = parts.log();
    this.store = parts.store();
    this.network = parts.network();
    this.answers = parts.answers();
    this.surroundings = parts.surroundings();
    this.inbox = new Inbox<>(settings.inboxMessages());
    this.requests = new Inbox<>(settings.queueRequests());
    this.faults = new FaultsOnPurpose(settings.failRate(), settings.seed());
    this.outgoing = new Outgoing(log, self, this::send);
    this.snapshots = new SnapshotDuties(parts, settings.snapshots(), self, this::send, protocol);
    this.admission = Admission.of(settings, self, parts, snapshots, this::send);
    this.writePath = new WritePath(settings, identity, parts, admission, this::send);
    this.writes = writePath.writes();
    CoordinatorWatch coordinators = new CoordinatorWatch(paxos, surroundings::wallMillis);
    this.applyPath =
        new ApplyPath(parts, identity.isWitness(), writePath, coordinators, snapshots::onApplied);
    this.availability = new Availability(identity, paxos, applyPath::lacksSnapshot);
    this.readPath = new ReadPath(settings, identity, parts, availability, protocol);
    this.departure = new Departure(identity, paxos);
    this.statusReport =
        new StatusReport(parts, admission, coordinators, applyPath, identity, snapshots::warning);
    this.compaction = new Compaction(settings.history(), store);
    this.intake =
        new Intake(
            log,
            identity.electionTimeoutNanos(),
            admission::takesNothing,
            surroundings::notice,
            surroundings::warn);
    Optional<Belonging> belonging = store.belonging();
    if (belonging.isPresent() && store.applied().isAfter(paxos.chosen())) {
      // The process ended between a snapshot from a peer and the journal's record of it, or a store
      // with files of its own was durable before the journal was.
      Slot at = store.applied();
      step(new Input.SnapshotInstalled(at, belonging.get().membership(), store.version()));
    }
    applyPath.findGap();
    if (!applyPath.lacksSnapshot()) {
      carryOut(paxos.start(applyPath.applied(), store.version()), true);
    }
  }

  // ---- entrances for other threads
  // ---------------------------------------------------------------------------------------------

  /** A client asks. Any thread; never blocks. */
  public Submission submit(ClientRequest request) {
    if (held >= settings.queueRequests() || !requests.offer(request)) {
      return requests.isClosed() ? Submission.STOPPED : Submission.QUEUE_FULL;
    }
    surroundings.wake();
    return Submission.TAKEN;
  }

  @Override
  public boolean received(ServerId from, Incarnation incarnation, PeerMessage message) {
    if (!inbox.offer(new Incoming(from, incarnation, message))) {
      return false;
    }
    surroundings.wake();
    return true;
  }

  @Override
  public void unreachable(ServerId peer) {
    if (unreachable.offer(peer)) {
      surroundings.wake();
    }
  }

  /** How this server stands, as of a few times a second. Any thread. */
  public Optional<NodeStatus> status() {
    return statusReport.latest();
  }

  /**
   * A scrub found the journal damaged up to this slot: a snapshot takes its place. All of it is in
   * memory, so that nothing is lost and no vote is withheld. Any thread.
   */
  public void replaceLogUpTo(Slot slot) {
    snapshots.replaceLogUpTo(slot);
  }

  /** A scrub set the newest snapshot aside: another is written. Any thread. */
  public void replaceSnapshot() {
    snapshots.replaceSnapshot();
  }

  /** An operator asks; false if too many wait, and then nothing will come of it. Any thread. */
  public boolean submit(OperatorRequest request) {
    if (!operators.offer(request)) {
      return false;
    }
    surroundings.wake();
    return true;
  }

  /** Has a snapshot written soon, if there is anything new. Any thread. */
  public void takeSnapshot() {
    snapshots.want();
    surroundings.wake();
  }

  /**
   * Has a snapshot written that holds all that is applied here by now. Any thread.
   *
   * @param taken told its slot when it is durable, on the driver's thread; {@link Slot#ZERO} if
   *     nothing was applied so far. Never, if it cannot be written
   */
  public void takeSnapshot(Consumer<Slot> taken) {
    snapshots.want(taken);
    surroundings.wake();
  }

  /** Changes the chance to fail as an acceptor. Any thread. */
  public void setFailRate(double failRate) {
    faults.setFailRate(failRate);
  }

  /** Cuts this server off from all others for so long; 0 ends it. Any thread. */
  public void suspend(long nanos) {
    faults.suspend(nanos);
    surroundings.wake();
  }

  /**
   * Has another server coordinate, if this one does, as soon as that has all of the log. Returns at
   * once; {@link #isDispensable} tells when it is done. Any thread.
   */
  public void handOver() {
    departure.want();
    surroundings.wake();
  }

  /**
   * Whether this server may end without an election, after {@link #handOver}: another coordinates,
   * and this one's vote is not waited for where voters follow who is there; or there is none that
   * could. Any thread.
   */
  public boolean isDispensable() {
    return departure.isDispensable();
  }

  // ---- the duty cycle
  // ----------------------------------------------------------------------------------------------------------

  /**
   * One turn: what is durable leaves, what came is handled, then time passes. Bounded; never
   * blocks.
   *
   * @param now on a monotonic clock
   * @return whether there was anything to do
   */
  public boolean turn(long now) {
    nowNanos = now;
    boolean worked = outgoing.releaseDurable();
    if (worked) {
      loopBack();
    }
    worked |= drainPeers();
    worked |= drainRequests();
    worked |= paxos.isOpen() && operators.turn(protocol);
    worked |= snapshots.turn(now);
    worked |= store.sweepSome();
    if (applyPath.lacksSnapshot()) {
      fetchLackingSnapshot();
    }
    propose();
    step(new Input.TimePassed(now, log.syncAgeNanos(now), applyPath.applied()));
    applyPath.compareStates(protocol);
    loopBack();
    leave();
    noteCoordinator();
    writePath.forward(nowNanos);
    propose();
    readPath.askReadPoints(nowNanos);
    loopBack();
    readClock();
    readPath.answerApplied();
    worked |= readPath.scanSome();
    if (now - deadlinesAtNanos >= DEADLINE_INTERVAL_NANOS || deadlinesAtNanos == Long.MIN_VALUE) {
      deadlinesAtNanos = now;
      expire();
    }
    if (statusReport.isDue(now)) {
      statusReport.make(now, faults.failRate(), availability.waitingFor());
    }
    if (now - dutiesAtNanos >= DUTIES_INTERVAL_NANOS || dutiesAtNanos == Long.MIN_VALUE) {
      dutiesAtNanos = now;
      compaction.turn(paxos, writePath, now);
      admission.turn(now, protocol);
      intake.watch(now);
      loopBack();
    }
    held = writes.count() + readPath.count();
    network.flush();
    answers.flush();
    return worked;
  }

  /** How long the driver may rest after a turn that found nothing to do, unless it is woken. */
  public long restNanos() {
    long rest = Math.min(paxos.nanosUntilDeadline(), statusReport.intervalNanos());
    rest = Math.min(rest, snapshots.restNanos());
    boolean waiting = writes.count() > 0 || readPath.count() > 0 || writePath.waitsForSession();
    return waiting ? Math.min(rest, DEADLINE_INTERVAL_NANOS) : rest;
  }

  /** Answers all that waits, when the server stops: no turn follows, and no request is taken. */
  public void stop() {
    for (ClientRequest request : requests.close()) {
      request.answer(new Answer.Unavailable(false, "the server stops"));
    }
    operators.stop();
    writes.giveUpAll("the server stops");
    readPath.giveUpAll("the server stops");
    answers.flush();
  }

  private boolean drainPeers() {
    boolean any = false;
    ServerId gone;
    while ((gone = unreachable.poll()) != null) {
      any = true;
      step(new Input.PeerUnreachable(gone));
    }
    boolean suspended = faults.isSuspended(nowNanos);
    Incoming incoming;
    for (int i = 0; i < TURN_INPUTS && (incoming = inbox.poll()) != null; i++) {
      any = true;
      if (!suspended) {
        onPeer(incoming);
      }
    }
    return any;
  }

  private void onPeer(Incoming incoming) {
    PeerMessage message = incoming.message();
    if (message instanceof PeerMessage.Protocol protocol) {
      if (!intake.takes(incoming.from(), protocol.message())) {
        return;
      }
      receive(incoming.from(), incoming.incarnation(), protocol.message());
      loopBack();
    } else if (message instanceof PeerMessage.Forward forward) {
      writePath.onForward(incoming.from(), forward);
    } else if (message instanceof PeerMessage.ForwardRefused refused) {
      writePath.onRefused(refused, nowNanos);
    } else if (message instanceof PeerMessage.DiskRoom room) {
      admission.onPeer(incoming.from(), room, nowNanos);
    } else if (message instanceof PeerMessage.QuotaReached reached) {
      admission.onPeer(incoming.from(), reached, nowNanos);
    } else {
      snapshots.onPeer(incoming.from(), message);
    }
  }

  private void receive(ServerId from, Incarnation incarnation, Message message) {
    FaultsOnPurpose.Fate fate = faults.fateOf(message);
    if (fate == FaultsOnPurpose.Fate.DROPPED) {
      return;
    }
    Output output = paxos.step(new Input.Received(from, incarnation, message));
    carryOut(output, fate == FaultsOnPurpose.Fate.HANDLED);
  }

  private void loopBack() {
    Message message;
    while ((message = outgoing.nextToSelf()) != null) {
      receive(self, identity.incarnation(), message);
    }
  }

  private void step(Input input) {
    carryOut(paxos.step(input), true);
  }

  /**
   * Does what the protocol says, in its order. {@code answered}: whether an acceptor's answers
   * leave.
   */
  private void carryOut(Output output, boolean answered) {
    outgoing.take(output, answered);
    if (applyPath.apply(output.chosen(), nowNanos)) {
      statusReport.onApplied();
    }
    for (Output.ReadAnswer each : output.readPoints()) {
      readPath.onReadPoint(each, nowNanos);
    }
    for (ChangeAnswer each : output.changes()) {
      operators.onAnswer(each);
    }
    for (Notice each : output.notices()) {
      onNotice(each);
    }
  }

  private void send(ServerId to, PeerMessage message) {
    if (!faults.isSuspended(nowNanos)) {
      network.send(to, message);
    }
  }

  private void fetchLackingSnapshot() {
    applyPath.findGap();
    if (!applyPath.lacksSnapshot()) {
      carryOut(paxos.start(store.applied(), store.version()), true);
      return;
    }
    if (paxos.isOpen()) {
      snapshots.fetchFromAny();
    }
  }

  private void onNotice(Notice notice) {
    surroundings.notice(notice);
    if (notice instanceof Notice.SnapshotNeeded needed) {
      snapshots.fetch(needed.from(), needed.cut());
    } else if (notice instanceof Notice.VotesForgotten) {
      surroundings.startAnew();
    } else if (notice instanceof Notice.StateDiverged diverged && diverged.server().equals(self)) {
      snapshots.discardAll(surroundings::startAnew);
    } else if (notice instanceof Notice.Removed) {
      onRemoved();
    }
  }

  // ---- clients
  // -----------------------------------------------------------------------------------------------------------------

  private boolean drainRequests() {
    boolean any = false;
    ClientRequest request;
    for (int i = 0; i < TURN_INPUTS && (request = requests.poll()) != null; i++) {
      any = true;
      onRequest(request);
    }
    return any;
  }

  private void onRequest(ClientRequest request) {
    Optional<String> refusal = availability.refusal();
    if (refusal.isPresent()) {
      request.answer(new Answer.Unavailable(false, refusal.get()));
    } else if (request.operation() instanceof Operation.Get get) {
      readPath.add(request, get.mode());
    } else if (request.operation() instanceof Operation.Scan scan) {
      readPath.add(request, scan.mode());
    } else {
      writePath.add(request);
    }
  }

  /**
   * Reads the clock where a lease depends on it. The time of the turn will not do: the process may
   * have stood still since, and something may have come after that.
   */
  private void readClock() {
    if (paxos.wantsClock()) {
      step(new Input.ClockRead(surroundings.monotonicNanos()));
      loopBack();
    }
  }

  private void expire() {
    String why = availability.whyLate();
    writes.expire(nowNanos, why);
    readPath.expire(nowNanos, why);
  }

  /** Nobody tells this server any more what becomes of what its clients asked. */
  private void onRemoved() {
    String why = availability.outside().orElse("this server was removed");
    writes.giveUpAll(why);
    readPath.giveUpWaiting(why);
  }

  /** Goes on with the hand-over, if one is wanted. */
  private void leave() {
    if (departure.isWanted() && departure.turn(nowNanos, protocol)) {
      loopBack();
    }
  }

  // ---- writes
  // ------------------------------------------------------------------------------------------------------------------

  private void noteCoordinator() {
    if (writePath.noteCoordinator()) {
      readPath.onCoordinatorChanged();
    }
  }

  private void propose() {
    List<Value.Batch> batches = writePath.takeBatches(nowNanos);
    if (!batches.isEmpty()) {
      step(new Input.Proposed(batches));
      loopBack();
    }
  }
}
