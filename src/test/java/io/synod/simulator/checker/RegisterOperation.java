package io.synod.simulator.checker;

import java.util.List;
import java.util.Optional;

/** The operations of a register that holds nothing at first, as in Jepsen's histories of etcd. */
enum RegisterOperation implements CellOperation {
  /** Its one result is the value, and it has none if nothing was written. */
  READ(0, 1, Effect.READS) {
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

  WRITE(1, 0, Effect.REPLACES) {
    @Override
    public Optional<String> apply(Optional<String> cell, List<String> arguments) {
      return Optional.of(arguments.get(0));
    }

    @Override
    public boolean explains(Optional<String> cell, List<String> arguments, List<String> results) {
      return results.isEmpty();
    }
  },

  /** Writes its second argument if the register holds the first; its result says whether. */
  CAS(2, 1, Effect.ANY) {
    @Override
    public Optional<String> apply(Optional<String> cell, List<String> arguments) {
      return holds(cell, arguments) ? Optional.of(arguments.get(1)) : cell;
    }

    @Override
    public boolean explains(Optional<String> cell, List<String> arguments, List<String> results) {
      return results.equals(holds(cell, arguments) ? SWAPPED : NOT_SWAPPED);
    }

    @Override
    public boolean onlyObserves(List<String> results) {
      return results.equals(NOT_SWAPPED);
    }

    private boolean holds(Optional<String> cell, List<String> arguments) {
      return cell.equals(Optional.of(arguments.get(0)));
    }
  };

  static final List<String> SWAPPED = List.of("swapped");
  static final List<String> NOT_SWAPPED = List.of("not-swapped");

  private final int argumentCount;
  private final int maximumResultCount;
  private final Effect effect;

  RegisterOperation(int argumentCount, int maximumResultCount, Effect effect) {
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
}
