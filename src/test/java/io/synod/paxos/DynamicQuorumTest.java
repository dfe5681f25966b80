package io.synod.paxos;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.BitSet;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.UUID;
import org.junit.jupiter.api.Test;

/** Who should vote, by who is there: the decision alone. */
class DynamicQuorumTest {
  private static final QuorumPolicy DYNAMIC = new QuorumPolicy(QuorumPolicy.Mode.DYNAMIC, 1);
  private static final QuorumPolicy MAJORITY = new QuorumPolicy(QuorumPolicy.Mode.MAJORITY, 1);

  /** Server 0 votes alone where only one other is left. */
  private static final QuorumPolicy LAST =
      new QuorumPolicy(QuorumPolicy.Mode.DYNAMIC, 1, Optional.of(new ServerId(0)));

  /** A member for each letter. */
  private static Membership of(String roles) {
    List<Member> members = new ArrayList<>();
    for (int i = 0; i < roles.length(); i++) {
      Member.Role role =
          switch (roles.charAt(i)) {
            case 'V' -> Member.Role.VOTER;
            case 'S' -> Member.Role.STANDBY;
            case 'L' -> Member.Role.LEARNER;
            case 'O' -> Member.Role.OBSERVER;
            case 'W' -> Member.Role.WITNESS;
            default -> throw new IllegalArgumentException(roles);
          };
      members.add(
          new Member(
              new ServerId(i),
              new Incarnation(new UUID(0, i)),
              new Address("localhost", 9000 + i),
              new Address("localhost", 8000 + i),
              role));
    }
    return new Membership(Slot.ZERO, members);
  }

  private static String roles(Membership membership) {
    StringBuilder roles = new StringBuilder();
    membership.members().forEach(member -> roles.append(member.role().name().charAt(0)));
    return roles.toString();
  }

  /**
   * Those that are there have been for long, and have caught up; the others have long been gone.
   */
  private static DynamicQuorum.View there(BitSet there) {
    return there(there, /* holdUp= */ false);
  }

  /**
   * @param holdUp whether a witness cannot keep its log any longer for those that are not there
   */
  private static DynamicQuorum.View there(BitSet there, boolean holdUp) {
    return new DynamicQuorum.View() {
      @Override
      public boolean holdsUpAWitness(Member voter) {
        return holdUp && !isThere(voter);
      }

      @Override
      public boolean isHeard(Member member) {
        return isThere(member);
      }

      @Override
      public boolean isThere(Member member) {
        return there.get(member.server().number());
      }

      @Override
      public boolean isGone(Member voter) {
        return !isThere(voter);
      }

      @Override
      public boolean isBack(Member standby) {
        return isThere(standby);
      }
    };
  }

  private static BitSet bits(String there) {
    BitSet bits = new BitSet();
    for (int i = 0; i < there.length(); i++) {
      bits.set(i, there.charAt(i) == '+');
    }
    return bits;
  }

  private static String wanted(String roles, String there, QuorumPolicy policy) {
    return DynamicQuorum.wanted(
            new MembershipInForce(Slot.of(7), of(roles)), policy, there(bits(there)))
        .map(DynamicQuorumTest::roles)
        .orElse("as it is");
  }

  @Test
  void votersAreThoseThatAreThereAndOneMoreWhereThatMakesThemOdd() {
    String[][] cases = {
      {"VVVVV", "+++++", "as it is"},
      {"VVVVV", "++++-", "as it is"},
      {"VVVVV", "+++--", "VVVSS"},
      {"VVVVV", "+-+-+", "VSVSV"},
      {"VVVSS", "++---", "as it is"},
      {"VVVSS", "++-+-", "VVSVS"},
      {"VVVSS", "++-++", "VVVVV"},
      {"VVVSS", "++++-", "VVVVV"},
      {"VVVSS", "+++++", "VVVVV"},
      {"VVVV", "+++-", "VVVS"},
      {"VVVV", "++++", "as it is"},
      {"VVVS", "++++", "VVVV"},
      {"VVVVVVV", "+++++--", "VVVVVSS"},
      {"VVVVVSS", "++++---", "as it is"},
      {"VVVVVSS", "+++----", "VVVSSSS"},
      {"VVV", "++-", "as it is"},
      {"VV", "++", "as it is"},
      {"V", "+", "as it is"},
      // What has a vote and is there keeps it, whatever its number.
      {"VVVVO", "+++++", "as it is"},
      // No vote is given to one that is not there while another is about to get one.
      {"VVLSS", "+++--", "as it is"},
      {"VVVLS", "+++-+", "VVVLV"},
      // A witness keeps its vote.
      {"VVVVW", "++--+", "VVSSW"},
      {"VVVVW", "+++--", "as it is"},
      {"VVW", "++-", "as it is"},
    };
    for (String[] each : cases) {
      assertEquals(each[2], wanted(each[0], each[1], DYNAMIC), each[0] + " " + each[1]);
    }
  }

  @Test
  void nothingIsWantedThatAQuorumOfTheOldOrTheNewVotersIsNotThereFor() {
    assertEquals("as it is", wanted("VVVVV", "++---", DYNAMIC));
    assertEquals("as it is", wanted("VVVSS", "+---+", DYNAMIC));
    assertEquals("as it is", wanted("VVVVVVV", "+++----", DYNAMIC));
  }

  @Test
  void underAMajorityVotesAreOnlyGivenBack() {
    assertEquals("as it is", wanted("VVVVV", "+++--", MAJORITY));
    assertEquals("VVVVS", wanted("VVVSS", "++++-", MAJORITY));
    assertEquals("VVVVV", wanted("VVVSS", "++-++", MAJORITY));
    assertEquals("as it is", wanted("VVVSO", "+++-+", MAJORITY));
  }

  @Test
  void aNamedLastVoterVotesAloneWhereOnlyOneOtherIsLeft() {
    String[][] cases = {
      {"VVV", "+++", "as it is"},
      {"VVV", "++-", "VSS"},
      {"VVV", "+-+", "VSS"},
      // Without it the others do as ever, and nobody goes on alone who cannot know.
      {"VVV", "-++", "as it is"},
      {"VVV", "+--", "as it is"},
      {"VSS", "++-", "as it is"},
      {"VSS", "+--", "as it is"},
      {"VSS", "-++", "as it is"},
      {"VSS", "+++", "VVV"},
      {"VVVSS", "++---", "VSSSS"},
      {"SVVVS", "++-+-", "VVSVS"},
      {"SVVVS", "++---", "as it is"},
      {"VSSSS", "++--+", "VVSSV"},
      {"VV", "++", "VS"},
      {"VV", "+-", "as it is"},
      {"VS", "+-", "as it is"},
      // A third, however it votes, is better.
      {"VVW", "++-", "as it is"},
      {"VVLSS", "++---", "VSLSS"},
    };
    for (String[] each : cases) {
      assertEquals(each[2], wanted(each[0], each[1], LAST), each[0] + " " + each[1]);
    }
  }

  private static String wantedForAWitness(String roles, String there, QuorumPolicy policy) {
    return DynamicQuorum.wanted(
            new MembershipInForce(Slot.of(7), of(roles)), policy, there(bits(there), true))
        .map(DynamicQuorumTest::roles)
        .orElse("as it is");
  }

  @Test
  void aVoterThatHoldsUpAWitnessLosesItsVoteWhateverThePolicy() {
    for (QuorumPolicy policy : List.of(MAJORITY, DYNAMIC, LAST)) {
      assertEquals("SVW", wantedForAWitness("VVW", "-++", policy));
      assertEquals("as it is", wantedForAWitness("SVW", "-++", policy), "not given back at once");
      assertEquals("VVW", wantedForAWitness("SVW", "+++", policy));
      assertEquals("as it is", wantedForAWitness("VVW", "-+-", policy), "no quorum is there");
    }
  }

  /** Adapts until nothing more is wanted; at most one change is. */
  private static Membership adapted(Membership before, BitSet there) {
    Membership now = before;
    for (int step = 0; step < 3; step++) {
      Optional<Membership> next =
          DynamicQuorum.wanted(new MembershipInForce(Slot.of(step), now), DYNAMIC, there(there));
      if (next.isEmpty()) {
        return now;
      }
      assertEquals(0, step, () -> roles(before) + " becomes " + roles(next.get()) + " twice");
      checkStep(now, next.get(), there);
      now = next.get();
    }
    throw new AssertionError(roles(before) + " never comes to rest");
  }

  private static void checkStep(Membership before, Membership after, BitSet there) {
    String step = roles(before) + " to " + roles(after) + " with " + there;
    assertTrue(before.isQuorum(member -> there.get(member.server().number())), step);
    assertTrue(after.isQuorum(member -> there.get(member.server().number())), step);
    assertTrue(after.voters() >= Math.min(3, before.members().size()), step);
    for (Member member : before.members()) {
      boolean demoted =
          member.role().votes() && !after.member(member.server()).orElseThrow().role().votes();
      assertFalse(demoted && there.get(member.server().number()), step);
    }
    long absentVoters =
        after.members().stream()
            .filter(member -> member.role().votes() && !there.get(member.server().number()))
            .count();
    boolean toThree = after.voters() == 3;
    assertTrue(absentVoters <= (toThree ? 2 : 1), step);
    boolean allAreThere = after.members().stream().noneMatch(m -> !there.get(m.server().number()));
    assertTrue(after.voters() % 2 == 1 || allAreThere, step);
  }

  /** So many of so many, one after another, with a change between: all but the last two. */
  @Test
  void survivesServersThatFailOneAfterAnotherDownToTwo() {
    Random random = new Random(1);
    for (int size = 3; size <= 9; size++) {
      for (int order = 0; order < 200; order++) {
        List<Integer> victims = new ArrayList<>();
        for (int i = 0; i < size; i++) {
          victims.add(i);
        }
        Collections.shuffle(victims, random);
        Membership now = of("V".repeat(size));
        BitSet there = new BitSet();
        there.set(0, size);
        int survived = 0;
        for (int victim : victims) {
          there.clear(victim);
          if (!now.isQuorum(member -> there.get(member.server().number()))) {
            break;
          }
          survived++;
          now = adapted(now, there);
        }
        assertEquals(size - 2, survived, size + " servers, " + victims);
      }
    }
  }

  /** Whatever comes and goes while a quorum is there. */
  @Test
  void neverTakesMoreThanOneChangeAndNeverLosesTheQuorumThatIsThere() {
    for (int seed = 0; seed < 300; seed++) {
      Random random = new Random(seed);
      int size = 1 + random.nextInt(9);
      Membership now = of("V".repeat(size));
      BitSet there = new BitSet();
      there.set(0, size);
      for (int step = 0; step < 100; step++) {
        int one = random.nextInt(size);
        there.flip(one);
        Membership before = now;
        if (!before.isQuorum(member -> there.get(member.server().number()))) {
          there.flip(one);
          continue;
        }
        now = adapted(now, there);
      }
      there.set(0, size);
      now = adapted(now, there);
      assertEquals("V".repeat(size), roles(now), "seed " + seed);
    }
  }
}
