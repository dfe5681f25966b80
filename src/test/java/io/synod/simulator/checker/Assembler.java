package io.synod.simulator.checker;

import io.synod.simulator.checker.Operation.Answer;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/**
 * Makes operations of events. Each client has one operation under way at a time; what has no answer
 * at the end is unknown.
 */
final class Assembler {
  private final Map<String, Operation<Request, List<String>>> underWay = new HashMap<>();

  /** By line of invocation. */
  private final Map<Integer, Operation<Request, List<String>>> operations = new TreeMap<>();

  private int failed;

  /**
   * @throws IllegalArgumentException if the client has one under way
   */
  void invoked(String client, Request request, Moment at) {
    Operation<Request, List<String>> operation =
        new Operation<>(client, request, at, Optional.empty());
    Operation<Request, List<String>> earlier = underWay.putIfAbsent(client, operation);
    if (earlier != null) {
      throw new IllegalArgumentException(
          String.format(
              "an answer to what client %s invoked in line %d", client, earlier.invoked().line()));
    }
    operations.put(at.line(), operation);
  }

  /**
   * What the client has under way.
   *
   * @throws IllegalArgumentException if it has nothing under way
   */
  Request request(String client) {
    Operation<Request, List<String>> operation = underWay.get(client);
    if (operation == null) {
      throw new IllegalArgumentException(
          "an invocation, for client " + client + " has nothing under way");
    }
    return operation.input();
  }

  void ok(String client, List<String> results, Moment at) {
    Request request = request(client);
    if (results.size() > request.operation().maximumResultCount()) {
      throw new IllegalArgumentException(
          String.format(
              "at most %d results of %s",
              request.operation().maximumResultCount(), request.operation().name()));
    }
    Operation<Request, List<String>> operation = end(client);
    operations.put(
        operation.invoked().line(),
        new Operation<>(
            client,
            request,
            operation.invoked(),
            Optional.of(new Answer<>(List.copyOf(results), at))));
  }

  void unknown(String client) {
    end(client);
  }

  /** It had no effect and never will: the history is the same without it. */
  void failed(String client) {
    operations.remove(end(client).invoked().line());
    failed++;
  }

  /** By invocation. */
  List<Operation<Request, List<String>>> operations() {
    return List.copyOf(operations.values());
  }

  /** Whether anything was invoked. */
  boolean isEmpty() {
    return operations.isEmpty() && failed == 0;
  }

  private Operation<Request, List<String>> end(String client) {
    Request request = request(client);
    Operation<Request, List<String>> operation = underWay.remove(client);
    if (operation == null) {
      throw new IllegalStateException("no longer under way: " + request);
    }
    return operation;
  }
}
