package io.synod.paxos;

import java.util.ArrayList;
import java.util.List;
import java.util.OptionalLong;
import java.util.TreeMap;
import java.util.function.Predicate;

/**
 * The lease of a coordinator at its ballot: while it holds, no other ballot can have anything
 * chosen, so that its chosen prefix is a read point without asking anybody. It holds while a quorum
 * of the membership in force has given it.
 *
 * <p>It is asked for with the pings, only while reads that want it come. It is counted from a
 * reading of the clock taken before the Ping left, and shortened by what clocks may differ: with
 * {@link #HELD_TENTHS} of ten parts, two clocks may each be wrong by a twentieth. Memory of the
 * coordinator.
 */
final class LeaseHeld {
  /** Of the time that acceptors keep to it: so many tenths are counted on. */
  static final int HELD_TENTHS = 9;

  /** Pings ask for it until so many election timeouts after the last read that wanted it. */
  private static final int WANTED_TIMEOUTS = 2;

  /** How many of the last pings may still be answered. */
  private static final int REMEMBERED_PINGS = 64;

  private final PaxosSettings settings;
  private final long[] askedNumber = new long[REMEMBERED_PINGS];
  private final long[] askedAtNanos = new long[REMEMBERED_PINGS];

  /** Before the newest Ping left to which an acceptor gave the lease, the clock showed this. */
  private final TreeMap<Life, Long> givenFrom = new TreeMap<>();

  /** Reads that wait until the clock was read. */
  private List<Reads.Waiting> waiting = new ArrayList<>();

  /** The chosen prefix when the last of them came. */
  private Slot point = Slot.ZERO;

  private boolean wanted;
  private long wantedUntilNanos;
  private long lastAsked;

  /** What was given for pings up to this one is returned. */
  private long returned;

  LeaseHeld(PaxosSettings settings) {
    this.settings = settings;
  }

  /** A read wants it. */
  void add(Reads.Waiting read, Slot chosen, long nowNanos) {
    waiting.add(read);
    point = chosen;
    wanted = true;
    wantedUntilNanos = nowNanos + WANTED_TIMEOUTS * settings.electionTimeoutNanos();
  }

  /** Whether the clock is to be read: reads wait for that. */
  boolean wantsClock() {
    return !waiting.isEmpty();
  }

  /** What those that wait see, once it is known that the lease holds. */
  Slot point() {
    return point;
  }

  /** Takes out those that wait. */
  List<Reads.Waiting> take() {
    List<Reads.Waiting> taken = waiting;
    waiting = new ArrayList<>();
    return taken;
  }

  /**
   * A Ping of this number is about to leave: for how long it asks for a lease, if it does.
   *
   * @param clockNanos what the clock showed at some time before now
   */
  OptionalLong ask(long number, long clockNanos, long nowNanos) {
    if (!wanted || nowNanos - wantedUntilNanos >= 0) {
      wanted = false;
      return OptionalLong.empty();
    }
    int place = (int) (number % REMEMBERED_PINGS);
    askedNumber[place] = number;
    askedAtNanos[place] = clockNanos;
    lastAsked = number;
    return OptionalLong.of(settings.leaseNanos());
  }

  /** An acceptor has given it; returns whether that says anything new. */
  boolean onGiven(Life from, long number) {
    int place = (int) (number % REMEMBERED_PINGS);
    if (number <= returned || askedNumber[place] != number) {
      return false;
    }
    Long before = givenFrom.get(from);
    if (before != null && before - askedAtNanos[place] >= 0) {
      return false;
    }
    givenFrom.put(from, askedAtNanos[place]);
    return true;
  }

  /**
   * Whether it holds.
   *
   * @param clockNanos what the clock shows, read after what the lease is to vouch for
   * @param inForce the membership in force
   * @param counts whether a member's word counts; this server's own needs no lease
   */
  boolean holds(long clockNanos, Membership inForce, Predicate<Member> counts) {
    long heldNanos = settings.leaseNanos() / 10 * HELD_TENTHS;
    return inForce.isQuorum(
        member -> {
          if (!counts.test(member)) {
            return false;
          }
          if (member.server().equals(settings.server())) {
            return true;
          }
          Long from = givenFrom.get(Life.of(member));
          return from != null && clockNanos - from < heldNanos;
        });
  }

  /**
   * Makes no use any more of what it was given so far; the number of the last Ping that asked, if
   * there is one that was not returned.
   */
  OptionalLong giveBack() {
    givenFrom.clear();
    if (lastAsked <= returned) {
      return OptionalLong.empty();
    }
    returned = lastAsked;
    return OptionalLong.of(returned);
  }
}
