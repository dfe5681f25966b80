package io.synod.client;

import java.util.List;
import java.util.OptionalLong;

/**
 * What became, or would become, of a change of the membership.
 *
 * @param slot that decided it; none for a dry run
 * @param members as they are after it
 * @param quorum how many votes make one after it
 */
public record ChangeOutcome(
    OptionalLong slot, List<MemberState> members, int quorum, int quorumBefore, int votersBefore) {
  public ChangeOutcome {
    members = List.copyOf(members);
  }
}
