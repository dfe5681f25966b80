package io.synod.client;

import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.OptionalLong;

/**
 * How the cluster is, as one server knows it. Times are milliseconds since 1970 by its clock.
 *
 * @param server the one that answered
 * @param clusterId none before the founding
 * @param waitingFor what it waits for before it serves, for a person to read; none once it serves
 * @param warning what is wrong with it and what can be done, for a person to read
 * @param behaviour by which version the cluster behaves and who holds up the next, for a person to
 *     read; none as long as nobody knows of any but the first
 * @param faults what was done to it on purpose
 * @param kept what it keeps itself, and where
 */
public record ClusterStatus(
    Server server,
    Optional<String> clusterId,
    Optional<String> waitingFor,
    Optional<String> warning,
    Coordination coordination,
    Log log,
    Data data,
    InForce membership,
    Optional<String> behaviour,
    Faults faults,
    Kept kept,
    List<MemberState> members) {
  public ClusterStatus {
    members = List.copyOf(members);
  }

  /**
   * The server that answered, as it is configured.
   *
   * @param rejectedMessages of other servers that it refused since its start because they made no
   *     sense
   * @param rejectedRequests the same of clients
   */
  public record Server(
      int id,
      String version,
      long uptimeMillis,
      String incarnation,
      String clientAddress,
      String consensusAddress,
      long rejectedMessages,
      long rejectedRequests) {}

  /**
   * Who coordinates.
   *
   * @param coordinatorId as the log says; none if it says none yet
   * @param heard whether the server hears that coordinator, and it is content
   * @param sinceMillis when the server learned of it; 0 if that is not known
   * @param unheardSinceMillis since when it hears none that has a quorum; none while it hears one
   */
  public record Coordination(
      OptionalInt coordinatorId,
      boolean heard,
      long sinceMillis,
      OptionalLong unheardSinceMillis,
      long ballotRound,
      int ballotServerId) {}

  /** How far the log is known to be chosen, and applied. */
  public record Log(long chosenSlot, long appliedSlot) {}

  /**
   * What is stored.
   *
   * @param liveBytes of keys and values
   * @param historyBytes about what earlier revisions take
   * @param quotaBytes puts are refused when {@code liveBytes} and 128 for each key reach this
   * @param revision of the newest write
   */
  public record Data(
      long keys, long liveBytes, long historyBytes, long quotaBytes, long revision) {}

  /**
   * The membership in force.
   *
   * @param slot that decided it; 0 for the founding one
   * @param quorum how many votes make one
   * @param dynamic whether voters follow who is there, as the server is configured
   */
  public record InForce(long slot, int quorum, boolean dynamic) {}
}
