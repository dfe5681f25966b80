package io.synod.simulator.checker;

import java.util.List;

/** What a client asks for. */
public record Request(CellOperation operation, String key, List<String> arguments) {

  public Request {
    arguments = List.copyOf(arguments);
    if (arguments.size() != operation.argumentCount()) {
      throw new IllegalArgumentException(
          String.format(
              "%s takes %d arguments, not %s",
              operation.name(), operation.argumentCount(), arguments));
    }
  }
}
