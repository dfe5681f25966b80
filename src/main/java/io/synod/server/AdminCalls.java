package io.synod.server;

import io.grpc.Context;
import io.grpc.Deadline;
import io.grpc.Metadata;
import io.grpc.Status;
import io.grpc.StatusException;
import io.synod.node.NodeStatus;
import io.synod.node.OperatorRequest;
import io.synod.paxos.ChangeAnswer;
import io.synod.paxos.Member;
import io.synod.paxos.Membership;
import io.synod.paxos.MembershipChange;
import io.synod.paxos.Outlook;
import io.synod.paxos.ServerId;
import io.synod.proto.ChangeRequest;
import io.synod.proto.ChangeResponse;
import io.synod.proto.ControlRequest;
import io.synod.proto.ControlResponse;
import io.synod.proto.Faults;
import io.synod.proto.Kept;
import io.synod.proto.MemberStatus;
import io.synod.proto.MoveCoordinatorRequest;
import io.synod.proto.MoveCoordinatorResponse;
import io.synod.proto.StatusResponse;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.Supplier;

/**
 * What operators ask, carried out here or passed on to the server that it is for. Blocks, for some
 * seconds at most; any thread but the driver's and the network's.
 *
 * <p>A failure says in the trailer {@link UnaryCall#OUTCOME} whether there may be an effect.
 */
final class AdminCalls {
  static final Metadata.Key<String> REASON =
      Metadata.Key.of("synod-reason", Metadata.ASCII_STRING_MARSHALLER);

  /** How long a coordinator is looked for, and a change waited for. */
  private static final long PATIENCE_MILLIS = 8_000;

  /** Before the caller's deadline, for the answer's way. */
  private static final long MARGIN_MILLIS = 100;

  private static final long PAUSE_MILLIS = 50;

  /** A reason: it may go well in a moment. */
  private static final String AGAIN = "AGAIN";

  private final Local local;
  private final Supplier<NodeStatus> status;
  private final OtherServers others;
  private final JoiningServer joining;

  /** This server, as far as operators may touch it. Any thread. */
  interface Local {
    boolean submit(OperatorRequest request);

    /** Carries out the action of a request that is for this server. */
    void control(ControlRequest request);
  }

  AdminCalls(Local local, Supplier<NodeStatus> status, OtherServers others) {
    this.local = local;
    this.status = status;
    this.others = others;
    this.joining = new JoiningServer(status, others);
  }

  // ---- changes
  // -----------------------------------------------------------------------------------------------------

  ChangeResponse change(ChangeRequest request, boolean passedOn) throws StatusException {
    return atCoordinator(
        passedOn,
        () -> change(request),
        coordinator -> others.call(coordinator, stub -> stub.change(request)));
  }

  private ChangeResponse change(ChangeRequest request) throws StatusException {
    MembershipChange change = read(request);
    Membership before = membership();
    ChangeAnswer answer =
        ask(answered -> new OperatorRequest.Change(change, request.getDryRun(), answered));
    if (answer instanceof ChangeAnswer.Planned planned) {
      return response(planned.before(), planned.after(), planned.outlook()).build();
    } else if (answer instanceof ChangeAnswer.Done done) {
      return response(before, done.inForce().membership(), done.outlook())
          .setSlot(done.inForce().decidedAt().number())
          .build();
    }
    throw failure(answer);
  }

  private Membership membership() throws StatusException {
    NodeStatus now = status.get();
    if (now.members().isEmpty()) {
      throw without(
          Status.UNAVAILABLE, "this server is of no cluster yet: STATUS says for whom it waits");
    }
    return new Membership(
        now.membershipAt(), now.members().stream().map(NodeStatus.MemberStatus::member).toList());
  }

  private static ChangeResponse.Builder response(
      Membership before, Membership after, Outlook outlook) {
    ChangeResponse.Builder response =
        ChangeResponse.newBuilder()
            .setQuorum(after.quorum())
            .setQuorumBefore(before.quorum())
            .setVotersBefore(before.voters())
            .setOutlook(
                ChangeResponse.Outlook.newBuilder()
                    .setVoters(outlook.voters())
                    .setQuorum(outlook.quorum())
                    .setSpare(outlook.spare())
                    .addAllAwaitedServerId(
                        outlook.awaited().stream().map(ServerId::number).toList()));
    for (Member member : after.members()) {
      response.addMember(StatusService.member(member));
    }
    return response;
  }

  private MembershipChange read(ChangeRequest request) throws StatusException {
    return switch (request.getChangeCase()) {
      case ADD -> {
        JoiningServer.Found found = joining.find(request.getAdd());
        joining.checkPlace(found);
        yield new MembershipChange.Add(found.member(), found.supported());
      }
      case REMOVE -> new MembershipChange.Remove(id(request.getRemove()));
      case REPLACE -> {
        ServerId leaving =
            named(
                request.getReplace().hasServerId(),
                request.getReplace().getServerId(),
                "is to leave");
        JoiningServer.Found found = joining.find(request.getReplace().getBy());
        yield new MembershipChange.Replace(leaving, found.member(), found.supported());
      }
      case PROMOTE -> new MembershipChange.Promote(id(request.getPromote()));
      case DEMOTE -> new MembershipChange.Demote(id(request.getDemote()));
      case CHANGE_NOT_SET -> throw without(Status.INVALID_ARGUMENT, "no change is named");
    };
  }

  /** A server that must be named: 0 is the id of one. */
  private static ServerId named(boolean set, int number, String which) throws StatusException {
    if (!set) {
      throw without(Status.INVALID_ARGUMENT, "which server " + which + "? set server_id");
    }
    return id(number);
  }

  static ServerId id(int number) throws StatusException {
    if (number < 0) {
      throw without(
          Status.INVALID_ARGUMENT, "no server has the id " + Integer.toUnsignedString(number));
    }
    return new ServerId(number);
  }

  // ---- moving the coordinator
  // -----------------------------------------------------------------------------------------------------

  MoveCoordinatorResponse move(MoveCoordinatorRequest request, boolean passedOn)
      throws StatusException {
    return atCoordinator(
        passedOn,
        () -> move(request),
        coordinator -> others.call(coordinator, stub -> stub.moveCoordinator(request)));
  }

  private MoveCoordinatorResponse move(MoveCoordinatorRequest request) throws StatusException {
    Optional<ServerId> to = request.hasTo() ? Optional.of(id(request.getTo())) : Optional.empty();
    ChangeAnswer answer =
        ask(answered -> new OperatorRequest.HandOver(to, "an operator asked for it", answered));
    if (answer instanceof ChangeAnswer.HandedOver over) {
      return MoveCoordinatorResponse.newBuilder()
          .setCoordinatorId(over.coordinator().number())
          .build();
    }
    throw failure(answer);
  }

  // ---- one server
  // -----------------------------------------------------------------------------------------------------

  ControlResponse control(ControlRequest request, boolean passedOn) throws StatusException {
    ServerId server = named(request.hasServerId(), request.getServerId(), "is meant");
    NodeStatus now = status.get();
    if (!server.equals(now.server())) {
      checkHasPart();
    }
    if (request.hasCut()) {
      checkCut(request.getCut(), server, now);
    }
    if (server.equals(now.server())) {
      try {
        local.control(request);
      } catch (IllegalArgumentException e) {
        throw without(Status.INVALID_ARGUMENT.withCause(e), String.valueOf(e.getMessage()));
      }
      return ControlResponse.getDefaultInstance();
    }
    for (NodeStatus.MemberStatus each : now.members()) {
      if (each.member().server().equals(server) && !passedOn) {
        return others.call(each.member(), stub -> stub.control(request));
      }
    }
    throw noMember(request.getServerId());
  }

  private static StatusException noMember(int server) {
    return refusal(
        ChangeAnswer.Reason.NOT_A_MEMBER,
        "no member has the id " + Integer.toUnsignedString(server));
  }

  private static void checkCut(ControlRequest.Cut cut, ServerId from, NodeStatus now)
      throws StatusException {
    for (int number : cut.getServerIdList()) {
      ServerId other = id(number);
      if (other.equals(from)) {
        throw without(
            Status.INVALID_ARGUMENT, "server " + number + " cannot be cut off from itself");
      }
      // Before the founding nobody knows who the members are.
      boolean known =
          now.members().isEmpty()
              || now.members().stream().anyMatch(each -> each.member().server().equals(other));
      if (!known) {
        throw noMember(number);
      }
    }
  }

  /** What the other members say of themselves as well; nothing of those that do not. */
  StatusResponse withOthers(StatusResponse own, long millis) {
    List<Member> members =
        status.get().members().stream()
            .map(NodeStatus.MemberStatus::member)
            .filter(member -> member.server().number() != own.getServerId())
            .toList();
    Map<ServerId, StatusResponse> answers = others.statuses(members, millis);
    StatusResponse.Builder all = own.toBuilder();
    for (MemberStatus.Builder member : all.getMemberBuilderList()) {
      StatusResponse answer = answers.get(new ServerId(member.getServerId()));
      if (answer != null && answer.getServerId() == member.getServerId()) {
        member.setFaults(
            Faults.newBuilder()
                .setFailRate(answer.getFailRate())
                .setSuspendedMillis(answer.getSuspendedMillis())
                .addAllCutServerId(answer.getCutServerIdList()));
        member.setKept(
            Kept.newBuilder()
                .setStorage(answer.getStorage())
                .setKeys(answer.getKeys())
                .setLiveBytes(answer.getLiveBytes())
                .setQuotaBytes(answer.getQuotaBytes())
                .addAllSetAside(answer.getSetAsideList()));
      }
    }
    return all.build();
  }

  // ---- the way there
  // -----------------------------------------------------------------------------------------------------

  /** What is done here. */
  private interface Here<R> {
    R call() throws StatusException;
  }

  /** What is done by the coordinator elsewhere. */
  private interface There<R> {
    R call(Member coordinator) throws StatusException;
  }

  /** Carries it out at the coordinator, whoever that is, and again while it changes. */
  private <R> R atCoordinator(boolean passedOn, Here<R> here, There<R> there)
      throws StatusException {
    long giveUp = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(patienceMillis());
    while (true) {
      try {
        Optional<Member> coordinator = coordinator();
        checkHasPart();
        if (coordinator.isEmpty()) {
          throw again(Status.UNAVAILABLE, "no coordinator is heard");
        }
        if (coordinator.get().server().equals(status.get().server())) {
          return here.call();
        }
        if (passedOn) {
          throw again(Status.UNAVAILABLE, "this server does not coordinate");
        }
        return there.call(coordinator.get());
      } catch (StatusException e) {
        if (passedOn || !isWorthAnotherTry(e) || System.nanoTime() - giveUp > 0) {
          throw e;
        }
        pause();
      }
    }
  }

  /** What it knows of the others is of no use where there is a cluster and it has no part in it. */
  private void checkHasPart() throws StatusException {
    NodeStatus now = status.get();
    boolean outside =
        !now.members().isEmpty()
            && now.members().stream()
                .noneMatch(each -> each.member().server().equals(now.server()));
    if (outside) {
      throw without(
          Status.UNAVAILABLE,
          now.waitingFor()
                  .orElse("this server is no member")
                  .replaceFirst("^this server", "server " + now.server().number())
              + "; ask another server");
    }
  }

  private Optional<Member> coordinator() {
    NodeStatus now = status.get();
    return now.coordinatorContent()
        ? now.members().stream()
            .map(NodeStatus.MemberStatus::member)
            .filter(member -> now.coordinator().equals(Optional.of(member.server())))
            .findFirst()
        : Optional.empty();
  }

  private static boolean isWorthAnotherTry(StatusException e) {
    Metadata trailers = e.getTrailers();
    return trailers != null && AGAIN.equals(trailers.get(REASON));
  }

  /** What is left of it by the caller's own deadline: it is to hear why, and not only that. */
  private static long patienceMillis() {
    Deadline deadline = Context.current().getDeadline();
    return deadline == null
        ? PATIENCE_MILLIS
        : Math.max(
            0,
            Math.min(
                PATIENCE_MILLIS, deadline.timeRemaining(TimeUnit.MILLISECONDS) - MARGIN_MILLIS));
  }

  private static void pause() throws StatusException {
    try {
      Thread.sleep(PAUSE_MILLIS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw without(Status.UNAVAILABLE.withCause(e), "the server stops");
    }
  }

  private ChangeAnswer ask(Function<Consumer<ChangeAnswer>, OperatorRequest> request)
      throws StatusException {
    CompletableFuture<ChangeAnswer> answer = new CompletableFuture<>();
    if (!local.submit(request.apply(answer::complete))) {
      throw without(Status.RESOURCE_EXHAUSTED, "too many requests wait");
    }
    try {
      return answer.get(patienceMillis(), TimeUnit.MILLISECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw unknown(Status.UNAVAILABLE, "the server stops");
    } catch (ExecutionException e) {
      throw new IllegalStateException(e);
    } catch (TimeoutException e) {
      throw unknown(
          Status.DEADLINE_EXCEEDED.withCause(e),
          "it is not in force yet, and may still come into force: MEMBERS shows it");
    }
  }

  private static StatusException failure(ChangeAnswer answer) {
    if (answer instanceof ChangeAnswer.Refused refused) {
      return switch (refused.reason()) {
        case NOT_COORDINATOR, HANDS_OVER, UNDER_WAY ->
            again(Status.FAILED_PRECONDITION, refused.why());
        case WOULD_LOSE_QUORUM,
            UNREACHABLE,
            NOT_CAUGHT_UP,
            ALREADY_MEMBER,
            NOT_A_MEMBER,
            OTHER_VERSION,
            NOTHING_TO_DO ->
            refusal(refused.reason(), refused.why());
      };
    }
    return unknown(
        Status.UNAVAILABLE, "the coordinator changed meanwhile: MEMBERS shows whether it is so");
  }

  static StatusException refusal(ChangeAnswer.Reason reason, String why) {
    return failed(Status.FAILED_PRECONDITION, why, reason.name(), "not-proposed");
  }

  private static StatusException again(Status status, String why) {
    return failed(status, why, AGAIN, "not-proposed");
  }

  /** Nothing was done, and the same will not be done the next time. */
  static StatusException without(Status status, String why) {
    return failed(status, why, "", "not-proposed");
  }

  private static StatusException unknown(Status status, String why) {
    return failed(status, why, "", "unknown");
  }

  private static StatusException failed(Status status, String why, String reason, String outcome) {
    Metadata trailers = new Metadata();
    trailers.put(UnaryCall.OUTCOME, outcome);
    if (!reason.isEmpty()) {
      trailers.put(REASON, reason);
    }
    return status.withDescription(why).asException(trailers);
  }
}
