package io.synod.transport.grpc;

import io.synod.paxos.AcceptedValue;
import io.synod.paxos.Address;
import io.synod.paxos.Ballot;
import io.synod.paxos.ChosenPrefix;
import io.synod.paxos.Founding;
import io.synod.paxos.MembershipInForce;
import io.synod.paxos.Message;
import io.synod.paxos.SlotRange;
import io.synod.paxos.Standing;
import io.synod.paxos.StateHash;
import io.synod.paxos.Value;
import io.synod.paxos.ValueFormat;
import io.synod.paxos.Votes;
import io.synod.proto.PeerEnvelope;
import io.synod.transport.DiskLevel;
import io.synod.transport.PeerMessage;

/** From what servers say to protobuf. The frequent ones are asked for first. */
final class PeerEncoder {
  private PeerEncoder() {}

  static PeerEnvelope envelope(PeerMessage message) {
    PeerEnvelope.Builder out = PeerEnvelope.newBuilder();
    if (message instanceof PeerMessage.Protocol protocol) {
      if (!round(out, protocol.message())
          && !reading(out, protocol.message())
          && !voted(out, protocol.message())) {
        founding(out, protocol.message());
      }
    } else if (message instanceof PeerMessage.Forward forward) {
      out.setForward(
          PeerEnvelope.Forward.newBuilder().setCommands(PeerCodec.toWire(forward.commands())));
    } else if (message instanceof PeerMessage.ForwardRefused refused) {
      out.setForwardRefused(
          PeerEnvelope.ForwardRefused.newBuilder().setOverloaded(refused.overloaded()));
    } else if (message instanceof PeerMessage.DiskRoom room) {
      out.setDiskRoom(
          PeerEnvelope.DiskRoom.newBuilder().setLevel(level(room.level())).setWords(room.words()));
    } else if (message instanceof PeerMessage.QuotaReached reached) {
      out.setQuotaReached(PeerEnvelope.QuotaReached.newBuilder().setWords(reached.words()));
    } else if (message instanceof PeerMessage.SnapshotRequest request) {
      out.setSnapshotRequest(
          PeerEnvelope.SnapshotRequest.newBuilder()
              .setSnapshot(request.snapshot().number())
              .setOffset(request.offset())
              .setAtLeast(request.atLeast().number()));
    } else if (message instanceof PeerMessage.SnapshotChunk chunk) {
      out.setSnapshotChunk(
          PeerEnvelope.SnapshotChunk.newBuilder()
              .setSnapshot(chunk.snapshot().number())
              .setOffset(chunk.offset())
              .setSizeBytes(chunk.sizeBytes())
              .setSha256(PeerCodec.toWire(chunk.sha256()))
              .setCrc(chunk.crc())
              .setBytes(PeerCodec.toWire(chunk.bytes())));
    }
    return out.build();
  }

  private static int level(DiskLevel level) {
    return switch (level) {
      case ENOUGH -> 0;
      case LOW -> 1;
      case SHORT -> 2;
      case FULL -> 3;
    };
  }

  /** Ping, Prepare, Propose, Inform and their answers. Returns whether it was one. */
  private static boolean round(PeerEnvelope.Builder out, Message message) {
    if (message instanceof Message.Propose propose) {
      out.setPropose(propose(propose));
    } else if (message instanceof Message.Accepted accepted) {
      out.setAccepted(
          PeerEnvelope.Accepted.newBuilder()
              .setBallot(ballot(accepted.ballot()))
              .setUpTo(accepted.upTo().number()));
    } else if (message instanceof Message.Ping ping) {
      out.setPing(ping(ping));
    } else if (message instanceof Message.Pong pong) {
      out.setPong(
          PeerEnvelope.Pong.newBuilder()
              .setNumber(pong.number())
              .setStanding(standing(pong.standing()))
              .setPromised(ballot(pong.promised()))
              .setLastAccepted(pong.lastAccepted().number()));
    } else if (message instanceof Message.Inform inform) {
      out.setInform(PeerEnvelope.Inform.newBuilder().setChosen(chosen(inform.chosen())));
    } else if (message instanceof Message.TakeOver takeOver) {
      out.setTakeOver(PeerEnvelope.TakeOver.newBuilder().setBallot(ballot(takeOver.ballot())));
    } else if (message instanceof Message.Prepare prepare) {
      out.setPrepare(
          PeerEnvelope.Prepare.newBuilder()
              .setBallot(ballot(prepare.ballot()))
              .setFrom(prepare.from().number()));
    } else if (message instanceof Message.Promise promise) {
      out.setPromise(promise(promise));
    } else if (message instanceof Message.Refused refused) {
      out.setRefused(
          PeerEnvelope.Refused.newBuilder()
              .setBallot(ballot(refused.ballot()))
              .setPromised(ballot(refused.promised())));
    } else if (message instanceof Message.Missing missing) {
      out.setMissing(
          PeerEnvelope.Missing.newBuilder()
              .setBallot(ballot(missing.ballot()))
              .setFrom(missing.from().number()));
    } else {
      return false;
    }
    return true;
  }

  /** Read points and catch-up. Returns whether it was one. */
  private static boolean reading(PeerEnvelope.Builder out, Message message) {
    if (message instanceof Message.ReadPointRequest request) {
      out.setReadPointRequest(
          PeerEnvelope.ReadPointRequest.newBuilder()
              .setId(request.id())
              .setUnderLease(request.underLease()));
    } else if (message instanceof Message.ReadPoint point) {
      out.setReadPoint(
          PeerEnvelope.ReadPoint.newBuilder().setId(point.id()).setPoint(point.point().number()));
    } else if (message instanceof Message.ReadPointRefused refused) {
      out.setReadPointRefused(PeerEnvelope.ReadPointRefused.newBuilder().setId(refused.id()));
    } else if (message instanceof Message.LeaseGiven given) {
      out.setLeaseGiven(
          PeerEnvelope.LeaseGiven.newBuilder()
              .setBallot(ballot(given.ballot()))
              .setNumber(given.number()));
    } else if (message instanceof Message.LeaseReturned returned) {
      out.setLeaseReturned(
          PeerEnvelope.LeaseReturned.newBuilder()
              .setBallot(ballot(returned.ballot()))
              .setNumber(returned.number()));
    } else if (message instanceof Message.Fetch fetch) {
      out.setFetch(PeerEnvelope.Fetch.newBuilder().setFrom(fetch.from().number()));
    } else if (message instanceof Message.Fetched fetched) {
      PeerEnvelope.Fetched.Builder wire =
          PeerEnvelope.Fetched.newBuilder()
              .setFrom(fetched.from().number())
              .setCut(fetched.cut().number())
              .setChosen(fetched.chosen().number());
      for (AcceptedValue value : fetched.values()) {
        wire.addValues(accepted(value));
      }
      fetched.atCut().ifPresent(inForce -> wire.setAtCut(inForce(inForce)));
      out.setFetched(wire);
    } else {
      return false;
    }
    return true;
  }

  /** What was voted. Returns whether it was one. */
  private static boolean voted(PeerEnvelope.Builder out, Message message) {
    if (message instanceof Message.VotesCast cast) {
      out.setVotesCast(
          PeerEnvelope.VotesCast.newBuilder()
              .setVotes(votes(cast.votes()))
              .setChosen(cast.chosen().number()));
    } else if (message instanceof Message.VotesSeenRequest) {
      out.setVotesSeenRequest(PeerEnvelope.VotesSeenRequest.getDefaultInstance());
    } else if (message instanceof Message.VotesSeen seen) {
      out.setVotesSeen(
          PeerEnvelope.VotesSeen.newBuilder()
              .setIncarnation(PeerCodec.toWire(seen.incarnation().id()))
              .setVotes(votes(seen.votes())));
    } else {
      return false;
    }
    return true;
  }

  private static PeerEnvelope.Votes votes(Votes votes) {
    return PeerEnvelope.Votes.newBuilder()
        .setPromised(ballot(votes.promised()))
        .setAccepted(votes.accepted().number())
        .build();
  }

  private static void founding(PeerEnvelope.Builder out, Message message) {
    if (message instanceof Message.Meet meet) {
      PeerEnvelope.Meet.Builder wire =
          PeerEnvelope.Meet.newBuilder()
              .setClientAddress(meet.clientAddress().toString())
              .setOpened(meet.opened())
              .setWitness(meet.witness());
      for (Address listed : meet.listed()) {
        wire.addListed(listed.toString());
      }
      meet.founding().ifPresent(founding -> wire.setFounding(founding(founding)));
      out.setMeet(wire);
    } else if (message instanceof Message.Found found) {
      out.setFound(PeerEnvelope.Found.newBuilder().setFounding(founding(found.founding())));
    } else if (message instanceof Message.FoundingSynced synced) {
      out.setFoundingSynced(
          PeerEnvelope.FoundingSynced.newBuilder()
              .setCluster(PeerCodec.toWire(synced.cluster().id())));
    } else if (message instanceof Message.FoundingOpened opened) {
      out.setFoundingOpened(
          PeerEnvelope.FoundingOpened.newBuilder().setFounding(founding(opened.founding())));
    } else {
      // PeerCodecTest walks the sealed hierarchy, so that a new message cannot get here.
      throw new IllegalStateException("no encoding for " + message.getClass());
    }
  }

  private static PeerEnvelope.Propose propose(Message.Propose propose) {
    PeerEnvelope.Propose.Builder wire =
        PeerEnvelope.Propose.newBuilder()
            .setBallot(ballot(propose.ballot()))
            .setFirst(propose.first().number())
            .setChosen(propose.chosen().number());
    for (Value value : propose.values()) {
      wire.addValues(value(value));
    }
    return wire.build();
  }

  private static PeerEnvelope.Ping ping(Message.Ping ping) {
    PeerEnvelope.Ping.Builder wire =
        PeerEnvelope.Ping.newBuilder()
            .setNumber(ping.number())
            .setStanding(standing(ping.standing()));
    ping.chosen().ifPresent(chosen -> wire.setChosen(chosen(chosen)));
    ping.leaseNanos().ifPresent(wire::setLeaseNanos);
    ping.held().ifPresent(held -> wire.setHeld(held.number()));
    return wire.build();
  }

  private static PeerEnvelope.Promise promise(Message.Promise promise) {
    PeerEnvelope.Promise.Builder wire =
        PeerEnvelope.Promise.newBuilder()
            .setBallot(ballot(promise.ballot()))
            .setChosen(promise.chosen().number())
            .setCut(promise.cut().number())
            .setLast(promise.last().number())
            .setOwned(promise.owned().number());
    for (AcceptedValue value : promise.accepted()) {
      wire.addAccepted(accepted(value));
    }
    promise.unknown().ifPresent(range -> wire.setUnknown(range(range)));
    promise.torn().ifPresent(range -> wire.setTorn(range(range)));
    return wire.build();
  }

  private static PeerEnvelope.Standing standing(Standing standing) {
    PeerEnvelope.Standing.Builder wire =
        PeerEnvelope.Standing.newBuilder()
            .setFollowed(ballot(standing.followed()))
            .setContent(standing.content())
            .setChosen(standing.chosen().number())
            .setApplied(standing.applied().number())
            .setMembershipAt(standing.membershipAt().number())
            .setSyncAgeMillis(standing.syncAgeMillis())
            .setPriority(standing.priority())
            .setLeaving(standing.leaving())
            .setInDoubt(standing.inDoubt())
            .setOldestVersion(standing.supported().oldest())
            .setNewestVersion(standing.supported().newest());
    standing.acting().ifPresent(acting -> wire.setActing(ballot(acting)));
    standing
        .witness()
        .ifPresent(
            log ->
                wire.setWitness(
                    PeerEnvelope.WitnessLog.newBuilder()
                        .setCut(log.cut().number())
                        .setFull(log.full())));
    for (StateHash state : standing.state()) {
      wire.addState(
          PeerEnvelope.StateHash.newBuilder().setSlot(state.slot().number()).setHash(state.hash()));
    }
    return wire.build();
  }

  private static PeerEnvelope.AcceptedValue accepted(AcceptedValue accepted) {
    return PeerEnvelope.AcceptedValue.newBuilder()
        .setSlot(accepted.slot().number())
        .setBallot(ballot(accepted.ballot()))
        .setValue(value(accepted.value()))
        .build();
  }

  private static PeerEnvelope.Value value(Value value) {
    return PeerEnvelope.Value.newBuilder()
        .setKind(ValueFormat.kind(value))
        .setPayload(PeerCodec.toWire(ValueFormat.payload(value)))
        .build();
  }

  private static PeerEnvelope.ChosenPrefix chosen(ChosenPrefix chosen) {
    return PeerEnvelope.ChosenPrefix.newBuilder()
        .setBallot(ballot(chosen.ballot()))
        .setUpTo(chosen.upTo().number())
        .build();
  }

  private static PeerEnvelope.Founding founding(Founding founding) {
    return PeerEnvelope.Founding.newBuilder()
        .setCluster(PeerCodec.toWire(founding.cluster().id()))
        .setMembership(PeerCodec.toWire(ValueFormat.membership(founding.membership())))
        .build();
  }

  private static PeerEnvelope.MembershipInForce inForce(MembershipInForce inForce) {
    return PeerEnvelope.MembershipInForce.newBuilder()
        .setDecidedAt(inForce.decidedAt().number())
        .setMembership(PeerCodec.toWire(ValueFormat.membership(inForce.membership())))
        .build();
  }

  private static PeerEnvelope.SlotRange range(SlotRange range) {
    return PeerEnvelope.SlotRange.newBuilder()
        .setFirst(range.first().number())
        .setLast(range.last().number())
        .build();
  }

  private static PeerEnvelope.Ballot ballot(Ballot ballot) {
    return PeerEnvelope.Ballot.newBuilder()
        .setRound(ballot.round())
        .setServer(ballot.server().number())
        .build();
  }
}
