package io.synod.paxos;

import java.util.ArrayList;
import java.util.List;

/**
 * Brings a coordinator's proposals to the members (phase 2a): each once, again what was not
 * answered in time or is missed, and word of how far the log is chosen. Memory of the coordinator.
 */
final class Delivery {
  private final PaxosSettings settings;
  private final Effects effects;
  private final Learner learner;
  private final Peers peers;
  private final Pipeline pipeline;
  private final MemberProgress progress;

  Delivery(Roles roles, Pipeline pipeline, MemberProgress progress) {
    this.settings = roles.settings();
    this.effects = roles.effects();
    this.learner = roles.learner();
    this.peers = roles.peers();
    this.pipeline = pipeline;
    this.progress = progress;
  }

  /**
   * Who is sent proposals: the live members of the membership in force, and of one at its barrier.
   */
  private List<Member> receivers() {
    List<Member> receivers = new ArrayList<>();
    for (Member member : learner.inForce().members()) {
      if (peers.isHeard(member)) {
        receivers.add(member);
      }
    }
    pipeline
        .barrierMembership()
        .ifPresent(
            membership -> {
              for (Member member : membership.members()) {
                if (peers.isHeard(member) && !receivers.contains(member)) {
                  receivers.add(member);
                }
              }
            });
    return receivers;
  }

  /** Sends everybody what was not sent yet, in messages of bounded size. */
  void sendNew(long nowNanos) {
    for (Member member : receivers()) {
      sendNew(Life.of(member), nowNanos);
    }
  }

  private void sendNew(Life to, long nowNanos) {
    Progress of = progress.of(to);
    of.skipTo(learner.chosen());
    while (of.sent().isBefore(pipeline.last())) {
      send(to.server(), of, nowNanos);
    }
  }

  private void send(ServerId to, Progress of, long nowNanos) {
    List<Value> values = new ArrayList<>(1);
    Slot first = of.sent().next();
    int size = 0;
    Slot slot = first;
    for (AcceptedValue proposed : pipeline.fromSlot(first)) {
      size += ValueFormat.sizeBytes(proposed.value());
      if (!values.isEmpty() && size > settings.messageBytes()) {
        break;
      }
      values.add(proposed.value());
      slot = proposed.slot();
    }
    ChosenPrefix chosen = pipeline.chosenPrefix();
    effects.send(to, new Message.Propose(chosen.ballot(), first, values, chosen.upTo()));
    of.onInformed(chosen.upTo());
    of.onSent(slot, nowNanos);
  }

  /** A member asks for this slot: it met a gap. */
  void onMissing(long nowNanos, Life from, Slot missing) {
    Progress of = progress.of(from);
    if (!missing.isAfter(learner.chosen())) {
      learner.sendChosen(from.server(), missing);
      return;
    }
    if (missing.isAfter(of.sent())) {
      effects.ignored("onMissing", "not sent yet");
      return;
    }
    if (!of.resend(missing, nowNanos)) {
      effects.ignored("onMissing", "sent again lately");
      return;
    }
    sendNew(from, nowNanos);
  }

  /** Sends again what was not answered in time. */
  void onTime(long nowNanos) {
    for (Member member : receivers()) {
      Progress of = progress.of(member);
      if (of.resendAtNanos() <= nowNanos) {
        of.rewind(Slot.max(of.matched(), learner.chosen()).next());
        of.onResent(nowNanos);
        resend(member.server(), of, nowNanos);
      }
    }
  }

  /** One message's worth again; the rest follows when that is acknowledged or missed. */
  private void resend(ServerId to, Progress of, long nowNanos) {
    if (of.sent().isBefore(pipeline.last())) {
      Slot sent = of.sent();
      send(to, of, nowNanos);
      Check.that(of.sent().isAfter(sent), "sent nothing after %s", sent);
    }
    of.skipTo(pipeline.last());
  }

  /** When {@link #onTime} has something to do next. */
  long nextTimeNanos() {
    long next = Long.MAX_VALUE;
    for (Member member : receivers()) {
      next = Math.min(next, progress.of(member).resendAtNanos());
    }
    return next;
  }

  /** Tells the members how far the log is chosen, where no Propose has carried it. */
  void inform() {
    ChosenPrefix chosen = pipeline.chosenPrefix();
    Message.Inform inform = new Message.Inform(chosen);
    for (Member member : receivers()) {
      Progress of = progress.of(member);
      if (!member.server().equals(settings.server()) && of.informed().isBefore(chosen.upTo())) {
        of.onInformed(chosen.upTo());
        effects.send(member.server(), inform);
      }
    }
  }
}
