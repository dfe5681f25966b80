package io.synod.simulator.checker;

import io.synod.simulator.checker.CellOperation.Effect;
import java.util.Collection;
import java.util.EnumSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * What can still be read from a key: what it holds; if it can be extended, what begins with that;
 * and anything that is yet to be put in its place.
 */
final class CellForesight implements Foresight<Optional<String>, Request, List<String>> {
  private final Set<Effect> effects;

  private CellForesight(Set<Effect> effects) {
    this.effects = effects;
  }

  /** For a key to which nothing else is done; none if an operation may do anything. */
  static Optional<Foresight<Optional<String>, Request, List<String>>> of(
      Collection<Request> requests) {
    Set<Effect> effects = EnumSet.noneOf(Effect.class);
    for (Request request : requests) {
      effects.add(request.operation().effect());
    }
    return effects.contains(Effect.ANY)
        ? Optional.empty()
        : Optional.of(new CellForesight(effects));
  }

  @Override
  public boolean replaces(Request input) {
    return input.operation().effect() == Effect.REPLACES;
  }

  @Override
  public boolean mayLeadTo(Optional<String> state, Request input, List<String> output) {
    if (input.operation().explains(state, input.arguments(), output)) {
      return true;
    }
    return effects.contains(Effect.EXTENDS)
        && (input.operation().effect() != Effect.READS
            || output.isEmpty()
            || output.get(0).startsWith(state.orElse("")));
  }

  @Override
  public boolean isPlain() {
    return !effects.contains(Effect.EXTENDS);
  }

  @Override
  public Optional<Optional<String>> stateRead(Request input, List<String> output) {
    return input.operation().effect() == Effect.READS
        ? Optional.of(output.stream().findFirst())
        : Optional.empty();
  }
}
