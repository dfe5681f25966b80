package io.synod.simulator;

import io.synod.node.Answer;
import io.synod.node.ClientRequest;
import java.util.ArrayList;
import java.util.List;

/** A process's answers to its clients: they leave when the driver flushes them. */
final class AnswersOut implements ClientRequest.Answers {
  private final World world;
  private final List<Runnable> kept = new ArrayList<>();
  private boolean ended;

  AnswersOut(World world) {
    this.world = world;
  }

  /** The request was answered. */
  void answered(Clients.Call call, Answer answer) {
    kept.add(() -> call.arrives(answer));
  }

  @Override
  public void flush() {
    if (kept.isEmpty() || ended) {
      return;
    }
    for (Runnable each : kept) {
      world.loop.after(world.swarm.delayNanos / 2, each);
    }
    kept.clear();
  }

  /** The process ended: what was not flushed is lost. */
  void end() {
    ended = true;
    kept.clear();
  }
}
