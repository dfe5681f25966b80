package io.synod.client;

import io.synod.proto.BackupChunk;
import io.synod.proto.ChangeRequest;
import io.synod.proto.ChangeResponse;
import io.synod.proto.ControlRequest;
import io.synod.proto.KeyValue;
import io.synod.proto.MemberStatus;
import io.synod.proto.StatusResponse;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.OptionalLong;

/** Between what callers of the client see and the generated messages. Stateless. */
final class Messages {
  private Messages() {}

  static Row row(KeyValue row) {
    return new Row(row.getKey(), row.getValue());
  }

  static BackupPart part(BackupChunk chunk) {
    return new BackupPart(
        chunk.hasSlot()
            ? Optional.of(new BackupPart.Head(chunk.getSlot(), chunk.getSizeBytes()))
            : Optional.empty(),
        chunk.getBytes());
  }

  static ClusterStatus status(StatusResponse status) {
    return new ClusterStatus(
        new ClusterStatus.Server(
            status.getServerId(),
            status.getVersion(),
            status.getUptimeMillis(),
            status.getIncarnation(),
            status.getClientAddress(),
            status.getConsensusAddress(),
            status.getRejectedMessages(),
            status.getRejectedRequests()),
        status.hasClusterId() ? Optional.of(status.getClusterId()) : Optional.empty(),
        status.hasWaitingFor() ? Optional.of(status.getWaitingFor()) : Optional.empty(),
        status.hasWarning() ? Optional.of(status.getWarning()) : Optional.empty(),
        coordination(status),
        new ClusterStatus.Log(status.getChosenSlot(), status.getAppliedSlot()),
        new ClusterStatus.Data(
            status.getKeys(),
            status.getLiveBytes(),
            status.getHistoryBytes(),
            status.getQuotaBytes(),
            status.getRevision()),
        new ClusterStatus.InForce(
            status.getMembershipSlot(), status.getQuorum(), status.getDynamicQuorum()),
        status.hasBehaviour() ? Optional.of(status.getBehaviour()) : Optional.empty(),
        new Faults(status.getFailRate(), status.getSuspendedMillis(), status.getCutServerIdList()),
        new Kept(
            status.getStorage(),
            status.getKeys(),
            status.getLiveBytes(),
            status.getQuotaBytes(),
            status.getSetAsideList()),
        members(status.getMemberList()));
  }

  private static ClusterStatus.Coordination coordination(StatusResponse status) {
    return new ClusterStatus.Coordination(
        status.hasCoordinatorId() ? OptionalInt.of(status.getCoordinatorId()) : OptionalInt.empty(),
        status.getCoordinatorHeard(),
        status.getCoordinatorSinceMillis(),
        status.hasUnheardSinceMillis()
            ? OptionalLong.of(status.getUnheardSinceMillis())
            : OptionalLong.empty(),
        status.getBallotRound(),
        status.getBallotServerId());
  }

  private static List<MemberState> members(List<MemberStatus> members) {
    return members.stream().map(Messages::member).toList();
  }

  private static MemberState member(MemberStatus member) {
    return new MemberState(
        member.getServerId(),
        member.getIncarnation(),
        member.getClientAddress(),
        member.getConsensusAddress(),
        role(member.getRole()),
        member.getLive(),
        member.hasLagSlots() ? OptionalLong.of(member.getLagSlots()) : OptionalLong.empty(),
        member.getRoundTripMicros(),
        member.getSyncAgeMillis(),
        member.hasReplaces() ? OptionalInt.of(member.getReplaces()) : OptionalInt.empty(),
        member.hasFaults() ? Optional.of(faults(member.getFaults())) : Optional.empty(),
        member.hasKept() ? Optional.of(kept(member.getKept())) : Optional.empty(),
        member.getOtherLife());
  }

  private static Faults faults(io.synod.proto.Faults faults) {
    return new Faults(
        faults.getFailRate(), faults.getSuspendedMillis(), faults.getCutServerIdList());
  }

  private static Kept kept(io.synod.proto.Kept kept) {
    return new Kept(
        kept.getStorage(),
        kept.getKeys(),
        kept.getLiveBytes(),
        kept.getQuotaBytes(),
        kept.getSetAsideList());
  }

  private static MemberState.Role role(MemberStatus.Role role) {
    return switch (role) {
      case VOTER -> MemberState.Role.VOTER;
      case LEARNER -> MemberState.Role.LEARNER;
      case WITNESS -> MemberState.Role.WITNESS;
      case STANDBY -> MemberState.Role.STANDBY;
      case OBSERVER -> MemberState.Role.OBSERVER;
      case ROLE_UNKNOWN, UNRECOGNIZED -> MemberState.Role.UNKNOWN;
    };
  }

  static ChangeRequest request(MembershipChange change, boolean dryRun) {
    ChangeRequest.Builder request = ChangeRequest.newBuilder().setDryRun(dryRun);
    if (change instanceof MembershipChange.Add add) {
      request.setAdd(add.consensusAddress());
    } else if (change instanceof MembershipChange.Remove remove) {
      request.setRemove(remove.serverId());
    } else if (change instanceof MembershipChange.Replace replace) {
      request.setReplace(
          ChangeRequest.Replacement.newBuilder()
              .setServerId(replace.serverId())
              .setBy(replace.byConsensusAddress()));
    } else if (change instanceof MembershipChange.Promote promote) {
      request.setPromote(promote.serverId());
    } else if (change instanceof MembershipChange.Demote demote) {
      request.setDemote(demote.serverId());
    }
    return request.build();
  }

  static ChangeOutcome outcome(ChangeResponse response) {
    return new ChangeOutcome(
        response.hasSlot() ? OptionalLong.of(response.getSlot()) : OptionalLong.empty(),
        members(response.getMemberList()),
        response.getQuorum(),
        response.getQuorumBefore(),
        response.getVotersBefore(),
        response.hasOutlook() ? Optional.of(outlook(response.getOutlook())) : Optional.empty());
  }

  private static ChangeOutcome.Outlook outlook(ChangeResponse.Outlook outlook) {
    return new ChangeOutcome.Outlook(
        outlook.getVoters(),
        outlook.getQuorum(),
        outlook.getSpare(),
        outlook.getAwaitedServerIdList());
  }

  static ControlRequest request(int serverId, Control control) {
    ControlRequest.Builder request = ControlRequest.newBuilder().setServerId(serverId);
    if (control instanceof Control.FailRate failRate) {
      request.setFailRate(failRate.chance());
    } else if (control instanceof Control.Suspend suspend) {
      request.setSuspendMillis(suspend.millis());
    } else if (control instanceof Control.Snapshot) {
      request.setSnapshot(true);
    } else if (control instanceof Control.Cut cut) {
      request.setCut(ControlRequest.Cut.newBuilder().addAllServerId(cut.serverIds()));
    }
    return request.build();
  }
}
