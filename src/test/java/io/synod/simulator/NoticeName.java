package io.synod.simulator;

import io.synod.paxos.Notice;

/** What a notice is counted under. */
final class NoticeName {
  private NoticeName() {}

  static String of(Notice notice) {
    if (notice instanceof Notice.Ignored ignored) {
      return "ignored." + ignored.handler() + ": " + ignored.why();
    } else if (notice instanceof Notice.SteppedDown down) {
      return "notice.SteppedDown: " + down.why();
    } else if (notice instanceof Notice.MemberSilent silent) {
      return "notice.MemberSilent: " + silent.why();
    } else if (notice instanceof Notice.Campaigning campaigning) {
      return campaigning.why().endsWith("whose owner does not act")
          ? "notice.Campaigning: above an orphan promise"
          : "notice.Campaigning: " + campaigning.why();
    }
    return "notice." + notice.getClass().getSimpleName();
  }

  static void countVotes(Notice.VotesMoved moved, Coverage coverage) {
    coverage.add("votes.taken", moved.taken().size());
    coverage.add("votes.given", moved.given().size());
  }
}
