package io.synod.simulator.checker;

import java.util.List;
import java.util.Optional;

/** The operations of our store. A new one is a new constant here, and nothing else. */
public enum KeyValueOperation implements CellOperation {
  /** Reads a key; its one result is the value, and it has none if the key is absent. */
  GET(0, 1, Effect.READS) {
    @Override
    public Optional<String> apply(Optional<String> cell, List<String> arguments) {
      return cell;
    }

    @Override
    public boolean explains(Optional<String> cell, List<String> arguments, List<String> results) {
      return cell.isEmpty()
          ? results.isEmpty()
          : results.size() == 1 && cell.get().equals(results.get(0));
    }
  },

  /** Sets a key to its one argument. */
  PUT(1, 0, Effect.REPLACES) {
    @Override
    public Optional<String> apply(Optional<String> cell, List<String> arguments) {
      return Optional.of(arguments.get(0));
    }
  },

  /** Removes a key, whether or not it was there. */
  DELETE(0, 0, Effect.REPLACES) {
    @Override
    public Optional<String> apply(Optional<String> cell, List<String> arguments) {
      return Optional.empty();
    }
  };

  private final int argumentCount;
  private final int maximumResultCount;
  private final Effect effect;

  KeyValueOperation(int argumentCount, int maximumResultCount, Effect effect) {
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
