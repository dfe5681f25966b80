package io.synod.scenarios;

import static io.synod.scenarios.ScriptedCluster.MILLI;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.synod.paxos.Ballot;
import io.synod.paxos.Bytes;
import io.synod.paxos.Founding;
import io.synod.paxos.Input;
import io.synod.paxos.Member;
import io.synod.paxos.Membership;
import io.synod.paxos.Message;
import io.synod.paxos.Notice;
import io.synod.paxos.ServerId;
import io.synod.paxos.Slot;
import io.synod.paxos.VersionInForce;
import io.synod.simulator.disk.SimulatedDisk;
import io.synod.store.Command;
import io.synod.store.CommandEncoder;
import io.synod.store.CommandFormat;
import io.synod.store.KeyValueStore;
import io.synod.store.Result;
import io.synod.store.RocksFiles;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.UUID;
import org.junit.jupiter.api.Test;
import org.rocksdb.RocksDBException;

/**
 * Rules 7 to 14, what is kept, and who may found, cut and repeat: one execution a rule, by its
 * number.
 */
class LogRulesTest extends RuleScenario {
  private static final long MANY_TABLES = 20;
  private static final int MOST_SLOTS = 4_000;
  private static final int KEYS = 50;

  private static Bytes key(int number) {
    return Bytes.utf8("key" + number % KEYS);
  }

  /**
   * RocksDB writes to files by itself what its memory does not hold, one family or all; then the
   * process dies. What is left is the state after one slot, from which the log goes on.
   */
  @Test
  void rule07WhatAKillLeavesOfAnEngineIsOfOneSlot() throws IOException, RocksDBException {
    try (RocksFiles files = new RocksFiles()) {
      KeyValueStore store = files.open();
      List<Command> log = new ArrayList<>();
      log.add(new Command.OpenSession(new ServerId(0), new UUID(1, 1)));
      long session = ((Result.SessionOpened) apply(store, log.get(0))).session();
      Slot flushed = store.flush();
      while (files.tables() < MANY_TABLES && log.size() < MOST_SLOTS) {
        int slot = log.size() + 1;
        Bytes value = Bytes.utf8((slot + " ").repeat(2_000));
        log.add(new Command.Put(new Command.Stamp(session, slot, slot), key(slot), value));
        Result unused = apply(store, log.get(slot - 1));
      }
      files.crash();
      KeyValueStore left = files.open();
      KeyValueStore twin = KeyValueStore.inMemory();
      log.stream().limit(left.applied().number()).forEach(command -> apply(twin, command));
      for (int i = 0; i < KEYS; i++) {
        assertEquals(twin.row(key(i)), left.row(key(i)), "at slot " + left.applied());
      }
      assertEquals(twin.revision(), left.revision());
      assertTrue(left.applied().isAfter(flushed), "it wrote nothing by itself");
      for (Command command : log.subList((int) left.applied().number(), log.size())) {
        Result unused = apply(left, command);
        unused = apply(twin, command);
      }
      assertEquals(twin.row(key(log.size())), left.row(key(log.size())));
    }
  }

  private Set<Optional<Founding>> foundings(int... servers) {
    Set<Optional<Founding>> all = new HashSet<>();
    for (int server : servers) {
      all.add(cluster.core(server).isOpen() ? cluster.core(server).founding() : Optional.empty());
    }
    return all;
  }

  private void loseBoth(int one, int another) {
    cluster.propose(coordinator, "x");
    cluster.run(100 * MILLI);
    cluster.kill(3 - one - another);
    cluster.loseDisk(one);
    cluster.loseDisk(another);
  }

  /**
   * Two of three come back with empty directories while the third is down: they are a majority of
   * the list, and found nothing beside it.
   */
  @Test
  void rule08ARestartedMajorityFoundsNothingBesideTheCluster() {
    loseBoth(0, 1);
    cluster.start(0);
    cluster.start(1);
    cluster.run(20 * ScriptedCluster.ELECTION_TIMEOUT);
    assertEquals(Set.of(Optional.empty()), foundings(0, 1));
    cluster.start(2);
    cluster.run(2 * ScriptedCluster.ELECTION_TIMEOUT);
    assertEquals(Set.of(cluster.core(2).founding()), foundings(0, 1, 2));
    assertEquals(Optional.empty(), cluster.coordinator(), "what they had chosen may be lost");
  }

  /** The same where one of them was told that a majority may found: each must have been. */
  @Test
  void rule08bNobodyIsMadeToFoundWithoutTheAbsent() {
    loseBoth(0, 1);
    cluster.bootstrapAvailable(0);
    cluster.start(0);
    cluster.start(1);
    cluster.run(20 * ScriptedCluster.ELECTION_TIMEOUT);
    assertEquals(Set.of(Optional.empty()), foundings(0, 1));
    assertTrue(
        cluster.notices(1).stream().anyMatch(Notice.FoundingRefused.class::isInstance),
        "it was asked to");
  }

  /** One server loses its disk when it has written the founding down and nobody has opened it. */
  @Test
  void rule08cAServerWipedDuringFoundingBricksNobody() {
    for (int i = 0; i < 3; i++) {
      cluster.loseDisk(i);
    }
    cluster.drop(flight -> flight.message() instanceof Message.FoundingSynced);
    for (int i = 0; i < 3; i++) {
      cluster.start(i);
    }
    cluster.run(300 * MILLI);
    assertTrue(sentBy(2).anyMatch(Message.FoundingSynced.class::isInstance));
    assertEquals(Set.of(Optional.empty()), foundings(0, 1, 2));
    Optional<Founding> first = cluster.core(0).founding();
    cluster.loseDisk(2);
    cluster.start(2);
    cluster.drop(flight -> false);
    cluster.run(1_500 * MILLI);
    cluster.propose(cluster.elect(), "a");
    cluster.run(100 * MILLI);
    assertNotEquals(first, cluster.core(0).founding(), "made anew");
    for (int i = 0; i < 3; i++) {
      assertEquals(List.of("a"), cluster.texts(i));
      cluster.losePower(i);
    }
    for (int i = 0; i < 3; i++) {
      cluster.start(i);
    }
    assertEquals(1, foundings(0, 1, 2).size(), "withdrawn durably");
    assertEquals(List.of("a"), cluster.texts(cluster.elect()));
  }

  /**
   * A copy of a command of an earlier run comes late: it is not carried out under another session.
   */
  @Test
  void rule09ACommandOfASessionThatIsGoneIsNotCarriedOut() {
    KeyValueStore store = KeyValueStore.inMemory();
    ServerId server = new ServerId(0);
    Bytes key = Bytes.utf8("key");
    long first = open(store, server, new UUID(1, 1));
    Command early =
        new Command.Put(new Command.Stamp(first, 1, 1), key, Bytes.utf8("of the first run"));
    assertEquals(new Result.Done(2), apply(store, early));
    assertEquals(new Result.Done(2), apply(store, early), "applied once");
    long second = open(store, server, new UUID(2, 2));
    apply(store, new Command.Put(new Command.Stamp(second, 1, 1), key, Bytes.utf8("later")));
    assertEquals(new Result.SessionGone(), apply(store, early));
    assertEquals(Optional.of(Bytes.utf8("later")), store.get(key));
  }

  private static long open(KeyValueStore store, ServerId server, UUID run) {
    return ((Result.SessionOpened) apply(store, new Command.OpenSession(server, run))).session();
  }

  private static Result apply(KeyValueStore store, Command command) {
    CommandEncoder encoder = new CommandEncoder(1 << 16);
    encoder.put(command);
    List<Result> results = new ArrayList<>();
    store.apply(
        store.applied().next(),
        CommandFormat.batch(0, List.of(encoder.take())),
        (session, sequence, result) -> results.add(result));
    return results.get(0);
  }

  /** The others have cut their logs: what is absent there is chosen, not free. */
  @Test
  void rule10WhatIsCutIsFetchedAndNeverProposed() {
    cluster.priority(other, 9);
    cluster.kill(other);
    for (int i = 0; i < 5; i++) {
      cluster.propose(coordinator, "v" + i);
    }
    cluster.run(200 * MILLI);
    Slot cut = cluster.chosen(follower);
    cluster.step(follower, new Input.SnapshotTaken(cut));
    cluster.kill(coordinator);
    cluster.start(other);
    cluster.run(1_500 * MILLI);
    boolean proposed =
        sentBy(other)
            .filter(Message.Propose.class::isInstance)
            .anyMatch(message -> !((Message.Propose) message).first().isAfter(cut));
    assertFalse(proposed, "proposed where the others know a value chosen");
    assertTrue(cluster.notices(other).stream().anyMatch(Notice.SnapshotNeeded.class::isInstance));
    long fetches = sentBy(other).filter(Message.Fetch.class::isInstance).count();
    assertTrue(fetches <= 40, fetches + " fetches while the snapshot is on its way");
    cluster.step(
        other,
        new Input.SnapshotInstalled(
            cut, cluster.core(follower).membership(), VersionInForce.FIRST));
    int next = cluster.elect();
    cluster.propose(next, "after");
    cluster.run(200 * MILLI);
    assertEquals(List.of("after"), cluster.texts(other));
  }

  /** Nothing else tells a server what it missed when no client asks for anything any more. */
  @Test
  void rule10bAFetchThatIsLostIsSentAgain() {
    int[] lost = new int[1];
    cluster.drop(
        flight ->
            (flight.to() == other && flight.message() instanceof Message.Propose)
                || (flight.from() == other
                    && flight.message() instanceof Message.Fetch
                    && lost[0]++ == 0));
    cluster.propose(coordinator, "x");
    cluster.run(1_000 * MILLI);
    assertTrue(lost[0] > 1, "sent " + lost[0] + " times");
    assertEquals(List.of("x"), cluster.texts(other));
  }

  /** Whatever else a server knows from memory, its promise waits for the disk. */
  @Test
  void rule11APromiseWaitsForItsSync() {
    cluster.holdDisk(follower);
    Ballot higher = cluster.core(follower).followed().next(new ServerId(other));
    cluster.receive(follower, other, new Message.Prepare(higher, Slot.of(1)));
    assertTrue(
        sentBy(follower)
            .filter(Message.Promise.class::isInstance)
            .noneMatch(message -> ((Message.Promise) message).ballot().equals(higher)));
    cluster.losePower(follower);
    cluster.start(follower);
    assertTrue(cluster.core(follower).promised().isBelow(higher), "it never said so");
    cluster.run(300 * MILLI);
    cluster.receive(follower, other, new Message.Prepare(higher, Slot.of(1)));
    assertTrue(
        sentBy(follower)
            .filter(Message.Promise.class::isInstance)
            .anyMatch(message -> ((Message.Promise) message).ballot().equals(higher)));
  }

  /** Who hands over knows all values, and promises like any other: its disk has to say so. */
  @Test
  void rule11bWhoHandsOverPromisesNoSoonerThanItsDiskHasIt() {
    Ballot before = cluster.core(coordinator).followed();
    cluster.holdDisk(coordinator);
    cluster.receive(follower, coordinator, new Message.TakeOver(before));
    cluster.run(100 * MILLI);
    assertTrue(sentBy(follower).anyMatch(Message.Prepare.class::isInstance), "it campaigns");
    assertFalse(promisesAbove(before, coordinator));
    cluster.releaseDisk(coordinator);
    cluster.run(100 * MILLI);
    assertTrue(promisesAbove(before, coordinator));
  }

  private boolean promisesAbove(Ballot before, int server) {
    return sentBy(server)
        .filter(Message.Promise.class::isInstance)
        .anyMatch(message -> ((Message.Promise) message).ballot().isAbove(before));
  }

  /** An earlier copy of a directory is the same life with forgotten votes. */
  @Test
  void rule12ADirectoryRolledBackCastsNoVote() {
    cluster.settle(follower);
    SimulatedDisk earlier = cluster.disk(follower).copy(new SplittableRandom(1));
    cluster.kill(other);
    cluster.propose(coordinator, "x");
    assertEquals(List.of("x"), cluster.texts(coordinator));
    cluster.run(100 * MILLI);
    cluster.kill(follower);
    earlier.crash();
    cluster.rollBack(follower, earlier);
    cluster.start(follower);
    cluster.run(400 * MILLI);
    cluster.propose(coordinator, "y");
    cluster.run(100 * MILLI);
    assertFalse(cluster.texts(coordinator).contains("y"), "chosen with a vote of the former life");
  }

  private List<Member> makeAWitnessOfTheOther() {
    List<Member> members =
        new ArrayList<>(cluster.core(coordinator).membership().membership().members());
    members.replaceAll(
        member ->
            member.server().number() == other ? member.withRole(Member.Role.WITNESS) : member);
    cluster.step(coordinator, new Input.MembershipProposed(new Membership(Slot.ZERO, members)));
    cluster.run(200 * MILLI);
    return members;
  }

  /**
   * A witness has a vote, which is enough for the one voter that is left, and never coordinates.
   */
  @Test
  void rule13AWitnessVotesAndNeverCoordinates() {
    List<Member> members = makeAWitnessOfTheOther();
    assertEquals(members, cluster.core(other).membership().membership().members());
    cluster.kill(coordinator);
    cluster.run(3_000 * MILLI);
    assertEquals(Optional.of(follower), cluster.coordinator());
    cluster.propose(follower, "x");
    assertEquals(List.of("x"), cluster.texts(follower));
    cluster.start(coordinator);
    cluster.run(500 * MILLI);
    cluster.kill(follower);
    cluster.kill(coordinator);
    long before = campaignsOf(other);
    cluster.run(3_000 * MILLI);
    cluster.start(coordinator);
    cluster.drop(
        flight -> flight.from() == coordinator && flight.message() instanceof Message.Prepare);
    cluster.run(3_000 * MILLI);
    assertEquals(before, campaignsOf(other));
    assertEquals(Optional.empty(), cluster.coordinator());
  }

  /**
   * Only a witness and one voter hold what is chosen, and the witness has cut its log; that voter
   * is gone when the one that missed it all is back.
   */
  @Test
  void rule13bAWitnessAndAReturningVoterHaveAllValues() {
    Object unused = makeAWitnessOfTheOther();
    cluster.kill(follower);
    for (int i = 0; i < 5; i++) {
      cluster.propose(coordinator, "v" + i);
    }
    cluster.run(200 * MILLI);
    Slot cut = cluster.chosen(other);
    assertEquals(5, cluster.texts(other).size());
    cluster.step(other, new Input.SnapshotTaken(cut));
    cluster.kill(coordinator);
    cluster.start(follower);
    cluster.run(2_000 * MILLI);
    assertEquals(Optional.empty(), cluster.coordinator(), "it lacks what the witness has cut");
    assertTrue(
        cluster.notices(follower).stream().anyMatch(Notice.SnapshotNeeded.class::isInstance));
    cluster.step(
        follower,
        new Input.SnapshotInstalled(cut, cluster.core(other).membership(), VersionInForce.FIRST));
    assertEquals(follower, cluster.elect());
    boolean proposed =
        sentBy(follower)
            .filter(Message.Propose.class::isInstance)
            .anyMatch(message -> !((Message.Propose) message).first().isAfter(cut));
    assertFalse(proposed, "proposed where the witness knows a value chosen");
    cluster.propose(follower, "after");
    cluster.run(100 * MILLI);
    assertEquals(List.of("after"), cluster.texts(follower));
  }

  /** The other is a witness from now on, which may keep so much. */
  private void restartTheOtherAsAWitness(long logBytes) {
    Object unused = makeAWitnessOfTheOther();
    cluster.kill(other);
    cluster.witness(other, logBytes);
    cluster.start(other);
    cluster.run(1_000 * MILLI);
  }

  private void proposeLarge(int times) {
    for (int i = 0; i < times; i++) {
      cluster.propose(cluster.coordinator().orElseThrow(), i + "x".repeat(1_000));
      cluster.run(20 * MILLI);
    }
  }

  private Member.Role roleOfTheFollower() {
    return cluster
        .core(other)
        .membership()
        .membership()
        .member(new ServerId(follower))
        .orElseThrow()
        .role();
  }

  /** What one voter lacks, the witness keeps, though the other voter has it. */
  @Test
  void rule13cAWitnessCutsOnlyWhatAllVotersHold() {
    restartTheOtherAsAWitness(64_000);
    proposeLarge(10);
    cluster.run(200 * MILLI);
    Slot before = cluster.core(other).cut();
    assertTrue(before.isAfter(Slot.ZERO), "all voters hold it");
    cluster.kill(follower);
    Slot has = cluster.chosen(coordinator);
    proposeLarge(20);
    assertFalse(cluster.core(other).cut().isAfter(has), "cut what the follower lacks");
    assertEquals(Member.Role.VOTER, roleOfTheFollower());
    cluster.kill(coordinator);
    cluster.start(follower);
    assertEquals(follower, cluster.elect());
    assertEquals(20, cluster.texts(follower).size() - 10, "all that the witness kept for it");
  }

  /** At its size limit the absent voter loses its vote, and then the witness cuts. */
  @Test
  void rule13dAtItsSizeLimitTheAbsentVoterFirstLosesItsVote() {
    restartTheOtherAsAWitness(8_000);
    proposeLarge(2);
    cluster.run(200 * MILLI);
    cluster.kill(follower);
    Slot has = cluster.chosen(coordinator);
    for (int i = 0; i < 600 && roleOfTheFollower() == Member.Role.VOTER; i++) {
      if (cluster.core(coordinator).proposalRoom() > 0) {
        cluster.propose(coordinator, i + "x".repeat(1_000));
      }
      cluster.run(5 * MILLI);
      assertTrue(
          roleOfTheFollower() != Member.Role.VOTER || !cluster.core(other).cut().isAfter(has),
          "cut what a voter lacks");
    }
    assertEquals(Member.Role.STANDBY, roleOfTheFollower());
    proposeLarge(10);
    cluster.run(200 * MILLI);
    assertTrue(cluster.core(other).cut().isAfter(has), "not kept for it any longer");
    cluster.start(follower);
    cluster.run(5_000 * MILLI);
    assertEquals(Member.Role.VOTER, roleOfTheFollower());
    cluster.kill(coordinator);
    assertEquals(follower, cluster.elect());
    cluster.propose(follower, "after");
    cluster.run(100 * MILLI);
    assertTrue(cluster.texts(follower).contains("after"));
  }

  /**
   * What is in flight and not chosen fills a witness's log too, and nobody loses a vote for that.
   */
  @Test
  void rule13eALogFullOfWhatIsNotChosenCostsNoVote() {
    restartTheOtherAsAWitness(8_000);
    cluster.drop(
        flight -> flight.from() != flight.to() && flight.message() instanceof Message.Accepted);
    for (int i = 0; i < 12; i++) {
      cluster.propose(coordinator, i + "x".repeat(1_000));
    }
    cluster.run(2_000 * MILLI);
    assertEquals(List.of(), cluster.texts(coordinator));
    assertTrue(cluster.core(coordinator).proposalRoom() > 0);
    cluster.drop(flight -> false);
    cluster.run(1_000 * MILLI);
    assertEquals(12, cluster.texts(coordinator).size());
    assertEquals(Member.Role.VOTER, roleOfTheFollower());
  }

  private long campaignsOf(int server) {
    return cluster.notices(server).stream().filter(Notice.Campaigning.class::isInstance).count();
  }

  /** A peer that proposes another value for a chosen slot is told of, and changes nothing. */
  @Test
  void rule14APeerThatContradictsAChosenValueIsAlarmed() {
    cluster.propose(coordinator, "x");
    cluster.run(100 * MILLI);
    List<Ballot> votes = new ArrayList<>();
    cluster.drop(
        flight -> {
          if (flight.from() == follower && flight.message() instanceof Message.Accepted accepted) {
            votes.add(accepted.ballot());
          }
          return false;
        });
    Slot slot = cluster.chosen(follower);
    Ballot higher = cluster.core(follower).followed().next(new ServerId(other));
    cluster.receive(
        follower,
        other,
        new Message.Propose(higher, slot, List.of(ScriptedCluster.batch("not x")), Slot.ZERO));
    cluster.run(20 * MILLI);
    assertTrue(
        cluster.notices(follower).stream().anyMatch(Notice.PeerMisbehaved.class::isInstance));
    assertFalse(votes.contains(higher), "no vote for it leaves");
    cluster.kill(follower);
    cluster.start(follower);
    assertEquals(List.of("x"), cluster.texts(follower));
  }
}
