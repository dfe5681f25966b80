package io.synod.paxos;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.stream.IntStream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What is known from promises of voters of whom some have lost what they accepted. */
class PromisesTest {
  private static final Ballot FORMER = new Ballot(1, new ServerId(0));
  private static final Ballot BALLOT = new Ballot(2, new ServerId(1));
  private static final Value HELD = CoreCluster.batch("held");

  private static Member voter(int i) {
    return new Member(
        new ServerId(i),
        new Incarnation(new UUID(1, i)),
        new Address("localhost", 9000 + i),
        new Address("localhost", 8000 + i),
        Member.Role.VOTER);
  }

  private static Message.Promise promise(boolean knows, boolean torn) {
    Optional<SlotRange> lost = Optional.of(new SlotRange(Slot.of(1), Slot.of(9)));
    return new Message.Promise(
        BALLOT,
        Slot.ZERO,
        Slot.ZERO,
        knows ? List.of(new AcceptedValue(Slot.of(1), FORMER, HELD)) : List.of(),
        knows ? Slot.of(1) : Slot.ZERO,
        Slot.ZERO,
        knows || torn ? Optional.empty() : lost,
        knows || !torn ? Optional.empty() : lost);
  }

  private static Membership membership(int voters) {
    return new Membership(
        Slot.ZERO, IntStream.range(0, voters).mapToObj(PromisesTest::voter).toList());
  }

  /** So many have answered, and the first of them know what they accepted. */
  private static Promises promises(int answered, int knowing, boolean torn) {
    Promises promises = new Promises(Slot.of(1));
    for (int i = 0; i < answered; i++) {
      Optional<Slot> unused = promises.add(Life.of(voter(i)), promise(i < knowing, torn));
    }
    return promises;
  }

  /** All voters answer; those that do not know may have accepted something else. */
  @ParameterizedTest
  @CsvSource({
    "1, 0, false",
    "1, 1, true",
    "2, 0, false",
    "2, 1, true",
    "2, 2, true",
    "3, 1, false",
    "3, 2, true",
    "4, 1, false",
    "4, 2, true",
    "4, 3, true",
    "5, 2, false",
    "5, 3, true",
    "6, 2, false",
    "6, 3, true",
    "7, 3, false",
    "7, 4, true"
  })
  void aSlotIsKnownWhereThoseThatLostItAreNoQuorum(int voters, int knowing, boolean known) {
    Membership membership = membership(voters);
    Promises promises = promises(voters, knowing, /* torn= */ false);
    assertEquals(
        known ? Optional.empty() : Optional.of(Slot.of(1)),
        promises.firstInDoubt(Slot.ZERO, membership));
    assertEquals(knowing > 0 ? Optional.of(HELD) : Optional.empty(), promises.valueFor(Slot.of(1)));
  }

  /** One more voter is absent: it might be the one that knows of another value. */
  @ParameterizedTest
  @CsvSource({
    "4, 1, false",
    "4, 2, true",
    "5, 2, false",
    "5, 3, true",
    "6, 2, false",
    "6, 3, true"
  })
  void aTornTailIsNothingOnlyWhenAllHaveAnswered(int voters, int knowing, boolean known) {
    Membership membership = membership(voters);
    Promises promises = promises(voters - 1, knowing, /* torn= */ true);
    assertEquals(known, promises.firstInDoubt(Slot.ZERO, membership).isEmpty());
    Optional<Slot> unused = promises.add(Life.of(voter(voters - 1)), promise(false, true));
    assertEquals(Optional.empty(), promises.firstInDoubt(Slot.ZERO, membership));
  }
}
