package io.synod.server;

import io.synod.journal.DurableLog;
import io.synod.paxos.JournalRecord;
import io.synod.paxos.Recovered;
import io.synod.paxos.SlotRange;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;

/**
 * An operator's word that a torn tail holds nothing (protocol-rules.md, 4): where a voter is away
 * for good, nothing else ends the wait.
 */
final class TornTail {
  private TornTail() {}

  /**
   * What is recovered without its torn slots, if there are any and the word covers them all. Only
   * before the driver begins.
   *
   * @param word slots of which an operator says so
   */
  static Recovered accept(
      Recovered recovered, DurableLog log, Optional<SlotRange> word, Consumer<String> report) {
    if (word.isEmpty()) {
      return recovered;
    }
    String given = word.get().first().number() + "-" + word.get().last().number();
    Optional<SlotRange> torn = recovered.torn();
    if (torn.isEmpty()) {
      report.accept("accept_torn_tail " + given + ": there is no torn tail; take the option away");
      return recovered;
    }
    String there = torn.get().first().number() + "-" + torn.get().last().number();
    if (!word.get().contains(torn.get().first()) || !word.get().contains(torn.get().last())) {
      report.accept(
          "accept_torn_tail " + given + " does not cover the torn tail " + there + ": it stays");
      return recovered;
    }
    report.accept(
        "accept_torn_tail: by the operator's word nothing was accepted in slots " + there);
    long unused =
        log.append(List.of(new JournalRecord.Damage(recovered.unknown(), Optional.empty())));
    return new Recovered(
        recovered.founding(),
        recovered.opened(),
        recovered.promised(),
        recovered.ballotTaken(),
        recovered.cut(),
        recovered.membership(),
        recovered.accepted(),
        recovered.chosen(),
        recovered.unknown(),
        Optional.empty(),
        recovered.seen(),
        recovered.longestLeaseNanos());
  }
}
