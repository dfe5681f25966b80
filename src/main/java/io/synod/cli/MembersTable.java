package io.synod.cli;

import io.synod.client.ClusterStatus;
import io.synod.client.MemberState;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.stream.Collectors;

/** Members as a person reads them, and as a program does. */
final class MembersTable {
  private MembersTable() {}

  /** As the server that was asked sees them. */
  static String of(ClusterStatus status) {
    Optional<String> outside = StatusTable.outside(status);
    if (outside.isPresent()) {
      return outside.get() + "\n\n" + ofPast(status);
    }
    TextTable table = new TextTable(heads("incarnation"));
    for (MemberState member : status.members()) {
      List<String> row = cells(member, status);
      row.add(member.incarnation());
      table.row(row);
    }
    return table
        + newLives(status)
        + "membership of slot "
        + status.membership().slot()
        + ", quorum "
        + StatusTable.quorum(status)
        + (status.coordination().heard() ? "; * coordinates" : "")
        + status.behaviour().map(what -> "\nbehaviour: " + what).orElse("");
  }

  /** What the tables of members mean by that, if one of them says so. */
  static String newLives(ClusterStatus status) {
    return status.members().stream().anyMatch(MemberState::otherLife)
        ? "new life: it came back without its vote; a quorum of the others can give it one\n"
        : "";
  }

  /** As a server knows them that hears them no more. */
  static String ofPast(ClusterStatus status) {
    return ofPlan(status.members())
        + "as of slot "
        + status.membership().slot()
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
  static List<String> cells(MemberState member, ClusterStatus status) {
    boolean coordinates =
        status.coordination().heard()
            && status.coordination().coordinatorId().equals(OptionalInt.of(member.serverId()));
    boolean asked = member.serverId() == status.server().id();
    return new ArrayList<>(
        List.of(
            member.serverId() + (coordinates ? " *" : ""),
            orDash(member.clientAddress()),
            orDash(member.consensusAddress()),
            role(member),
            asked ? "this one" : live(member),
            member.lagSlots().isPresent() ? Long.toString(member.lagSlots().getAsLong()) : "-"));
  }

  private static String live(MemberState member) {
    if (!member.live()) {
      return "NO";
    }
    return member.otherLife() ? "new life" : "yes";
  }

  private static String orDash(String text) {
    return text.isEmpty() ? "-" : text;
  }

  /** Members that are not there yet, or since a moment. */
  static String ofPlan(List<MemberState> members) {
    TextTable table = new TextTable("member", "clients", "servers", "role");
    for (MemberState member : members) {
      table.row(
          Integer.toString(member.serverId()),
          member.clientAddress(),
          member.consensusAddress(),
          role(member));
    }
    return table.toString();
  }

  static String role(MemberState member) {
    String role = name(member);
    return member.replaces().isPresent()
        ? role + ", to replace " + member.replaces().getAsInt()
        : role;
  }

  private static String name(MemberState member) {
    return member.role().name().toLowerCase(Locale.ROOT);
  }

  /**
   * One line a member, with tabs: id, role, live, down or unknown, clients' and servers' address.
   */
  static String raw(ClusterStatus status) {
    boolean outside = StatusTable.outside(status).isPresent();
    return status.members().stream()
        .map(
            member ->
                String.join(
                    "\t",
                    Integer.toString(member.serverId()),
                    name(member),
                    outside ? "unknown" : member.live() ? "live" : "down",
                    member.clientAddress(),
                    member.consensusAddress()))
        .collect(Collectors.joining("\n"));
  }
}
