package io.synod.transport.grpc;

import com.google.common.hash.Hashing;
import com.google.protobuf.ByteString;
import io.synod.paxos.Address;
import io.synod.paxos.Bytes;
import io.synod.paxos.ClusterId;
import io.synod.paxos.Incarnation;
import io.synod.paxos.ServerId;
import io.synod.proto.PeerEnvelope;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.stream.Collectors;

/** The first frame each way of a stream between servers: who calls whom, and may it. */
final class Handshake {
  /** The newest version of what servers say to each other that this server speaks. */
  static final int VERSION = 1;

  /** The oldest. */
  static final int OLDEST_VERSION = 1;

  private static final int MAX_REFUSAL_CHARACTERS = 1_000;

  private Handshake() {}

  /** The versions that a server speaks, both included. */
  record Versions(int oldest, int newest) {
    static final Versions OURS = new Versions(OLDEST_VERSION, VERSION);

    boolean overlap(Versions other) {
      return oldest <= other.newest && other.oldest <= newest;
    }

    @Override
    public String toString() {
      return oldest == newest ? "version " + newest : "versions " + oldest + " to " + newest;
    }
  }

  /**
   * What the caller says of itself.
   *
   * @param run random for each start of a process
   * @param foundingList digest of its founding list
   * @param attempt grows with each stream of this run and lane
   * @param onlyAsks which process answers: no stream comes of it
   */
  record Greeting(
      Versions versions,
      Optional<ClusterId> cluster,
      ServerId from,
      ServerId to,
      Incarnation incarnation,
      UUID run,
      Address consensusAddress,
      Bytes foundingList,
      Lane lane,
      long attempt,
      boolean onlyAsks) {
    /** The same from one that only asks who is there. */
    Greeting asking() {
      return new Greeting(
          versions,
          cluster,
          from,
          to,
          incarnation,
          run,
          consensusAddress,
          foundingList,
          lane,
          attempt,
          /* onlyAsks= */ true);
    }
  }

  /**
   * The answer.
   *
   * @param refusal why not; none if the stream is accepted
   */
  record Reply(Optional<String> refusal, Optional<ClusterId> cluster, UUID run) {}

  /** The digest of a founding list. */
  static Bytes digest(List<Address> listed) {
    String text = listed.stream().map(Address::toString).collect(Collectors.joining(","));
    return Bytes.wrap(Hashing.sha256().hashString(text, StandardCharsets.UTF_8).asBytes());
  }

  /** Why {@code self}, of {@code cluster}, does not listen to this caller; none if it does. */
  static Optional<String> refusal(ServerId self, Optional<ClusterId> cluster, Greeting caller) {
    if (!caller.versions().overlap(Versions.OURS)) {
      return Optional.of(
          "server "
              + caller.from().number()
              + " speaks "
              + caller.versions()
              + " of the protocol between servers, server "
              + self.number()
              + " speaks "
              + Versions.OURS);
    }
    if (!caller.to().equals(self)) {
      return Optional.of(
          "expected server "
              + caller.to().number()
              + " at this address, but this is server "
              + self.number());
    }
    return clusterMismatch(self, cluster, caller.from(), caller.cluster());
  }

  /** Names both clusters if they are known and differ. */
  static Optional<String> clusterMismatch(
      ServerId self, Optional<ClusterId> ours, ServerId peer, Optional<ClusterId> theirs) {
    if (ours.isEmpty() || theirs.isEmpty() || ours.equals(theirs)) {
      return Optional.empty();
    }
    return Optional.of(
        "server "
            + peer.number()
            + " belongs to cluster "
            + theirs.get()
            + ", server "
            + self.number()
            + " to cluster "
            + ours.get());
  }

  static Frame encode(Greeting greeting) {
    PeerEnvelope.Hello.Builder hello =
        PeerEnvelope.Hello.newBuilder()
            .setVersion(greeting.versions().newest())
            .setOldestVersion(greeting.versions().oldest())
            .setCluster(cluster(greeting.cluster()))
            .setFrom(greeting.from().number())
            .setTo(greeting.to().number())
            .setIncarnation(PeerCodec.toWire(greeting.incarnation().id()))
            .setRun(PeerCodec.toWire(greeting.run()))
            .setConsensusAddress(greeting.consensusAddress().toString())
            .setFoundingList(PeerCodec.toWire(greeting.foundingList()))
            .setLane(
                greeting.lane() == Lane.URGENT
                    ? PeerEnvelope.Hello.Lane.LANE_URGENT
                    : PeerEnvelope.Hello.Lane.LANE_BULK)
            .setAttempt(greeting.attempt())
            .setOnlyAsks(greeting.onlyAsks());
    return new Frame(PeerEnvelope.newBuilder().setHello(hello).build().toByteArray());
  }

  static Greeting greeting(Frame frame) throws MessageRejected {
    PeerEnvelope envelope = PeerCodec.envelope(frame.bytes());
    if (!envelope.hasHello()) {
      throw new MessageRejected("a stream that begins with " + envelope.getMessageCase());
    }
    PeerEnvelope.Hello hello = envelope.getHello();
    try {
      return new Greeting(
          new Versions(hello.getOldestVersion(), hello.getVersion()),
          cluster(hello.getCluster()),
          new ServerId(hello.getFrom()),
          new ServerId(hello.getTo()),
          new Incarnation(PeerCodec.uuid(hello.getIncarnation(), "an incarnation")),
          PeerCodec.uuid(hello.getRun(), "a run id"),
          PeerDecoder.address(hello.getConsensusAddress()),
          PeerCodec.fromWire(hello.getFoundingList()),
          lane(hello.getLane()),
          hello.getAttempt(),
          hello.getOnlyAsks());
    } catch (IllegalArgumentException e) {
      throw new MessageRejected("Hello: " + e.getMessage());
    }
  }

  static Frame encode(Reply reply) {
    PeerEnvelope.HelloReply.Builder wire =
        PeerEnvelope.HelloReply.newBuilder()
            .setRefusal(reply.refusal().orElse(""))
            .setVersion(VERSION)
            .setCluster(cluster(reply.cluster()))
            .setRun(PeerCodec.toWire(reply.run()));
    return new Frame(PeerEnvelope.newBuilder().setHelloReply(wire).build().toByteArray());
  }

  static Reply reply(Frame frame) throws MessageRejected {
    PeerEnvelope envelope = PeerCodec.envelope(frame.bytes());
    if (!envelope.hasHelloReply()) {
      throw new MessageRejected("Hello answered by " + envelope.getMessageCase());
    }
    PeerEnvelope.HelloReply reply = envelope.getHelloReply();
    String refusal = reply.getRefusal();
    if (refusal.length() > MAX_REFUSAL_CHARACTERS) {
      refusal = refusal.substring(0, MAX_REFUSAL_CHARACTERS);
    }
    return new Reply(
        refusal.isEmpty() ? Optional.empty() : Optional.of(refusal),
        cluster(reply.getCluster()),
        PeerCodec.uuid(reply.getRun(), "a run id"));
  }

  private static Lane lane(PeerEnvelope.Hello.Lane lane) throws MessageRejected {
    return switch (lane) {
      case LANE_URGENT -> Lane.URGENT;
      case LANE_BULK -> Lane.BULK;
      case LANE_UNKNOWN, UNRECOGNIZED -> throw new MessageRejected("Hello without a known lane");
    };
  }

  private static ByteString cluster(Optional<ClusterId> cluster) {
    return cluster.map(id -> PeerCodec.toWire(id.id())).orElse(ByteString.EMPTY);
  }

  private static Optional<ClusterId> cluster(ByteString wire) throws MessageRejected {
    return wire.isEmpty()
        ? Optional.empty()
        : Optional.of(new ClusterId(PeerCodec.uuid(wire, "a cluster id")));
  }
}
