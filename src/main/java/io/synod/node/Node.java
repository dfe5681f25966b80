package io.synod.node;

import io.synod.journal.DurableLog;
import io.synod.node.ClientRequest.Operation;
import io.synod.node.ClientRequest.ReadMode;
import io.synod.paxos.Ballot;
import io.synod.paxos.Bytes;
import io.synod.paxos.ChangeAnswer;
import io.synod.paxos.ClusterId;
import io.synod.paxos.Incarnation;
import io.synod.paxos.Input;
import io.synod.paxos.Message;
import io.synod.paxos.Notice;
import io.synod.paxos.Output;
import io.synod.paxos.Paxos;
import io.synod.paxos.PaxosSettings;
import io.synod.paxos.PeerView;
import io.synod.paxos.ServerId;
import io.synod.paxos.Slot;
import io.synod.paxos.StateHash;
import io.synod.paxos.Value;
import io.synod.store.Belonging;
import io.synod.store.KeyValueStore;
import io.synod.store.Result;
import io.synod.store.Snapshots;
import io.synod.store.StateMachine;
import io.synod.transport.PeerListener;
import io.synod.transport.PeerMessage;
import io.synod.transport.PeerNetwork;
import java.util.ArrayDeque;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * The driver: one duty cycle, {@link #turn}, that brings messages, time and commands to the
 * protocol and carries out what it says.
 *
 * <p>All of it runs on the thread that calls {@code turn}, but for {@link #submit}, {@link
 * #received}, {@link #unreachable}, {@link #status} and the switches, which any thread may call. A
 * throwable that leaves {@code turn} is fatal.
 */
public final class Node implements PeerListener {
  private static final String WRITES_FULL =
      "too many writes came while one before them is not decided: try again later";

  /** So many messages and requests are handled in one turn at most. */
  private static final int TURN_INPUTS = 4_096;

  /** How often deadlines are looked at. */
  private static final long DEADLINE_INTERVAL_NANOS = 5_000_000;

  /** How often the status is made anew, and what is due now and then is done. */
  private static final long STATUS_INTERVAL_NANOS = 100_000_000;

  /** The same when something was applied since: who wrote and then asks is to see it. */
  private static final long STATUS_SOON_NANOS = 2_000_000;

  /** Of the request to hand over; nobody waits for its answer. */
  private static final long HAND_OVER_ID = 0;

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

  private final WritePath writePath;
  private final Writes writes;
  private final Reads reads;
  private final Reads leaseReads;
  private final List<Reads> bothReads;
  private final SnapshotDuties snapshots;
  private final Compaction compaction;
  private final Scans scans;
  private final Quota quota;
  private final Intake intake;
  private final StateMachine.Results results = new ApplyResults();

  /** Binding messages that wait for the journal, in order. */
  private final ArrayDeque<Binding> binding = new ArrayDeque<>();

  /** Messages to this server itself. */
  private final ArrayDeque<Message> toSelf = new ArrayDeque<>();

  private long appended;
  private long nowNanos;
  private long deadlinesAtNanos = Long.MIN_VALUE;
  private long statusAtNanos = Long.MIN_VALUE;
  private long dutiesAtNanos = Long.MIN_VALUE;

  /** Whether something was applied since the status was made. */
  private boolean statusOutdated;

  private Optional<Ballot> elected = Optional.empty();
  private long electedAtMillis;

  /** The server is about to end: another one should coordinate before it does. */
  private volatile boolean leaving;

  private boolean leavingTold;
  private long handOverAskedNanos = Long.MIN_VALUE;

  /** Whether nobody would miss a coordinator if this server ended now; as of the last turn. */
  private volatile boolean dispensable;

  /**
   * The log begins behind what the store holds: the snapshot it had is damaged. What is chosen is
   * not applied until one has come from a peer; this server's votes are not touched by that.
   */
  private boolean lacksSnapshot;

  private final Outsider outsider;

  /** Since when no content coordinator is heard, by the wall clock; 0 while one is. */
  private long unheardSinceMillis;

  /** Of the state after slots applied in this turn, for the protocol to compare. */
  private final ArrayDeque<StateHash> hashes = new ArrayDeque<>();

  private volatile @Nullable NodeStatus status;

  /** How many requests are under way, beside those that wait in the inbox; as of the last turn. */
  private volatile int held;

  private record Incoming(ServerId from, Incarnation incarnation, PeerMessage message) {}

  private record Binding(long position, Output.Send<Message.Binding> send) {}

  /** What the driver needs of the process around it. */
  public interface Surroundings {
    /** There is new work for the driver; any thread. */
    void wake();

    /**
     * Does work that may block elsewhere; its result comes back through the driver's own queues.
     */
    void inBackground(Runnable work);

    /** Something happened that an operator would want to know; driver thread. */
    void notice(Notice notice);

    /** One line for the operator. */
    void report(String line);

    /** As {@link #report}, of what a person should act on. */
    default void warn(String line) {
      report(line);
    }

    /** This server is to be stopped, and started from its directory again; driver thread. */
    void startAnew();

    /** The clock that {@link #turn} is told, as it is now. */
    long monotonicNanos();

    /** Wall clock, for display only. */
    long wallMillis();
  }

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
    this.outsider = new Outsider(paxos, self);
    this.log = parts.log();
    this.store = parts.store();
    this.network = parts.network();
    this.answers = parts.answers();
    this.surroundings = parts.surroundings();
    this.inbox = new Inbox<>(settings.inboxMessages());
    this.requests = new Inbox<>(settings.queueRequests());
    this.faults = new FaultsOnPurpose(settings.failRate(), settings.seed());
    this.writePath = new WritePath(settings, identity, parts, this::send);
    this.writes = writePath.writes();
    long idsBefore = settings.run().getLeastSignificantBits() >>> 16;
    this.reads = new Reads(settings.retryNanos() / 5, idsBefore, /* underLease= */ false);
    this.leaseReads = new Reads(settings.retryNanos() / 5, idsBefore, /* underLease= */ true);
    this.bothReads = List.of(reads, leaseReads);
    this.snapshots = new SnapshotDuties(parts, settings.snapshotBytes(), this::send, this::step);
    this.compaction = new Compaction(settings.history(), store);
    this.scans = new Scans(store);
    this.quota = new Quota(settings.quotaBytes(), store, surroundings::warn);
    this.intake =
        new Intake(log, identity.electionTimeoutNanos(), surroundings::notice, surroundings::warn);
    Optional<Belonging> belonging = store.belonging();
    if (belonging.isPresent() && store.applied().isAfter(paxos.chosen())) {
      // The process ended between a snapshot from a peer and the journal's record of it, or a store
      // with files of its own was durable before the journal was.
      step(new Input.SnapshotInstalled(store.applied(), belonging.get().membership()));
    }
    lacksSnapshot = store.applied().isBefore(paxos.cut());
    if (!lacksSnapshot) {
      carryOut(paxos.start(store.applied()), true);
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
    return Optional.ofNullable(status);
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
    dispensable = false;
    leaving = true;
    surroundings.wake();
  }

  /**
   * Whether this server may end without an election, after {@link #handOver}: another coordinates,
   * and this one's vote is not waited for where voters follow who is there; or there is none that
   * could. Any thread.
   */
  public boolean isDispensable() {
    return dispensable;
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
    boolean worked = releaseDurable();
    worked |= drainPeers();
    worked |= drainRequests();
    worked |= paxos.isOpen() && operators.turn(this::step);
    worked |= snapshots.turn(now);
    worked |= store.sweepSome();
    if (lacksSnapshot) {
      fetchLackingSnapshot();
    }
    propose();
    step(new Input.TimePassed(now, log.syncAgeNanos(now), store.applied()));
    compareStates();
    loopBack();
    leave();
    noteCoordinator();
    writePath.forward(nowNanos);
    propose();
    askReadPoints();
    loopBack();
    readClock();
    bothReads.forEach(this::answerReads);
    worked |= scans.turn();
    if (now - deadlinesAtNanos >= DEADLINE_INTERVAL_NANOS || deadlinesAtNanos == Long.MIN_VALUE) {
      deadlinesAtNanos = now;
      expire();
    }
    if (statusAtNanos == Long.MIN_VALUE
        || now - statusAtNanos >= (statusOutdated ? STATUS_SOON_NANOS : STATUS_INTERVAL_NANOS)) {
      statusAtNanos = now;
      statusOutdated = false;
      status = makeStatus();
    }
    if (now - dutiesAtNanos >= STATUS_INTERVAL_NANOS || dutiesAtNanos == Long.MIN_VALUE) {
      dutiesAtNanos = now;
      compact();
      quota.check();
      intake.watch(now);
    }
    held = writes.count() + readCount() + scans.count();
    network.flush();
    answers.flush();
    return worked;
  }

  private void compareStates() {
    StateHash hash;
    while ((hash = hashes.poll()) != null) {
      step(new Input.StateHashed(hash));
    }
  }

  /** How long the driver may rest after a turn that found nothing to do, unless it is woken. */
  public long restNanos() {
    long rest =
        Math.min(
            paxos.nanosUntilDeadline(), statusOutdated ? STATUS_SOON_NANOS : STATUS_INTERVAL_NANOS);
    boolean waiting =
        writes.count() > 0 || readCount() > 0 || scans.count() > 0 || !writes.hasSession();
    return waiting ? Math.min(rest, DEADLINE_INTERVAL_NANOS) : rest;
  }

  /** Answers all that waits, when the server stops: no turn follows, and no request is taken. */
  public void stop() {
    for (ClientRequest request : requests.close()) {
      request.answer(new Answer.Unavailable(false, "the server stops"));
    }
    operators.stop();
    writes.giveUpAll("the server stops");
    for (ClientRequest read : allReads()) {
      read.answer(new Answer.Unavailable(false, "the server stops"));
    }
    for (ClientRequest scan : scans.all()) {
      scan.answer(new Answer.Unavailable(false, "the server stops"));
    }
    answers.flush();
  }

  private boolean releaseDurable() {
    long durable = log.durable();
    boolean released = false;
    while (!binding.isEmpty() && binding.peek().position() <= durable) {
      Output.Send<Message.Binding> send = binding.remove().send();
      released = true;
      if (send.to().equals(self)) {
        toSelf.add(send.message());
      } else {
        send(send.to(), new PeerMessage.Protocol(send.message()));
      }
    }
    if (released) {
      loopBack();
    }
    return released;
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
    while ((message = toSelf.poll()) != null) {
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
    if (!output.records().isEmpty()) {
      appended = log.append(output.records());
    }
    for (Output.Send<Message.Unbound> each : output.sendNow()) {
      if (each.to().equals(self)) {
        toSelf.add(each.message());
      } else {
        send(each.to(), new PeerMessage.Protocol(each.message()));
      }
    }
    for (Output.Send<Message.Binding> each : output.sendWhenDurable()) {
      boolean answer =
          each.message() instanceof Message.Promise || each.message() instanceof Message.Accepted;
      if (answered || !answer) {
        binding.add(new Binding(appended, each));
      }
    }
    if (!lacksSnapshot && !paxos.isDiverged()) {
      for (Output.ChosenValue each : output.chosen()) {
        apply(each);
      }
    }
    for (Output.ReadAnswer each : output.readPoints()) {
      bothReads.forEach(
          waiting -> waiting.onAnswer(each, nowNanos, identity.pingIntervalNanos() / 4));
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
    if (!store.applied().isBefore(paxos.cut())) {
      lacksSnapshot = false;
      carryOut(paxos.start(store.applied()), true);
      return;
    }
    if (paxos.isOpen()) {
      snapshots.fetchFromAny(
          paxos.peers().stream().filter(PeerView::live).map(PeerView::server).toList());
    }
  }

  private void onNotice(Notice notice) {
    surroundings.notice(notice);
    if (notice instanceof Notice.SnapshotNeeded needed) {
      snapshots.fetchFrom(needed.from());
    } else if (notice instanceof Notice.VotesForgotten) {
      surroundings.startAnew();
    } else if (notice instanceof Notice.StateDiverged diverged && diverged.server().equals(self)) {
      snapshots.discardAll(surroundings::startAnew);
    } else if (notice instanceof Notice.Removed) {
      onRemoved();
    }
  }

  // ---- applying
  // ----------------------------------------------------------------------------------------------------------------

  private void apply(Output.ChosenValue chosen) {
    statusOutdated = true;
    boolean isBatch = chosen.value() instanceof Value.Batch;
    if (store.keepsFiles() && (!isBatch || store.belonging().isEmpty())) {
      noteBelonging(chosen.slot());
    }
    if (chosen.value() instanceof Value.Batch batch) {
      writePath.onBatchApplied();
      store.apply(chosen.slot(), batch.commands(), results);
      snapshots.onApplied(batch.commands().size());
    } else {
      store.skip(chosen.slot());
      onElected(chosen.value());
    }
    if (StateHash.isDueAt(chosen.slot())) {
      hashes.add(new StateHash(chosen.slot(), store.hash()));
    }
  }

  /** A membership is no batch, so that a store with files need not be told with every slot. */
  private void noteBelonging(Slot slot) {
    paxos
        .founding()
        .ifPresent(made -> store.belongTo(new Belonging(made.cluster(), paxos.membershipAt(slot))));
  }

  private void onElected(Value value) {
    if (value instanceof Value.CoordinatorElected coordinator) {
      elected = Optional.of(coordinator.ballot());
      electedAtMillis = surroundings.wallMillis();
      writePath.onElected(nowNanos);
    }
  }

  private final class ApplyResults implements StateMachine.Results {
    @Override
    public void result(long session, long sequence, Result result) {
      writes.onResult(session, sequence, result);
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
    Optional<String> outside = outside();
    if (outside.isPresent()) {
      request.answer(new Answer.Unavailable(false, outside.get()));
      return;
    }
    Optional<String> unfit = unfit();
    if (unfit.isPresent()) {
      request.answer(new Answer.Unavailable(false, unfit.get()));
      return;
    }
    Operation operation = request.operation();
    if (operation instanceof Operation.Get || operation instanceof Operation.Scan) {
      ReadMode mode =
          operation instanceof Operation.Get get ? get.mode() : ((Operation.Scan) operation).mode();
      if (mode == ReadMode.LOCAL && paxos.isOpen() && !lacksSnapshot) {
        answerRead(request);
      } else {
        (mode == ReadMode.LEASE ? leaseReads : reads).add(request);
      }
    } else {
      Optional<String> refusal = quota.refusal(operation);
      if (writes.isFull()) {
        request.answer(new Answer.Exhausted(WRITES_FULL));
      } else if (refusal.isPresent()) {
        request.answer(new Answer.Exhausted(refusal.get()));
      } else {
        writes.add(request);
      }
    }
  }

  private void answerRead(ClientRequest request) {
    Optional<String> unfit = unfit();
    if (unfit.isPresent()) {
      request.answer(new Answer.Unavailable(false, unfit.get()));
    } else if (request.operation() instanceof Operation.Scan scan) {
      scans.add(request, scan);
    } else {
      answerGet(request, (Operation.Get) request.operation());
    }
  }

  private void answerGet(ClientRequest request, Operation.Get get) {
    Optional<Bytes> value = store.get(get.key());
    request.answer(
        value.isPresent()
            ? new Answer.Found(value.get(), store.applied())
            : new Answer.NotFound(store.applied()));
  }

  private void askReadPoints() {
    for (Reads waiting : bothReads) {
      if (waiting.wantsPoint(nowNanos) && paxos.isOpen()) {
        step(new Input.ReadsWaiting(waiting.ask(nowNanos), waiting.areUnderLease()));
      }
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

  private void answerReads(Reads waiting) {
    List<ClientRequest> ready = waiting.applied(store.applied());
    while (!ready.isEmpty()) {
      for (ClientRequest read : ready) {
        answerRead(read);
      }
      ready = waiting.applied(store.applied());
    }
  }

  private int readCount() {
    return reads.count() + leaseReads.count();
  }

  private List<ClientRequest> allReads() {
    List<ClientRequest> all = reads.all();
    all.addAll(leaseReads.all());
    return all;
  }

  private void expire() {
    String why = whyUnavailable();
    writes.expire(nowNanos, why);
    for (Reads waiting : bothReads) {
      for (ClientRequest read : waiting.expired(nowNanos)) {
        read.answer(new Answer.Unavailable(false, why));
      }
    }
    for (ClientRequest scan : scans.expired(nowNanos)) {
      scan.answer(new Answer.Unavailable(false, "the range was not read in time"));
    }
  }

  private String whyUnavailable() {
    if (!paxos.isOpen()) {
      return "not founded yet: " + waitingToOpen();
    }
    return paxos.coordinatorHeard().isPresent()
        ? "no quorum answered in time"
        : "no coordinator: this server hears no quorum, or none was elected in time";
  }

  /** Goes on with the hand-over, if one is wanted. */
  private void leave() {
    if (!leaving) {
      return;
    }
    if (!leavingTold && paxos.isOpen()) {
      leavingTold = true;
      step(new Input.Leaving());
    }
    if (!paxos.isOpen() || paxos.membership().membership().voters() == 1) {
      dispensable = true;
    } else if (!paxos.isCoordinating()) {
      Optional<ServerId> heard = paxos.coordinatorHeard();
      dispensable = heard.isPresent() && !heard.get().equals(self) && paxos.isReleased();
    } else if (handOverAskedNanos == Long.MIN_VALUE
        || nowNanos - handOverAskedNanos >= identity.pingIntervalNanos()) {
      // Refused while nobody has caught up, or another change is under way: asked again.
      handOverAskedNanos = nowNanos;
      step(new Input.HandOverRequested(HAND_OVER_ID, Optional.empty(), "it stops"));
      loopBack();
    }
  }

  // ---- writes
  // ------------------------------------------------------------------------------------------------------------------

  private void noteCoordinator() {
    if (writePath.noteCoordinator()) {
      bothReads.forEach(Reads::onCoordinatorChanged);
    }
  }

  private void propose() {
    List<Value.Batch> batches = writePath.takeBatches(nowNanos);
    if (!batches.isEmpty()) {
      step(new Input.Proposed(batches));
      loopBack();
    }
  }

  /** Lets go of history that is old or too much, through the log. */
  private void compact() {
    compaction.note(store.logTimeMillis());
    if (paxos.isCoordinating() && !writes.isFull()) {
      compaction.due(writePath.logTimeMillis(nowNanos), nowNanos).ifPresent(writes::add);
    }
  }

  // ---- status
  // ------------------------------------------------------------------------------------------------------------------

  private NodeStatus makeStatus() {
    noteElectedBehindASnapshot();
    return new StatusReport(paxos, store, quota, self)
        .make(elected, electedAtMillis, unheardSinceMillis(), faults.failRate(), waitingFor());
  }

  private long unheardSinceMillis() {
    if (paxos.isContent()) {
      unheardSinceMillis = 0;
    } else if (unheardSinceMillis == 0) {
      unheardSinceMillis = surroundings.wallMillis();
    }
    return unheardSinceMillis;
  }

  /** The log does not say who was elected in a slot that a snapshot covers; the others do. */
  private void noteElectedBehindASnapshot() {
    Ballot followed = paxos.followed();
    if (paxos.coordinatorHeard().equals(Optional.of(followed.server()))
        && (elected.isEmpty() || followed.isAbove(elected.get()))) {
      elected = Optional.of(followed);
      electedAtMillis = surroundings.wallMillis();
    }
  }

  private String waitingToOpen() {
    Optional<ClusterId> expected = identity.expectedCluster();
    if (expected.isPresent()) {
      return "waiting for a server of cluster " + expected.get();
    }
    List<ServerId> absent = paxos.waitingFor();
    return "waiting for "
        + (absent.isEmpty() ? "the others" : Warnings.names(absent))
        + " to found the cluster";
  }

  private Optional<String> waitingFor() {
    if (!paxos.isOpen()) {
      return Optional.of(waitingToOpen());
    }
    Optional<String> outside = outsider.why();
    if (outside.isPresent()) {
      return outside.map(why -> "this server " + why);
    }
    return lacksSnapshot
        ? Optional.of("its snapshot is damaged: waiting for one from another server")
        : unfit();
  }

  /** Why clients have to ask another server, if this one has no part in the cluster. */
  private Optional<String> outside() {
    return outsider
        .why()
        .map(why -> "server " + self.number() + " " + why + "; ask another server");
  }

  /** Nobody tells this server any more what becomes of what its clients asked. */
  private void onRemoved() {
    String why = outside().orElse("this server was removed");
    writes.giveUpAll(why);
    for (ClientRequest read : allReads()) {
      read.answer(new Answer.Unavailable(false, why));
    }
  }

  /** Why this server's state is not to be shown to anybody, if it is not. */
  private Optional<String> unfit() {
    if (paxos.isDiverged()) {
      return Optional.of("its state differs from a quorum's: it fetches it from the others");
    }
    return paxos
        .disputedState()
        .map(
            slot ->
                "after slot "
                    + slot.number()
                    + " no state has a quorum: nobody knows what is right");
  }
}
