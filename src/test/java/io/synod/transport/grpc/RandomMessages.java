package io.synod.transport.grpc;

import io.synod.paxos.AcceptedValue;
import io.synod.paxos.Address;
import io.synod.paxos.Ballot;
import io.synod.paxos.Bytes;
import io.synod.paxos.ChosenPrefix;
import io.synod.paxos.ClusterId;
import io.synod.paxos.Founding;
import io.synod.paxos.Incarnation;
import io.synod.paxos.Member;
import io.synod.paxos.Membership;
import io.synod.paxos.MembershipInForce;
import io.synod.paxos.Message;
import io.synod.paxos.ServerId;
import io.synod.paxos.Slot;
import io.synod.paxos.SlotRange;
import io.synod.paxos.Standing;
import io.synod.paxos.StateHash;
import io.synod.paxos.Value;
import io.synod.paxos.VersionRange;
import io.synod.paxos.Votes;
import io.synod.paxos.WitnessLog;
import io.synod.transport.DiskLevel;
import io.synod.transport.PeerMessage;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Random;
import java.util.UUID;
import java.util.function.Supplier;

/** Messages of every type with random contents; one seed decides them all. */
final class RandomMessages {
  private final Random random;
  private final Map<Class<? extends Message>, Supplier<Message>> protocol = new LinkedHashMap<>();
  private final Map<Class<? extends PeerMessage>, Supplier<PeerMessage>> node =
      new LinkedHashMap<>();

  RandomMessages(long seed) {
    random = new Random(seed);
    protocol.put(
        Message.Ping.class,
        () ->
            new Message.Ping(
                natural(),
                standing(),
                maybe(this::chosenPrefix),
                random.nextBoolean() ? OptionalLong.empty() : OptionalLong.of(natural()),
                maybe(this::slot)));
    protocol.put(
        Message.Pong.class, () -> new Message.Pong(natural(), standing(), ballot(), slot()));
    protocol.put(Message.Prepare.class, () -> new Message.Prepare(ballot(), slot()));
    protocol.put(
        Message.Promise.class,
        () ->
            new Message.Promise(
                ballot(),
                slot(),
                slot(),
                accepted(),
                slot(),
                slot(),
                maybe(this::range),
                maybe(this::range)));
    protocol.put(Message.Refused.class, () -> new Message.Refused(ballot(), ballot()));
    protocol.put(
        Message.Propose.class,
        () -> new Message.Propose(ballot(), slot().next(), values(), slot()));
    protocol.put(Message.Accepted.class, () -> new Message.Accepted(ballot(), slot()));
    protocol.put(Message.Missing.class, () -> new Message.Missing(ballot(), slot()));
    protocol.put(Message.Inform.class, () -> new Message.Inform(chosenPrefix()));
    protocol.put(Message.TakeOver.class, () -> new Message.TakeOver(ballot()));
    protocol.put(Message.Fetch.class, () -> new Message.Fetch(slot()));
    protocol.put(
        Message.Fetched.class,
        () -> new Message.Fetched(slot(), accepted(), slot(), slot(), maybe(this::inForce)));
    protocol.put(
        Message.ReadPointRequest.class,
        () -> new Message.ReadPointRequest(random.nextLong(), random.nextBoolean()));
    protocol.put(Message.LeaseGiven.class, () -> new Message.LeaseGiven(ballot(), natural()));
    protocol.put(Message.LeaseReturned.class, () -> new Message.LeaseReturned(ballot(), natural()));
    protocol.put(Message.ReadPoint.class, () -> new Message.ReadPoint(random.nextLong(), slot()));
    protocol.put(
        Message.ReadPointRefused.class, () -> new Message.ReadPointRefused(random.nextLong()));
    protocol.put(Message.VotesCast.class, () -> new Message.VotesCast(votes(), slot()));
    protocol.put(Message.VotesSeenRequest.class, Message.VotesSeenRequest::new);
    protocol.put(
        Message.VotesSeen.class, () -> new Message.VotesSeen(new Incarnation(uuid()), votes()));
    protocol.put(
        Message.Meet.class,
        () ->
            new Message.Meet(
                List.of(address(), address(), address()),
                address(),
                maybe(this::founding),
                random.nextBoolean(),
                random.nextBoolean()));
    protocol.put(Message.Found.class, () -> new Message.Found(founding()));
    protocol.put(Message.FoundingSynced.class, () -> new Message.FoundingSynced(cluster()));
    protocol.put(Message.FoundingOpened.class, () -> new Message.FoundingOpened(founding()));
    node.put(PeerMessage.Forward.class, () -> new PeerMessage.Forward(bytes(2_000)));
    node.put(
        PeerMessage.ForwardRefused.class,
        () -> new PeerMessage.ForwardRefused(random.nextBoolean()));
    node.put(
        PeerMessage.DiskRoom.class,
        () ->
            new PeerMessage.DiskRoom(
                List.of(DiskLevel.values()).get(random.nextInt(4)), "words " + random.nextInt()));
    node.put(
        PeerMessage.QuotaReached.class,
        () -> new PeerMessage.QuotaReached("words " + random.nextInt()));
    node.put(
        PeerMessage.SnapshotRequest.class,
        () -> new PeerMessage.SnapshotRequest(slot(), natural(), slot()));
    node.put(
        PeerMessage.SnapshotChunk.class,
        () -> {
          Slot slot = random.nextBoolean() ? Slot.ZERO : slot().next();
          return new PeerMessage.SnapshotChunk(
              slot,
              natural(),
              natural(),
              slot.equals(Slot.ZERO) ? Bytes.EMPTY : exactly(32),
              random.nextInt(),
              bytes(5_000));
        });
  }

  /** One of each type. */
  List<PeerMessage> oneOfEach() {
    List<PeerMessage> all = new ArrayList<>();
    protocol.values().forEach(make -> all.add(new PeerMessage.Protocol(make.get())));
    node.values().forEach(make -> all.add(make.get()));
    return all;
  }

  private long natural() {
    return random.nextLong() >>> (1 + random.nextInt(63));
  }

  private Slot slot() {
    return new Slot(natural() >>> 2);
  }

  private Votes votes() {
    return new Votes(ballot(), slot());
  }

  private Ballot ballot() {
    return new Ballot(natural() >>> 2, new ServerId(random.nextInt(1_000)));
  }

  private ChosenPrefix chosenPrefix() {
    return new ChosenPrefix(ballot(), slot());
  }

  private SlotRange range() {
    Slot first = slot();
    return new SlotRange(first, first.plus(random.nextInt(1_000)));
  }

  private Standing standing() {
    return new Standing(
        ballot(),
        maybe(this::ballot),
        random.nextBoolean(),
        slot(),
        slot(),
        slot(),
        natural(),
        random.nextBoolean()
            ? List.of()
            : List.of(
                new StateHash(slot(), random.nextLong()), new StateHash(slot(), random.nextLong())),
        random.nextInt(),
        random.nextBoolean(),
        random.nextBoolean(),
        versions(),
        maybe(() -> new WitnessLog(slot(), random.nextBoolean())));
  }

  private VersionRange versions() {
    int oldest = 1 + random.nextInt(3);
    return new VersionRange(oldest, oldest + random.nextInt(3));
  }

  private List<AcceptedValue> accepted() {
    List<AcceptedValue> accepted = new ArrayList<>();
    for (int i = random.nextInt(5); i > 0; i--) {
      accepted.add(new AcceptedValue(slot().next(), ballot(), value()));
    }
    return accepted;
  }

  private List<Value> values() {
    List<Value> values = new ArrayList<>();
    for (int i = 1 + random.nextInt(5); i > 0; i--) {
      values.add(value());
    }
    return values;
  }

  private Value value() {
    return switch (random.nextInt(6)) {
      case 0 -> new Value.Noop();
      case 3 -> new Value.Version(1 + random.nextInt(1_000));
      case 1 -> new Value.CoordinatorElected(ballot(), address());
      case 2 -> membership(slot());
      default -> new Value.Batch(bytes(3_000));
    };
  }

  private MembershipInForce inForce() {
    return new MembershipInForce(slot(), membership(slot()));
  }

  private Founding founding() {
    return new Founding(cluster(), membership(Slot.ZERO));
  }

  private Membership membership(Slot predecessor) {
    List<Member> members = new ArrayList<>();
    for (int i = 0; i <= random.nextInt(5); i++) {
      Member.Role role =
          i == 0 ? Member.Role.VOTER : Member.Role.of((byte) (1 + random.nextInt(4)));
      members.add(
          new Member(
              new ServerId(i),
              new Incarnation(uuid()),
              address(),
              address(),
              role,
              maybe(() -> new ServerId(random.nextInt(100)))));
    }
    return new Membership(predecessor, members);
  }

  private Address address() {
    String host =
        random.nextBoolean() ? "host-" + random.nextInt(100) : "fe80::" + random.nextInt(99);
    return new Address(host, 1 + random.nextInt(65_535));
  }

  private ClusterId cluster() {
    return new ClusterId(uuid());
  }

  private UUID uuid() {
    return new UUID(random.nextLong(), random.nextLong());
  }

  private Bytes bytes(int below) {
    return exactly(random.nextInt(below));
  }

  private Bytes exactly(int size) {
    byte[] bytes = new byte[size];
    random.nextBytes(bytes);
    // A view of a larger array, as batches often are.
    byte[] larger = new byte[size + 7];
    System.arraycopy(bytes, 0, larger, 3, size);
    return Bytes.wrap(larger, 3, size);
  }

  private <T> Optional<T> maybe(Supplier<T> make) {
    return random.nextBoolean() ? Optional.of(make.get()) : Optional.empty();
  }
}
