package io.synod.server;

import io.synod.node.NodeStatus;
import io.synod.paxos.Address;
import io.synod.paxos.Incarnation;
import io.synod.paxos.Member;
import io.synod.paxos.ServerId;
import io.synod.paxos.VersionRange;
import io.synod.proto.MemberStatus;
import io.synod.proto.StatusResponse;
import io.synod.text.Version;
import java.util.List;
import java.util.UUID;
import java.util.function.Supplier;

/** What this server knows of itself and the others, as callers see it. Any thread; never blocks. */
final class StatusService {
  private final Supplier<NodeStatus> status;
  private final Own own;
  private final Supplier<LocalControls.Faults> faults;
  private final Supplier<Rejected> rejected;
  private final long startedNanos = System.nanoTime();

  /**
   * What a server is by its configuration and its data directory, whatever the log says.
   *
   * @param run of this process, as the other servers know it
   * @param setAside what was put away in the directory by now because it was damaged
   */
  record Own(
      Incarnation incarnation,
      UUID run,
      Address clientAddress,
      Address consensusAddress,
      boolean dynamicQuorum,
      Configuration.Storage storage,
      List<String> setAside,
      VersionRange supported) {
    Own {
      setAside = List.copyOf(setAside);
    }
  }

  /**
   * How much was refused since the start because it made no sense: of other servers, of clients.
   */
  record Rejected(long messages, long requests) {
    static final Rejected NONE = new Rejected(0, 0);
  }

  StatusService(
      Supplier<NodeStatus> status,
      Own own,
      Supplier<LocalControls.Faults> faults,
      Supplier<Rejected> rejected) {
    this.status = status;
    this.own = own;
    this.faults = faults;
    this.rejected = rejected;
  }

  StatusResponse response() {
    LocalControls.Faults now = faults.get();
    Rejected refused = rejected.get();
    return response(status.get())
        .setSuspendedMillis(now.suspendedMillis())
        .addAllCutServerId(now.cut().stream().map(ServerId::number).toList())
        .setVersion(Version.text())
        .setUptimeMillis((System.nanoTime() - startedNanos) / 1_000_000)
        .setIncarnation(own.incarnation().id().toString())
        .setRun(own.run().toString())
        .setClientAddress(own.clientAddress().toString())
        .setConsensusAddress(own.consensusAddress().toString())
        .setDynamicQuorum(own.dynamicQuorum())
        .setOldestVersion(own.supported().oldest())
        .setNewestVersion(own.supported().newest())
        .setWitness(own.storage() == Configuration.Storage.WITNESS)
        .setRejectedMessages(refused.messages())
        .setRejectedRequests(refused.requests())
        .setStorage(own.storage().toString())
        .addAllSetAside(own.setAside())
        .build();
  }

  private static StatusResponse.Builder response(NodeStatus status) {
    StatusResponse.Builder response =
        StatusResponse.newBuilder()
            .setServerId(status.server().number())
            .setCoordinatorHeard(status.coordinatorContent())
            .setCoordinatorSinceMillis(status.coordinatorSinceMillis())
            .setBallotRound(status.ballot().round())
            .setBallotServerId(status.ballot().server().number())
            .setChosenSlot(status.chosen().number())
            .setAppliedSlot(status.applied().number())
            .setMembershipSlot(status.membershipAt().number())
            .setQuorum(status.quorum())
            .setBehaviourVersion(status.behaviour().version().number())
            .setKeys(status.data().keys())
            .setLiveBytes(status.data().liveBytes())
            .setRevision(status.data().revision())
            .setHistoryBytes(status.data().historyBytes())
            .setQuotaBytes(status.data().quotaBytes())
            .setFailRate(status.failRate());
    if (status.unheardSinceMillis() > 0) {
      response.setUnheardSinceMillis(status.unheardSinceMillis());
    }
    status.cluster().ifPresent(cluster -> response.setClusterId(cluster.toString()));
    status.waitingFor().ifPresent(response::setWaitingFor);
    status.warning().ifPresent(response::setWarning);
    status.behaviour().text().ifPresent(response::setBehaviour);
    status.coordinator().ifPresent(server -> response.setCoordinatorId(server.number()));
    for (NodeStatus.MemberStatus member : status.members()) {
      response.addMember(member(member));
    }
    return response;
  }

  private static MemberStatus member(NodeStatus.MemberStatus status) {
    MemberStatus.Builder builder =
        member(status.member())
            .setLive(status.live())
            .setRoundTripMicros(status.roundTripMicros())
            .setSyncAgeMillis(status.syncAgeMillis())
            .setOtherLife(status.otherLife());
    if (status.lag() >= 0) {
      builder.setLagSlots(status.lag());
    }
    return builder.build();
  }

  /** A member as the log names it. */
  static MemberStatus.Builder member(Member member) {
    MemberStatus.Builder builder =
        MemberStatus.newBuilder()
            .setServerId(member.server().number())
            .setIncarnation(member.incarnation().toString())
            .setClientAddress(member.clientAddress().toString())
            .setConsensusAddress(member.consensusAddress().toString())
            .setRole(role(member.role()));
    member.replaces().ifPresent(leaving -> builder.setReplaces(leaving.number()));
    return builder;
  }

  private static MemberStatus.Role role(Member.Role role) {
    return switch (role) {
      case VOTER -> MemberStatus.Role.VOTER;
      case LEARNER -> MemberStatus.Role.LEARNER;
      case WITNESS -> MemberStatus.Role.WITNESS;
      case STANDBY -> MemberStatus.Role.STANDBY;
      case OBSERVER -> MemberStatus.Role.OBSERVER;
    };
  }
}
