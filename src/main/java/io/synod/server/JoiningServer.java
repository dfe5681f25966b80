package io.synod.server;

import io.grpc.Status;
import io.grpc.StatusException;
import io.grpc.StatusRuntimeException;
import io.synod.node.NodeStatus;
import io.synod.paxos.Address;
import io.synod.paxos.ChangeAnswer;
import io.synod.paxos.Incarnation;
import io.synod.paxos.Member;
import io.synod.paxos.VersionRange;
import io.synod.proto.StatusResponse;
import java.util.UUID;
import java.util.function.Supplier;

/** Who answers at an address that an operator names for a server that is to join. Blocks. */
final class JoiningServer {
  private final Supplier<NodeStatus> status;
  private final OtherServers others;

  JoiningServer(Supplier<NodeStatus> status, OtherServers others) {
    this.status = status;
    this.others = others;
  }

  /**
   * A server that is to join.
   *
   * @param supported by which versions its program can behave
   * @param run of its process; empty if it is an older release
   */
  record Found(Member member, VersionRange supported, String run) {}

  /** Asks the server at this address who it is. */
  Found find(String text) throws StatusException {
    Address address = address(text);
    StatusResponse found;
    try {
      found = others.status(address);
    } catch (StatusRuntimeException e) {
      throw AdminCalls.refusal(
          ChangeAnswer.Reason.UNREACHABLE,
          "no server answers at "
              + address
              + ", which is to be the my_paxos of one that runs: "
              + OtherServers.why(e.getStatus()));
    }
    String ours = status.get().cluster().map(Object::toString).orElse("");
    if (found.hasClusterId() && !found.getClusterId().equals(ours)) {
      throw AdminCalls.refusal(
          ChangeAnswer.Reason.ALREADY_MEMBER,
          "server "
              + found.getServerId()
              + " at "
              + address
              + " belongs to cluster "
              + found.getClusterId()
              + ", this is cluster "
              + ours
              + ": start it with an empty data directory");
    }
    Member member =
        new Member(
            AdminCalls.id(found.getServerId()),
            incarnation(found, address),
            address,
            address(found.getClientAddress()),
            found.getWitness() ? Member.Role.WITNESS : Member.Role.LEARNER);
    return new Found(member, supported(found), found.getRun());
  }

  /** One that says nothing of versions is a program of before there were others. */
  private static VersionRange supported(StatusResponse found) {
    return found.getOldestVersion() < 1 || found.getNewestVersion() < found.getOldestVersion()
        ? VersionRange.FIRST_ONLY
        : new VersionRange(found.getOldestVersion(), found.getNewestVersion());
  }

  /** Refuses a member at a place other than the log has for it, unless it has moved there. */
  void checkPlace(Found found) throws StatusException {
    Address now = found.member().consensusAddress();
    for (NodeStatus.MemberStatus each : status.get().members()) {
      Member member = each.member();
      Address place = member.consensusAddress();
      if (!member.server().equals(found.member().server())
          || !member.incarnation().equals(found.member().incarnation())
          || place.equals(now)) {
        continue;
      }
      String name = "server " + member.server().number();
      if (place.isSamePlace(now)) {
        throw AdminCalls.refusal(
            ChangeAnswer.Reason.ALREADY_MEMBER,
            name + " is a member already, at " + place + ", which " + now + " is another name of");
      }
      if (isStillAt(place, found)) {
        throw AdminCalls.refusal(
            ChangeAnswer.Reason.ALREADY_MEMBER,
            name
                + " runs at "
                + place
                + " and answers there: the one at "
                + now
                + " runs on a copy of its directory (life "
                + member.incarnation()
                + "); stop that, or start it with an empty directory and an id of its own");
      }
    }
  }

  /**
   * Whether another process of the same life answers at this place. Both would vote as one, and one
   * of them would not know what the other has promised.
   */
  private boolean isStillAt(Address place, Found found) {
    StatusResponse there;
    try {
      there = others.status(place);
    } catch (StatusRuntimeException e) {
      // Nobody does.
      return false;
    }
    return there.getServerId() == found.member().server().number()
        && there.getIncarnation().equals(found.member().incarnation().id().toString())
        && (there.getRun().isEmpty() || !there.getRun().equals(found.run()));
  }

  private static Incarnation incarnation(StatusResponse found, Address address)
      throws StatusException {
    try {
      return new Incarnation(UUID.fromString(found.getIncarnation()));
    } catch (IllegalArgumentException e) {
      throw AdminCalls.refusal(
          ChangeAnswer.Reason.UNREACHABLE,
          "what answers at "
              + address
              + " does not say which incarnation it is, but \""
              + found.getIncarnation()
              + "\": is it a server of this release?");
    }
  }

  private static Address address(String text) throws StatusException {
    try {
      return Address.parse(text);
    } catch (IllegalArgumentException e) {
      throw AdminCalls.without(
          Status.INVALID_ARGUMENT.withCause(e), String.valueOf(e.getMessage()));
    }
  }
}
