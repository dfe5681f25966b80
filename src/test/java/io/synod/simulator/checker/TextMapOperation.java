package io.synod.simulator.checker;

import java.util.List;
import java.util.Optional;

/** The operations of a map of texts that are empty at first and can be appended to. */
enum TextMapOperation implements CellOperation {
  GET(0, 1, Effect.READS) {
    @Override
    public Optional<String> apply(Optional<String> cell, List<String> arguments) {
      return cell;
    }

    @Override
    public boolean explains(Optional<String> cell, List<String> arguments, List<String> results) {
      return results.size() == 1 && cell.orElse("").equals(results.get(0));
    }
  },

  PUT(1, 0, Effect.REPLACES) {
    @Override
    public Optional<String> apply(Optional<String> cell, List<String> arguments) {
      return Optional.of(arguments.get(0));
    }
  },

  APPEND(1, 0, Effect.EXTENDS) {
    @Override
    public Optional<String> apply(Optional<String> cell, List<String> arguments) {
      return Optional.of(cell.orElse("") + arguments.get(0));
    }
  };

  private final int argumentCount;
  private final int maximumResultCount;
  private final Effect effect;

  TextMapOperation(int argumentCount, int maximumResultCount, Effect effect) {
    this.argumentCount = argumentCount;
    this.maximumResultCount = maximumResultCount;
    this.effect = effect;
  }

  @Override
  public int argumentCount() {
    return argumentCount;
  }

  @Override
  public Effect effect() {
    return effect;
  }

  @Override
  public int maximumResultCount() {
    return maximumResultCount;
  }

  @Override
  public boolean explains(Optional<String> cell, List<String> arguments, List<String> results) {
    return results.isEmpty();
  }
}
