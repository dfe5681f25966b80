package io.synod.transport.grpc;

import io.synod.paxos.AcceptedValue;
import io.synod.paxos.Address;
import io.synod.paxos.Ballot;
import io.synod.paxos.ChosenPrefix;
import io.synod.paxos.ClusterId;
import io.synod.paxos.Founding;
import io.synod.paxos.Incarnation;
import io.synod.paxos.MembershipInForce;
import io.synod.paxos.Message;
import io.synod.paxos.ServerId;
import io.synod.paxos.Slot;
import io.synod.paxos.SlotRange;
import io.synod.paxos.Standing;
import io.synod.paxos.StateHash;
import io.synod.paxos.Value;
import io.synod.paxos.ValueFormat;
import io.synod.paxos.VersionRange;
import io.synod.paxos.Votes;
import io.synod.paxos.WitnessLog;
import io.synod.proto.PeerEnvelope;
import io.synod.transport.DiskLevel;
import io.synod.transport.PeerMessage;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;

/**
 * From protobuf to what servers say. Whatever a correct server cannot have meant is rejected here:
 * by {@link MessageRejected}, or by an {@link IllegalArgumentException} of the protocol's own types
 * that {@link PeerCodec} turns into one.
 */
final class PeerDecoder {
  /** Far above any slot; leaves room to count on from it. */
  static final long MAX_SLOT = 1L << 62;

  /** More values than this are in no message, whatever its size. */
  static final int MAX_VALUES = 1 << 16;

  /** More servers than this are in no founding list. */
  static final int MAX_LISTED = 1 << 10;

  /** Host names have at most 253 characters. */
  static final int MAX_ADDRESS_CHARACTERS = 300;

  private static final int SHA256_BYTES = 32;

  private PeerDecoder() {}

  static PeerMessage message(PeerEnvelope in) throws MessageRejected {
    return switch (in.getMessageCase()) {
      case PING -> protocol(ping(in.getPing()));
      case PONG -> protocol(pong(in.getPong()));
      case PREPARE -> {
        PeerEnvelope.Prepare wire = in.getPrepare();
        need(wire.hasBallot(), "Prepare without a ballot");
        yield protocol(new Message.Prepare(ballot(wire.getBallot()), slot(wire.getFrom())));
      }
      case PROMISE -> protocol(promise(in.getPromise()));
      case REFUSED -> {
        PeerEnvelope.Refused wire = in.getRefused();
        need(wire.hasBallot() && wire.hasPromised(), "Refused without its ballots");
        yield protocol(new Message.Refused(ballot(wire.getBallot()), ballot(wire.getPromised())));
      }
      case PROPOSE -> protocol(propose(in.getPropose()));
      case ACCEPTED -> {
        PeerEnvelope.Accepted wire = in.getAccepted();
        need(wire.hasBallot(), "Accepted without a ballot");
        yield protocol(new Message.Accepted(ballot(wire.getBallot()), slot(wire.getUpTo())));
      }
      case MISSING -> {
        PeerEnvelope.Missing wire = in.getMissing();
        need(wire.hasBallot(), "Missing without a ballot");
        yield protocol(new Message.Missing(ballot(wire.getBallot()), slot(wire.getFrom())));
      }
      case INFORM -> {
        need(in.getInform().hasChosen(), "Inform without a chosen prefix");
        yield protocol(new Message.Inform(chosen(in.getInform().getChosen())));
      }
      case TAKE_OVER -> {
        need(in.getTakeOver().hasBallot(), "TakeOver without a ballot");
        yield protocol(new Message.TakeOver(ballot(in.getTakeOver().getBallot())));
      }
      case FETCH -> protocol(new Message.Fetch(slot(in.getFetch().getFrom())));
      case FETCHED -> protocol(fetched(in.getFetched()));
      case READ_POINT_REQUEST ->
          protocol(
              new Message.ReadPointRequest(
                  in.getReadPointRequest().getId(), in.getReadPointRequest().getUnderLease()));
      case READ_POINT ->
          protocol(
              new Message.ReadPoint(in.getReadPoint().getId(), slot(in.getReadPoint().getPoint())));
      case READ_POINT_REFUSED ->
          protocol(new Message.ReadPointRefused(in.getReadPointRefused().getId()));
      case LEASE_GIVEN -> {
        PeerEnvelope.LeaseGiven wire = in.getLeaseGiven();
        need(wire.hasBallot(), "LeaseGiven without a ballot");
        yield protocol(
            new Message.LeaseGiven(ballot(wire.getBallot()), natural(wire.getNumber(), "number")));
      }
      case LEASE_RETURNED -> {
        PeerEnvelope.LeaseReturned wire = in.getLeaseReturned();
        need(wire.hasBallot(), "LeaseReturned without a ballot");
        yield protocol(
            new Message.LeaseReturned(
                ballot(wire.getBallot()), natural(wire.getNumber(), "number")));
      }
      case VOTES_CAST -> {
        need(in.getVotesCast().hasVotes(), "VotesCast without votes");
        yield protocol(
            new Message.VotesCast(
                votes(in.getVotesCast().getVotes()), slot(in.getVotesCast().getChosen())));
      }
      case VOTES_SEEN_REQUEST -> protocol(new Message.VotesSeenRequest());
      case VOTES_SEEN -> {
        PeerEnvelope.VotesSeen wire = in.getVotesSeen();
        need(wire.hasVotes(), "VotesSeen without votes");
        Incarnation life = new Incarnation(PeerCodec.uuid(wire.getIncarnation(), "an incarnation"));
        yield protocol(new Message.VotesSeen(life, votes(wire.getVotes())));
      }
      case MEET, FOUND, FOUNDING_SYNCED, FOUNDING_OPENED -> protocol(foundingMessage(in));
      case FORWARD, FORWARD_REFUSED, DISK_ROOM, QUOTA_REACHED, SNAPSHOT_REQUEST, SNAPSHOT_CHUNK ->
          ofTheNode(in);
      case HELLO, HELLO_REPLY ->
          throw new MessageRejected(in.getMessageCase() + " in the middle of a stream");
      case MESSAGE_NOT_SET ->
          throw new MessageRejected("no message, or one that is not known here");
    };
  }

  private static PeerMessage protocol(Message message) {
    return new PeerMessage.Protocol(message);
  }

  private static PeerMessage ofTheNode(PeerEnvelope in) throws MessageRejected {
    if (in.hasForward()) {
      return new PeerMessage.Forward(PeerCodec.fromWire(in.getForward().getCommands()));
    } else if (in.hasForwardRefused()) {
      return new PeerMessage.ForwardRefused(in.getForwardRefused().getOverloaded());
    } else if (in.hasDiskRoom()) {
      return new PeerMessage.DiskRoom(
          level(in.getDiskRoom().getLevel()), words(in.getDiskRoom().getWords()));
    } else if (in.hasQuotaReached()) {
      return new PeerMessage.QuotaReached(words(in.getQuotaReached().getWords()));
    } else if (in.hasSnapshotRequest()) {
      PeerEnvelope.SnapshotRequest wire = in.getSnapshotRequest();
      return new PeerMessage.SnapshotRequest(
          slot(wire.getSnapshot()), natural(wire.getOffset(), "offset"), slot(wire.getAtLeast()));
    }
    PeerEnvelope.SnapshotChunk wire = in.getSnapshotChunk();
    int digest = wire.getSha256().size();
    need(
        digest == (wire.getSnapshot() == 0 ? 0 : SHA256_BYTES),
        "SnapshotChunk with a digest of another size");
    return new PeerMessage.SnapshotChunk(
        slot(wire.getSnapshot()),
        natural(wire.getOffset(), "offset"),
        natural(wire.getSizeBytes(), "size_bytes"),
        PeerCodec.fromWire(wire.getSha256()),
        wire.getCrc(),
        PeerCodec.fromWire(wire.getBytes()));
  }

  private static String words(String wire) throws MessageRejected {
    need(wire.length() <= PeerMessage.LONGEST_WORDS, "too many words");
    return wire;
  }

  private static DiskLevel level(int number) throws MessageRejected {
    return switch (number) {
      case 0 -> DiskLevel.ENOUGH;
      case 1 -> DiskLevel.LOW;
      case 2 -> DiskLevel.SHORT;
      case 3 -> DiskLevel.FULL;
      default -> throw new MessageRejected("DiskRoom of level " + number);
    };
  }

  private static Message foundingMessage(PeerEnvelope in) throws MessageRejected {
    if (in.hasMeet()) {
      return meet(in.getMeet());
    } else if (in.hasFound()) {
      need(in.getFound().hasFounding(), "Found without a founding");
      return new Message.Found(founding(in.getFound().getFounding()));
    } else if (in.hasFoundingSynced()) {
      return new Message.FoundingSynced(
          new ClusterId(PeerCodec.uuid(in.getFoundingSynced().getCluster(), "a cluster id")));
    }
    need(in.getFoundingOpened().hasFounding(), "FoundingOpened without a founding");
    return new Message.FoundingOpened(founding(in.getFoundingOpened().getFounding()));
  }

  private static Message meet(PeerEnvelope.Meet wire) throws MessageRejected {
    need(wire.getListedCount() <= MAX_LISTED, "Meet with too many servers");
    List<Address> listed = new ArrayList<>(wire.getListedCount());
    for (String address : wire.getListedList()) {
      listed.add(address(address));
    }
    Optional<Founding> founding =
        wire.hasFounding() ? Optional.of(founding(wire.getFounding())) : Optional.empty();
    return new Message.Meet(
        Collections.unmodifiableList(listed),
        address(wire.getClientAddress()),
        founding,
        wire.getOpened(),
        wire.getWitness());
  }

  private static Message ping(PeerEnvelope.Ping wire) throws MessageRejected {
    need(wire.hasStanding(), "Ping without a standing");
    return new Message.Ping(
        natural(wire.getNumber(), "number"),
        standing(wire.getStanding()),
        wire.hasChosen() ? Optional.of(chosen(wire.getChosen())) : Optional.empty(),
        wire.hasLeaseNanos()
            ? OptionalLong.of(natural(wire.getLeaseNanos(), "lease_nanos"))
            : OptionalLong.empty(),
        wire.hasHeld() ? Optional.of(slot(wire.getHeld())) : Optional.empty());
  }

  private static Message pong(PeerEnvelope.Pong wire) throws MessageRejected {
    need(wire.hasStanding() && wire.hasPromised(), "Pong without a standing or a promise");
    return new Message.Pong(
        natural(wire.getNumber(), "number"),
        standing(wire.getStanding()),
        ballot(wire.getPromised()),
        slot(wire.getLastAccepted()));
  }

  private static Message promise(PeerEnvelope.Promise wire) throws MessageRejected {
    need(wire.hasBallot(), "Promise without a ballot");
    return new Message.Promise(
        ballot(wire.getBallot()),
        slot(wire.getChosen()),
        slot(wire.getCut()),
        accepted(wire.getAcceptedList()),
        slot(wire.getLast()),
        slot(wire.getOwned()),
        wire.hasUnknown() ? Optional.of(range(wire.getUnknown())) : Optional.empty(),
        wire.hasTorn() ? Optional.of(range(wire.getTorn())) : Optional.empty());
  }

  private static Message propose(PeerEnvelope.Propose wire) throws MessageRejected {
    need(wire.hasBallot(), "Propose without a ballot");
    need(wire.getValuesCount() > 0, "Propose without a value");
    need(wire.getValuesCount() <= MAX_VALUES, "Propose with too many values");
    need(wire.getFirst() > 0, "Propose for slot 0");
    List<Value> values = new ArrayList<>(wire.getValuesCount());
    for (PeerEnvelope.Value value : wire.getValuesList()) {
      values.add(value(value));
    }
    return new Message.Propose(
        ballot(wire.getBallot()),
        slot(wire.getFirst()),
        Collections.unmodifiableList(values),
        slot(wire.getChosen()));
  }

  private static Message fetched(PeerEnvelope.Fetched wire) throws MessageRejected {
    return new Message.Fetched(
        slot(wire.getFrom()),
        accepted(wire.getValuesList()),
        slot(wire.getCut()),
        slot(wire.getChosen()),
        wire.hasAtCut() ? Optional.of(inForce(wire.getAtCut())) : Optional.empty());
  }

  private static MembershipInForce inForce(PeerEnvelope.MembershipInForce wire)
      throws MessageRejected {
    return new MembershipInForce(
        slot(wire.getDecidedAt()),
        ValueFormat.membership(PeerCodec.fromWire(wire.getMembership())));
  }

  private static Standing standing(PeerEnvelope.Standing wire) throws MessageRejected {
    need(wire.hasFollowed(), "Standing without a ballot");
    return new Standing(
        ballot(wire.getFollowed()),
        wire.hasActing() ? Optional.of(ballot(wire.getActing())) : Optional.empty(),
        wire.getContent(),
        slot(wire.getChosen()),
        slot(wire.getApplied()),
        slot(wire.getMembershipAt()),
        natural(wire.getSyncAgeMillis(), "sync_age_millis"),
        states(wire.getStateList()),
        wire.getPriority(),
        wire.getLeaving(),
        wire.getInDoubt(),
        supported(wire),
        wire.hasWitness() ? Optional.of(witness(wire.getWitness())) : Optional.empty());
  }

  /** One that says nothing of versions is a program of before there were others. */
  private static VersionRange supported(PeerEnvelope.Standing wire) throws MessageRejected {
    int oldest = wire.getOldestVersion();
    int newest = wire.getNewestVersion();
    if (oldest == 0 && newest == 0) {
      return VersionRange.FIRST_ONLY;
    }
    need(oldest > 0 && newest >= oldest, "versions that end before they begin");
    return new VersionRange(oldest, newest);
  }

  private static WitnessLog witness(PeerEnvelope.WitnessLog wire) throws MessageRejected {
    return new WitnessLog(slot(wire.getCut()), wire.getFull());
  }

  private static List<StateHash> states(List<PeerEnvelope.StateHash> wire) throws MessageRejected {
    need(wire.size() <= Standing.MOST_HASHES, "too many hashes of states");
    List<StateHash> states = new ArrayList<>(wire.size());
    for (PeerEnvelope.StateHash state : wire) {
      states.add(new StateHash(slot(state.getSlot()), state.getHash()));
    }
    return Collections.unmodifiableList(states);
  }

  private static List<AcceptedValue> accepted(List<PeerEnvelope.AcceptedValue> wire)
      throws MessageRejected {
    need(wire.size() <= MAX_VALUES, "too many values");
    List<AcceptedValue> values = new ArrayList<>(wire.size());
    for (PeerEnvelope.AcceptedValue value : wire) {
      need(value.hasBallot() && value.hasValue(), "an accepted value without ballot or value");
      need(value.getSlot() > 0, "an accepted value in slot 0");
      values.add(
          new AcceptedValue(
              slot(value.getSlot()), ballot(value.getBallot()), value(value.getValue())));
    }
    return Collections.unmodifiableList(values);
  }

  private static Value value(PeerEnvelope.Value wire) {
    return ValueFormat.value(wire.getKind(), PeerCodec.fromWire(wire.getPayload()));
  }

  private static ChosenPrefix chosen(PeerEnvelope.ChosenPrefix wire) throws MessageRejected {
    need(wire.hasBallot(), "a chosen prefix without a ballot");
    return new ChosenPrefix(ballot(wire.getBallot()), slot(wire.getUpTo()));
  }

  private static Founding founding(PeerEnvelope.Founding wire) throws MessageRejected {
    return new Founding(
        new ClusterId(PeerCodec.uuid(wire.getCluster(), "a cluster id")),
        ValueFormat.membership(PeerCodec.fromWire(wire.getMembership())));
  }

  private static Votes votes(PeerEnvelope.Votes wire) throws MessageRejected {
    need(wire.hasPromised(), "votes without a promise");
    return new Votes(ballot(wire.getPromised()), slot(wire.getAccepted()));
  }

  private static SlotRange range(PeerEnvelope.SlotRange wire) throws MessageRejected {
    return new SlotRange(slot(wire.getFirst()), slot(wire.getLast()));
  }

  /** A ballot; never the very highest, so that a higher one can always be made. */
  private static Ballot ballot(PeerEnvelope.Ballot wire) throws MessageRejected {
    need(wire.getRound() != Ballot.MAX_ROUND, "the highest round");
    return new Ballot(wire.getRound(), new ServerId(wire.getServer()));
  }

  private static Slot slot(long number) throws MessageRejected {
    if (number < 0 || number > MAX_SLOT) {
      throw new MessageRejected("slot " + Long.toUnsignedString(number));
    }
    return new Slot(number);
  }

  /** An address of a server. */
  static Address address(String text) throws MessageRejected {
    need(text.length() <= MAX_ADDRESS_CHARACTERS, "an address that is too long");
    return Address.parse(text);
  }

  private static long natural(long number, String field) throws MessageRejected {
    if (number < 0) {
      throw new MessageRejected(field + " " + Long.toUnsignedString(number));
    }
    return number;
  }

  private static void need(boolean condition, String otherwise) throws MessageRejected {
    if (!condition) {
      throw new MessageRejected(otherwise);
    }
  }
}
