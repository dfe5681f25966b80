package io.synod.cli;

import io.synod.proto.MemberStatus;
import io.synod.proto.StatusResponse;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.stream.Collectors;

/** Members as a person reads them, and as a program does. */
final class MembersTable {
  private MembersTable() {}

  /** As the server that was asked sees them. */
  static String of(StatusResponse status) {
    Optional<String> outside = StatusTable.outside(status);
    if (outside.isPresent()) {
      return outside.get() + "\n\n" + ofPast(status);
    }
    TextTable table = new TextTable(heads("incarnation"));
    for (MemberStatus member : status.getMemberList()) {
      List<String> row = cells(member, status);
      row.add(member.getIncarnation());
      table.row(row);
    }
    return table
        + "membership of slot "
        + status.getMembershipSlot()
        + ", quorum "
        + StatusTable.quorum(status)
        + (status.getCoordinatorHeard() ? "; * coordinates" : "");
  }

  /** As a server knows them that hears them no more. */
  static String ofPast(StatusResponse status) {
    return ofPlan(status.getMemberList())
        + "as of slot "
        + status.getMembershipSlot()
        + ", the last that this server knows";
  }

  /** The heads of {@link #cells}, and more. */
  static List<String> heads(String... more) {
    List<String> heads =
        new ArrayList<>(List.of("member", "clients", "servers", "role", "live", "lag"));
    heads.addAll(List.of(more));
    return heads;
  }

  /** What every table of members says of one; more may be added. */
  static List<String> cells(MemberStatus member, StatusResponse status) {
    boolean coordinates =
        status.getCoordinatorHeard() && member.getServerId() == status.getCoordinatorId();
    boolean asked = member.getServerId() == status.getServerId();
    return new ArrayList<>(
        List.of(
            member.getServerId() + (coordinates ? " *" : ""),
            orDash(member.getClientAddress()),
            orDash(member.getConsensusAddress()),
            role(member),
            asked ? "this one" : member.getLive() ? "yes" : "NO",
            member.hasLagSlots() ? Long.toString(member.getLagSlots()) : "-"));
  }

  private static String orDash(String text) {
    return text.isEmpty() ? "-" : text;
  }

  /** Members that are not there yet, or since a moment. */
  static String ofPlan(List<MemberStatus> members) {
    TextTable table = new TextTable("member", "clients", "servers", "role");
    for (MemberStatus member : members) {
      table.row(
          Integer.toString(member.getServerId()),
          member.getClientAddress(),
          member.getConsensusAddress(),
          role(member));
    }
    return table.toString();
  }

  static String role(MemberStatus member) {
    String role = name(member);
    return member.hasReplaces() ? role + ", to replace " + member.getReplaces() : role;
  }

  private static String name(MemberStatus member) {
    return member.getRole().name().toLowerCase(Locale.ROOT).replace("role_", "");
  }

  /**
   * One line a member, with tabs: id, role, live, down or unknown, clients' and servers' address.
   */
  static String raw(StatusResponse status) {
    boolean outside = StatusTable.outside(status).isPresent();
    return status.getMemberList().stream()
        .map(
            member ->
                String.join(
                    "\t",
                    Integer.toString(member.getServerId()),
                    name(member),
                    outside ? "unknown" : member.getLive() ? "live" : "down",
                    member.getClientAddress(),
                    member.getConsensusAddress()))
        .collect(Collectors.joining("\n"));
  }
}
