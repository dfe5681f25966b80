package io.synod.transport.grpc;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assertions.fail;

import io.synod.paxos.Ballot;
import io.synod.paxos.Bytes;
import io.synod.paxos.Message;
import io.synod.paxos.ServerId;
import io.synod.paxos.Slot;
import io.synod.paxos.Value;
import io.synod.paxos.VersionRange;
import io.synod.proto.PeerEnvelope;
import io.synod.transport.PeerMessage;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

final class PeerCodecTest {
  private static final long SEED = 20261121;

  @Test
  void bringsBackEveryMessage() throws MessageRejected {
    for (long seed = SEED; seed < SEED + 300; seed++) {
      for (PeerMessage message : new RandomMessages(seed).oneOfEach()) {
        assertEquals(message, PeerCodec.decode(PeerCodec.encode(message)), "seed " + seed);
      }
    }
  }

  @Test
  void leavesOutNoTypeOfMessage() {
    Set<Class<?>> made = new HashSet<>();
    for (PeerMessage message : new RandomMessages(SEED).oneOfEach()) {
      made.add(
          message instanceof PeerMessage.Protocol protocol
              ? protocol.message().getClass()
              : message.getClass());
    }
    Set<Class<?>> all = new HashSet<>();
    concrete(Message.class).forEach(all::add);
    concrete(PeerMessage.class).forEach(all::add);
    all.remove(PeerMessage.Protocol.class);
    assertEquals(all, made);
  }

  private static Stream<Class<?>> concrete(Class<?> type) {
    return type.isSealed()
        ? Arrays.stream(type.getPermittedSubclasses()).flatMap(PeerCodecTest::concrete)
        : Stream.of(type);
  }

  @Test
  void rejectsMutatedBytesAndNeverFailsOtherwise() {
    Random random = new Random(SEED);
    int rejected = 0;
    int understood = 0;
    for (long seed = SEED; seed < SEED + 150; seed++) {
      for (PeerMessage message : new RandomMessages(seed).oneOfEach()) {
        byte[] frame = PeerCodec.encode(message);
        for (int i = 0; i < 30; i++) {
          byte[] mutated = mutate(frame, random);
          byte[] kept = mutated.clone();
          try {
            PeerMessage decoded = PeerCodec.decode(mutated);
            understood++;
            assertEquals(decoded, PeerCodec.decode(PeerCodec.encode(decoded)));
          } catch (MessageRejected e) {
            assertNotNull(e.getMessage());
            rejected++;
          } catch (RuntimeException e) {
            fail("seed " + seed + ", " + message.getClass() + ": " + Arrays.toString(kept), e);
          }
        }
      }
    }
    assertTrue(rejected > 1_000 && understood > 1_000, rejected + " and " + understood);
  }

  private static byte[] mutate(byte[] frame, Random random) {
    byte[] mutated = frame.clone();
    switch (random.nextInt(4)) {
      case 0 -> mutated = Arrays.copyOf(mutated, random.nextInt(frame.length + 1));
      case 1 -> {
        int at = random.nextInt(frame.length);
        System.arraycopy(frame, at, mutated, 0, frame.length - at);
      }
      default -> {
        // Most damage near the front, where the structure is.
        for (int i = 1 + random.nextInt(4); i > 0 && frame.length > 0; i--) {
          int bound = random.nextBoolean() ? Math.min(40, frame.length) : frame.length;
          mutated[random.nextInt(bound)] = (byte) random.nextInt();
        }
      }
    }
    return mutated;
  }

  /** A program of before there were versions does not name any. */
  @Test
  void whoSaysNothingOfVersionsKnowsTheFirstOnly() throws MessageRejected {
    assertEquals(VersionRange.FIRST_ONLY, supported(0, 0));
    assertEquals(new VersionRange(2, 3), supported(2, 3));
    for (int[] wrong : new int[][] {{3, 2}, {0, 2}, {2, 0}, {-1, 2}}) {
      assertThrows(MessageRejected.class, () -> supported(wrong[0], wrong[1]));
    }
  }

  private static VersionRange supported(int oldest, int newest) throws MessageRejected {
    PeerEnvelope.Standing standing =
        PeerEnvelope.Standing.newBuilder()
            .setFollowed(PeerEnvelope.Ballot.newBuilder().setRound(3).setServer(1))
            .setOldestVersion(oldest)
            .setNewestVersion(newest)
            .build();
    PeerMessage.Protocol decoded =
        (PeerMessage.Protocol)
            PeerCodec.decode(
                PeerEnvelope.newBuilder()
                    .setPing(PeerEnvelope.Ping.newBuilder().setNumber(1).setStanding(standing))
                    .build());
    return ((Message.Ping) decoded.message()).standing().supported();
  }

  @Test
  void rejectsWhatNoCorrectServerSays() {
    PeerEnvelope.Ballot good = PeerEnvelope.Ballot.newBuilder().setRound(3).setServer(1).build();
    rejects(
        "slot 18446744073709551615", e -> e.setFetch(PeerEnvelope.Fetch.newBuilder().setFrom(-1)));
    rejects(
        "slot", e -> e.setFetch(PeerEnvelope.Fetch.newBuilder().setFrom(PeerDecoder.MAX_SLOT + 1)));
    rejects("without a ballot", e -> e.setPrepare(PeerEnvelope.Prepare.newBuilder().setFrom(1)));
    for (long round : new long[] {Ballot.MAX_ROUND, Ballot.MAX_ROUND + 1, -1}) {
      rejects(
          "round",
          e ->
              e.setPrepare(
                  PeerEnvelope.Prepare.newBuilder().setBallot(good.toBuilder().setRound(round))));
    }
    rejects(
        "server id",
        e ->
            e.setPrepare(
                PeerEnvelope.Prepare.newBuilder().setBallot(good.toBuilder().setServer(-1))));
    rejects(
        "kind of value 9",
        e ->
            e.setPropose(
                PeerEnvelope.Propose.newBuilder()
                    .setBallot(good)
                    .setFirst(1)
                    .addValues(PeerEnvelope.Value.newBuilder().setKind(9))));
    PeerEnvelope.Propose.Builder huge =
        PeerEnvelope.Propose.newBuilder().setBallot(good).setFirst(1);
    for (int i = 0; i <= PeerDecoder.MAX_VALUES; i++) {
      huge.addValues(PeerEnvelope.Value.newBuilder().setKind(2));
    }
    rejects("too many values", e -> e.setPropose(huge));
    rejects(
        "too long", e -> e.setMeet(PeerEnvelope.Meet.newBuilder().addListed("x".repeat(9_999))));
    rejects("16", e -> e.setFoundingSynced(PeerEnvelope.FoundingSynced.getDefaultInstance()));
    rejects("HELLO", e -> e.setHello(PeerEnvelope.Hello.getDefaultInstance()));
    rejects("no message", e -> e);
  }

  private interface Change {
    PeerEnvelope.Builder to(PeerEnvelope.Builder envelope);
  }

  private static void rejects(String why, Change change) {
    byte[] frame = change.to(PeerEnvelope.newBuilder()).build().toByteArray();
    MessageRejected rejected = assertThrows(MessageRejected.class, () -> PeerCodec.decode(frame));
    assertTrue(rejected.why().contains(why), rejected.why());
  }

  @Test
  void encodesOnceWhatGoesToSeveralPeers() {
    Message propose =
        new Message.Propose(
            new Ballot(1, new ServerId(0)),
            Slot.of(1),
            List.of(new Value.Batch(Bytes.wrap(new byte[100]))),
            Slot.ZERO);
    Message other = new Message.Accepted(new Ballot(1, new ServerId(0)), Slot.of(4));
    EncodedLately lately = new EncodedLately();
    Frame first = lately.frame(new PeerMessage.Protocol(propose));
    lately.frame(new PeerMessage.Protocol(other));
    assertSame(first, lately.frame(new PeerMessage.Protocol(propose)));
  }

  @Test
  void sharesThePayloadOfABatchWithTheFrame() throws MessageRejected {
    byte[] payload = new byte[10_000];
    PeerMessage.Forward forward = new PeerMessage.Forward(Bytes.wrap(payload));
    byte[] frame = PeerCodec.encode(forward);
    PeerMessage.Forward decoded = (PeerMessage.Forward) PeerCodec.decode(frame);
    frame[frame.length - 1] = 7;
    assertEquals(7, decoded.commands().at(payload.length - 1));
  }
}
