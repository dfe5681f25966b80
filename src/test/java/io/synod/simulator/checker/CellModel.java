package io.synod.simulator.checker;

import com.google.errorprone.annotations.Immutable;
import java.util.Collection;
import java.util.List;
import java.util.Optional;

/** Keys that hold a text each, or are absent; what can be done to them is up to the operations. */
@Immutable
public final class CellModel implements Model<Optional<String>, Request, List<String>> {

  /** Our store: every key is absent at first. */
  public static final CellModel ABSENT_AT_FIRST = new CellModel(Optional.empty());

  /** Every key holds the empty text at first. */
  public static final CellModel EMPTY_AT_FIRST = new CellModel(Optional.of(""));

  private final Optional<String> initial;

  private CellModel(Optional<String> initial) {
    this.initial = initial;
  }

  @Override
  public Object key(Request input) {
    return input.key();
  }

  @Override
  public Optional<String> initial() {
    return initial;
  }

  @Override
  public Optional<String> apply(Optional<String> state, Request input) {
    return input.operation().apply(state, input.arguments());
  }

  @Override
  public boolean explains(Optional<String> state, Request input, List<String> output) {
    return input.operation().explains(state, input.arguments(), output);
  }

  @Override
  public boolean onlyObserves(Request input, List<String> output) {
    return input.operation().onlyObserves(output);
  }

  @Override
  public Optional<Foresight<Optional<String>, Request, List<String>>> foresight(
      Collection<Request> inputs) {
    return CellForesight.of(inputs);
  }

  @Override
  public String describe(Request input) {
    return input.operation().name() + " " + Words.join(input.key(), input.arguments());
  }

  @Override
  public String describe(Request input, List<String> output) {
    if (output.isEmpty()) {
      return input.operation().maximumResultCount() == 0 ? "ok" : "absent";
    }
    return Words.join(output);
  }

  @Override
  public String describeState(Optional<String> state) {
    return state.map(text -> Words.join(List.of(text))).orElse("absent");
  }
}
