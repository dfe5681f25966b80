package io.synod.client;

import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;

/**
 * What became, or would become, of a change of the membership.
 *
 * @param slot that decided it; none for a dry run
 * @param members as they are after it
 * @param quorum how many votes make one after it
 * @param outlook how it votes in the end; none from servers of earlier releases
 */
public record ChangeOutcome(
    OptionalLong slot,
    List<MemberState> members,
    int quorum,
    int quorumBefore,
    int votersBefore,
    Optional<Outlook> outlook) {

  /**
   * How it votes once those have caught up that are there and get their votes by themselves.
   *
   * @param spare how many of the voters that are live may fail then
   * @param awaited the ids of those that are to get their votes
   */
  public record Outlook(int voters, int quorum, int spare, List<Integer> awaited) {
    public Outlook {
      awaited = List.copyOf(awaited);
    }
  }

  public ChangeOutcome {
    members = List.copyOf(members);
  }
}
