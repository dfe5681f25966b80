package io.synod.cli;

import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.synod.client.Statuses;
import io.synod.proto.Faults;
import io.synod.proto.Kept;
import io.synod.proto.MemberStatus;
import io.synod.proto.StatusResponse;
import java.util.List;
import org.junit.jupiter.api.Test;

class StatusTableTest {
  private static StatusResponse.Builder five() {
    StatusResponse.Builder status =
        StatusResponse.newBuilder()
            .setClusterId("2f0a")
            .setServerId(1)
            .setCoordinatorId(3)
            .setCoordinatorHeard(true)
            .setCoordinatorSinceMillis(1_790_000_000_000L)
            .setBallotRound(7)
            .setBallotServerId(3)
            .setChosenSlot(120)
            .setAppliedSlot(119)
            .setQuorum(3)
            .setKeys(12)
            .setVersion("0.1.0")
            .setUptimeMillis(61_000);
    for (int i = 0; i < 5; i++) {
      MemberStatus.Builder member =
          MemberStatus.newBuilder()
              .setServerId(i)
              .setClientAddress("127.0.0.1:" + (8000 + i))
              .setConsensusAddress("127.0.0.1:" + (9000 + i))
              .setRole(MemberStatus.Role.VOTER)
              .setLive(true);
      if (i != 4) {
        member.setLagSlots(i).setRoundTripMicros(i == 1 ? 0 : 340);
      }
      status.addMember(member);
    }
    return status;
  }

  private static void assertShows(String text, String... parts) {
    for (String part : parts) {
      assertTrue(text.contains(part), part + " is not in:\n" + text);
    }
  }

  @Test
  void showsWhoCoordinatesAndHowFarTheLogIs() {
    assertShows(
        StatusTable.of(Statuses.of(five().build())),
        "1 at 127.0.0.1:8001, up 61 s, version 0.1.0",
        "server 3 at 127.0.0.1:8003, heard since 2026-09-2",
        "b7.3: round 7 of server 3",
        "chosen up to slot 120, applied up to 119",
        "3 * ",
        "0.3 ms");
  }

  @Test
  void saysHowMuchMadeNoSenseIfAnythingDid() {
    assertFalse(StatusTable.of(Statuses.of(five().build())).contains("refused"));
    assertShows(
        StatusTable.of(
            Statuses.of(five().setRejectedMessages(2).setRejectedRequests(1_004).build())),
        "refused      as invalid, since the start: 2 messages of servers, 1,004 requests of clients");
  }

  @Test
  void saysByWhichVersionTheClusterBehavesIfThereIsAnythingToSay() {
    assertFalse(StatusTable.of(Statuses.of(five().build())).contains("behaviour"));
    assertFalse(MembersTable.of(Statuses.of(five().build())).contains("behaviour"));
    String what = "version 1; version 2 waits for server 3 (knows version 1), server 4 (not heard)";
    assertShows(
        StatusTable.of(Statuses.of(five().setBehaviour(what).build())), "behaviour    " + what);
    assertShows(
        MembersTable.of(Statuses.of(five().setBehaviour(what).build())), "\nbehaviour: " + what);
  }

  @Test
  void saysHowManyFailuresAreTolerated() {
    assertShows(StatusTable.of(Statuses.of(all(five(), 4).build())), "3 of 5; 4 live", "NO");
    assertShows(StatusTable.of(Statuses.of(all(five(), 5).build())), "tolerates 2 failures now");
    assertShows(StatusTable.of(Statuses.of(all(five(), 4).build())), "tolerates 1 failure now");
    assertShows(StatusTable.of(Statuses.of(all(five(), 3).build())), "tolerates no failure now");
    assertShows(
        StatusTable.of(Statuses.of(all(five(), 2).build())),
        "no quorum: all waits until 1 more of servers 2, 3, 4 answers");
    assertShows(
        StatusTable.of(Statuses.of(all(five(), 4).setDynamicQuorum(true).build())),
        "tolerates 1 failure now; dynamic: votes follow who is live");
    assertShows(
        StatusTable.of(Statuses.of(all(five(), 1).build())),
        "no quorum: all waits until 2 more of servers 1, 2, 3, 4 answer");
  }

  @Test
  void saysWhoseFailureIsNotToleratedWhereOneVotesAlone() {
    StatusResponse.Builder alone = all(five(), 2).setDynamicQuorum(true).setQuorum(1);
    for (int i = 1; i < 5; i++) {
      alone.getMemberBuilder(i).setRole(MemberStatus.Role.STANDBY);
    }
    assertShows(
        StatusTable.of(Statuses.of(alone.build())),
        "1 of 1; 1 live; tolerates any failure but that of server 0 now");
  }

  @Test
  void namesTheVotersThatAreWaitedForAndNoOthersThatAreDown() {
    StatusResponse.Builder standbys = all(five(), 5).setDynamicQuorum(true).setQuorum(2);
    for (int i : List.of(1, 2, 4)) {
      standbys.getMemberBuilder(i).setRole(MemberStatus.Role.STANDBY);
    }
    standbys.getMemberBuilder(1).setLive(false);
    standbys.getMemberBuilder(3).setLive(false);
    assertShows(
        StatusTable.of(Statuses.of(standbys.build())),
        "2 of 2; 1 live; no quorum: all waits until server 3 answers; dynamic");
    standbys.getMemberBuilder(0).setLive(false);
    assertShows(
        MembersTable.of(Statuses.of(standbys.build())),
        "0 live; no quorum: all waits until servers 0, 3 answer");
  }

  @Test
  void votersThatCameBackWithoutTheirVotesAreNoneAndNoWaitingHelpsOnceTheyAreTooMany() {
    StatusResponse.Builder status = five();
    status.getMemberBuilder(2).setOtherLife(true);
    assertShows(
        StatusTable.of(Statuses.of(status.build())),
        "3 of 5; 4 live; tolerates 1 failure now",
        "voter  new life",
        "new life: it came back without its vote; a quorum of the others can give it one");
    status.getMemberBuilder(3).setLive(false);
    status.getMemberBuilder(4).setLive(false);
    assertShows(
        StatusTable.of(Statuses.of(status.build())),
        "2 live; no quorum: all waits until 1 more of servers 3, 4 answers");
    status.getMemberBuilder(3).setLive(true).setOtherLife(true);
    status.getMemberBuilder(4).setLive(true).setOtherLife(true);
    assertShows(
        StatusTable.of(Statuses.of(status.build())),
        "2 live; no quorum, and none by waiting: servers 2, 3, 4 came back without their votes");
    assertShows(MembersTable.of(Statuses.of(status.build())), "none by waiting", "new life: it");
  }

  @Test
  void whoKeepsNothingIsSaidToComeBackWithoutItsVote() {
    String forgetful = "; who keeps nothing (storage memory) comes back without its vote";
    StatusResponse.Builder status = all(five(), 2).setStorage("memory");
    assertShows(
        StatusTable.of(Statuses.of(status.build())),
        "until 1 more of servers 2, 3, 4 answers" + forgetful);
    assertFalse(
        StatusTable.of(Statuses.of(all(status, 3).build())).contains(forgetful), "with a quorum");
    status = all(status, 5);
    for (int i = 2; i < 5; i++) {
      status.getMemberBuilder(i).setOtherLife(true);
    }
    assertFalse(StatusTable.of(Statuses.of(status.build())).contains(forgetful), "they did so");
  }

  @Test
  void showsWhatEachServerKeepsAndWhatItSetAside() {
    StatusResponse.Builder status =
        five().setStorage("heap").setLiveBytes(1_000_000).setQuotaBytes(100 << 20);
    status
        .getMemberBuilder(3)
        .setKept(
            Kept.newBuilder()
                .setStorage("rocksdb")
                .setKeys(1_000)
                .setLiveBytes(72_000)
                .setQuotaBytes(2L << 30)
                .addSetAside("rocksdb-damaged")
                .addSetAside("rocksdb-damaged-2"));
    status.getMemberBuilder(4).setKept(Kept.getDefaultInstance());
    String text = StatusTable.of(Statuses.of(status.build()));
    assertShows(
        text,
        "storage      server 1: heap, 1,001,536 bytes of a quota of 100 MiB\n",
        "             server 3: rocksdb, 200,000 bytes of a quota of 2,048 MiB\n",
        "               set aside there, damaged: rocksdb-damaged, rocksdb-damaged-2\n");
    assertShows(
        text, "\n             servers 0, 2: not known, they are live and did not say in time\n");
    assertFalse(text.contains("server 4: "), text);
    assertFalse(StatusTable.of(Statuses.of(five().build())).contains("storage"), "it says nothing");
  }

  @Test
  void aWitnessHasNeitherKeysNorAQuota() {
    StatusResponse.Builder status =
        five().setStorage("witness").setKeys(0).setQuotaBytes(100 << 20);
    status
        .getMemberBuilder(3)
        .setKept(Kept.newBuilder().setStorage("witness").setQuotaBytes(100 << 20));
    String text = StatusTable.of(Statuses.of(status.build()));
    assertShows(text, "storage      server 1: witness\n", "\n             server 3: witness\n");
    assertFalse(text.contains("keys") || text.contains("quota"), text);
  }

  @Test
  void whatOnlyWitnessesHoldToleratesNothing() {
    StatusResponse.Builder status = all(five(), 5);
    for (int i = 2; i < 5; i++) {
      status.getMemberBuilder(i).setRole(MemberStatus.Role.WITNESS);
    }
    assertShows(StatusTable.of(Statuses.of(status.build())), "tolerates 1 failure now", "witness");
    status.getMemberBuilder(1).setLive(false);
    assertShows(StatusTable.of(Statuses.of(status.build())), "tolerates no failure now");
  }

  @Test
  void acceptorsThatAlwaysFailOnPurposeCountAsFailed() {
    StatusResponse.Builder status = five();
    status.getMemberBuilderList().forEach(member -> member.setFaults(Faults.newBuilder()));
    status.getMemberBuilder(2).setFaults(Faults.newBuilder().setFailRate(0.9));
    assertShows(StatusTable.of(Statuses.of(status.build())), "5 live; tolerates 2 failures now");
    status.getMemberBuilder(2).setFaults(Faults.newBuilder().setFailRate(1));
    assertShows(
        StatusTable.of(Statuses.of(status.build())),
        "3 of 5; 5 live; server 2 fails always; tolerates 1 failure now");
    // It says its own faults of itself.
    status.setFailRate(1);
    assertShows(
        MembersTable.of(Statuses.of(status.build())),
        "3 of 5; 5 live; servers 1, 2 fail always; tolerates no failure now");
    status.getMemberBuilder(4).setFaults(Faults.newBuilder().setFailRate(1));
    status.getMemberBuilder(0).setLive(false);
    assertShows(
        StatusTable.of(Statuses.of(status.build())),
        "4 live; servers 1, 2, 4 fail always; no quorum: all waits until 2 more of servers 0, 1, 2, 4"
            + " answer");
    // One that is down fails in that way already.
    status.getMemberBuilder(4).setLive(false);
    assertShows(
        StatusTable.of(Statuses.of(status.build())), "3 live; servers 1, 2 fail always; no quorum");
  }

  @Test
  void saysOfWhomItIsNotKnownWhetherTheyFailOnPurpose() {
    StatusResponse.Builder status = five().setFailRate(1);
    status.getMemberBuilder(2).setFaults(Faults.newBuilder());
    status.getMemberBuilder(4).setLive(false);
    assertShows(
        StatusTable.of(Statuses.of(status.build())),
        "4 live; server 1 fails always (not known of servers 0, 3); tolerates no failure now");
  }

  @Test
  void showsDisksThatAreWaitedForOnlyIfThereAreAny() {
    assertFalse(StatusTable.of(Statuses.of(five().build())).contains("sync for"));
    StatusResponse.Builder waits = five();
    waits.getMemberBuilder(2).setSyncAgeMillis(1_234);
    assertShows(StatusTable.of(Statuses.of(waits.build())), "sync for", "1234 ms");
  }

  @Test
  void showsNoRoundTripOfAMemberThatIsNotHeard() {
    StatusResponse.Builder status = five();
    status.getMemberBuilder(2).setLive(false).setRoundTripMicros(77_000);
    assertFalse(StatusTable.of(Statuses.of(status.build())).contains("77 ms"));
  }

  @Test
  void fitsIntoEightyColumns() {
    StatusTable.of(Statuses.of(five().build()))
        .lines()
        .forEach(line -> assertTrue(line.length() <= 80, () -> line));
  }

  private static StatusResponse.Builder all(StatusResponse.Builder status, int live) {
    for (int i = 0; i < 5; i++) {
      status.getMemberBuilder(i).setLive(i < live);
    }
    return status;
  }

  @Test
  void saysWhatItWaitsFor() {
    assertShows(
        StatusTable.of(
            Statuses.of(StatusResponse.newBuilder().setWaitingFor("waiting for server 2").build())),
        "waiting for server 2",
        "cluster      none yet",
        "none yet");
  }

  @Test
  void saysThatCoordinatorIsNotHeard() {
    StatusResponse.Builder unheard =
        five().setCoordinatorHeard(false).setUnheardSinceMillis(1_790_000_000_000L);
    String other = StatusTable.of(Statuses.of(unheard.build()));
    assertShows(
        other, "none is heard since 2026-09-2", "; the last was server 3 at 127.0.0.1:8003");
    assertFalse(other.contains("coordinates"), other);
    String itself = StatusTable.of(Statuses.of(unheard.setServerId(3).build()));
    assertShows(itself, "none: the last was this server, and it hears no quorum since 2026-09-2");
    assertFalse(itself.contains("3 *"), itself);
    assertFalse(MembersTable.of(Statuses.of(unheard.build())).contains("coordinates"));
  }

  @Test
  void oneThatWasRemovedSaysSoFirstAndNothingOfHowTheOthersAre() {
    StatusResponse.Builder removed =
        all(five(), 0)
            .setWaitingFor("this server was removed from the cluster at slot 17")
            .setMembershipSlot(17)
            .setClientAddress("127.0.0.1:8001")
            .removeMember(1);
    for (String text :
        List.of(
            StatusTable.of(Statuses.of(removed.build())),
            MembersTable.of(Statuses.of(removed.build())))) {
      assertTrue(text.startsWith("this server was removed from the cluster at slot 17\n"), text);
      assertShows(text, "ask one of them", "127.0.0.1:8004", "as of slot 17");
      assertFalse(text.contains("NO") || text.contains("quorum") || text.contains("live"), text);
    }
    assertShows(
        MembersTable.raw(Statuses.of(removed.build())), "0\tvoter\tunknown\t127.0.0.1:8000");
    assertFalse(StatusTable.outside(Statuses.of(five().build())).isPresent());
  }

  @Test
  void showsWhatAnOperatorDidOnPurposeAndNothingElse() {
    String plain = StatusTable.of(Statuses.of(five().build()));
    assertFalse(
        plain.contains("on purpose") || plain.contains("cut off") || plain.contains("rate of"));
    StatusResponse.Builder faulty =
        five().setSuspendedMillis(3_599_940).addCutServerId(0).addCutServerId(4);
    faulty.getMemberBuilder(0).setFaults(Faults.newBuilder().setFailRate(0.3));
    faulty.getMemberBuilder(2).setFaults(Faults.getDefaultInstance());
    faulty.getMemberBuilder(4).setFaults(Faults.newBuilder().addCutServerId(1));
    String text = StatusTable.of(Statuses.of(faulty.build()));
    assertShows(
        text,
        "on purpose   server 0 fails at a rate of 0.3\n",
        "             server 1 drops servers' traffic for 3599.9 s more; RESUME 1 ends it\n",
        "             server 1 is cut off from servers 0, 4; HEAL ends it\n",
        "             server 4 is cut off from server 1; HEAL ends it\n");
    assertFalse(text.contains("server 2 "), text);
    text.lines().forEach(line -> assertTrue(line.length() <= 80, () -> line));
  }
}
