package io.synod.node;

import io.synod.paxos.Ballot;
import io.synod.paxos.ClusterId;
import io.synod.paxos.Member;
import io.synod.paxos.ServerId;
import io.synod.paxos.Slot;
import io.synod.paxos.UpgradeHeldUp;
import io.synod.paxos.VersionInForce;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;

/**
 * What a server knows of itself and the others: for STATUS, health and the dashboard. Immutable;
 * made anew by the driver a few times a second.
 *
 * @param waitingFor what it waits for before it serves, for a person to read; empty once it serves
 * @param coordinator as the log says, none if it says none yet
 * @param coordinatorContent whether this server hears that coordinator and it is content
 * @param coordinatorSinceMillis wall clock of this server when it learned of the coordinator
 * @param unheardSinceMillis wall clock of this server when it last ceased to hear a coordinator
 *     that is content, of the coordinator itself: a quorum; 0 while it hears one
 * @param warning what is wrong with this server and what can be done, for a person to read; empty
 *     if nothing is
 * @param quorum how many votes make one
 * @param behaviour by which version the cluster behaves
 */
public record NodeStatus(
    ServerId server,
    Optional<ClusterId> cluster,
    Optional<String> waitingFor,
    Optional<ServerId> coordinator,
    boolean coordinatorContent,
    long coordinatorSinceMillis,
    long unheardSinceMillis,
    Ballot ballot,
    Slot chosen,
    Slot applied,
    Slot membershipAt,
    int quorum,
    Behaviour behaviour,
    Data data,
    double failRate,
    Optional<String> warning,
    List<MemberStatus> members) {

  /**
   * What the store holds.
   *
   * @param liveBytes of keys and values
   * @param revision the newest
   * @param historyBytes about what earlier revisions take
   * @param quotaBytes at which puts are refused, each key counting {@code 128} bytes more
   */
  public record Data(long keys, long liveBytes, long revision, long historyBytes, long quotaBytes) {
    /** Of a server that has not begun. */
    public static final Data NONE = new Data(0, 0, 1, 0, 0);
  }

  /**
   * By which version the cluster behaves.
   *
   * @param version in force behind the last chosen slot
   * @param heldUp a higher one that some members support
   */
  public record Behaviour(VersionInForce version, Optional<UpgradeHeldUp> heldUp) {
    /** Of a cluster that began, and knows no other version. */
    public static final Behaviour FIRST = new Behaviour(VersionInForce.FIRST, Optional.empty());

    /** For a person to read; empty as long as nobody knows of any version but the first. */
    public Optional<String> text() {
      return version.number() == 1 && heldUp.isEmpty()
          ? Optional.empty()
          : Optional.of(version + heldUp.map(it -> "; " + text(it)).orElse(""));
    }

    private static String text(UpgradeHeldUp heldUp) {
      return "version "
          + heldUp.version()
          + " waits for "
          + heldUp.by().stream().map(Behaviour::text).collect(Collectors.joining(", "));
    }

    private static String text(UpgradeHeldUp.Without without) {
      return "server "
          + without.server().number()
          + without.supported().map(it -> " (knows " + it + ")").orElse(" (not heard)");
    }
  }

  /**
   * A member as this server sees it.
   *
   * @param live whether it answered lately; true for this server itself
   * @param lag how many slots it has applied less than this server knows chosen; -1 if it was never
   *     heard
   * @param otherLife whether it is there as another incarnation than the membership names, so that
   *     it has no vote
   */
  public record MemberStatus(
      Member member,
      boolean live,
      long lag,
      long roundTripMicros,
      long syncAgeMillis,
      boolean otherLife) {}
}
