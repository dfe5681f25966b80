package io.synod.paxos;

import java.util.List;

/**
 * How a membership will vote once its learners that are there have caught up and got their votes.
 *
 * @param quorum how many votes will make one
 * @param spare how many of the voters that are live may fail then
 * @param awaited those that are to get their votes
 */
public record Outlook(int voters, int quorum, int spare, List<ServerId> awaited) {
  public Outlook {
    awaited = List.copyOf(awaited);
  }
}
