package io.synod.simulator.checker;

import io.synod.simulator.checker.Operation.Answer;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.SplittableRandom;

/** Makes histories in which every operation takes effect at one moment between its two events. */
final class RandomHistories {

  /**
   * @param unknownPercent how many operations get no answer; half of them take effect
   */
  record Shape(int operations, int clients, int keys, int unknownPercent) {}

  /** Chooses the next operation on a key. */
  interface Workload {
    Request next(SplittableRandom random, String key, int number);
  }

  static final Workload KEY_VALUE =
      (random, key, number) ->
          switch (random.nextInt(10)) {
            case 0 -> KeyValueOperation.DELETE.on(key);
            case 1, 2, 3, 4 -> KeyValueOperation.PUT.on(key, "v" + number);
            default -> KeyValueOperation.GET.on(key);
          };

  static final Workload TEXT_MAP =
      (random, key, number) -> {
        int choice = random.nextInt(40);
        if (choice < 2) {
          return TextMapOperation.PUT.on(key, "x " + number + " y");
        }
        return choice < 21
            ? TextMapOperation.APPEND.on(key, "x " + number + " y")
            : TextMapOperation.GET.on(key);
      };

  private final CellModel model;
  private final Workload workload;
  private final Shape shape;
  private final SplittableRandom random;
  private final Map<String, Optional<String>> cells = new HashMap<>();
  private final List<Operation<Request, List<String>>> operations = new ArrayList<>();
  private int line;

  private RandomHistories(CellModel model, Workload workload, Shape shape, long seed) {
    this.model = model;
    this.workload = workload;
    this.shape = shape;
    this.random = new SplittableRandom(seed);
  }

  static List<Operation<Request, List<String>>> linearizable(
      CellModel model, Workload workload, Shape shape, long seed) {
    return new RandomHistories(model, workload, shape, seed).run();
  }

  private List<Operation<Request, List<String>>> run() {
    Client[] clients = new Client[shape.clients];
    for (int i = 0; i < clients.length; i++) {
      clients[i] = new Client("c" + i);
    }
    int started = 0;
    while (operations.size() < shape.operations) {
      Client client = clients[random.nextInt(clients.length)];
      line++;
      if (client.request.isEmpty()) {
        String key = "k" + random.nextInt(shape.keys);
        client.begin(workload.next(random, key, started++));
      } else if (client.results.isEmpty()) {
        client.takeEffect();
      } else {
        client.end();
      }
    }
    for (Client client : clients) {
      if (client.request.isPresent()) {
        client.finish(Optional.empty());
      }
    }
    return operations;
  }

  private final class Client {
    private final String name;
    private Optional<Request> request = Optional.empty();
    private Optional<List<String>> results = Optional.empty();
    private Moment invoked = new Moment(1, OptionalLong.empty());

    private Client(String name) {
      this.name = name;
    }

    private void begin(Request next) {
      request = Optional.of(next);
      invoked = new Moment(line, OptionalLong.of(line * 1000L));
    }

    private void takeEffect() {
      Request now = request.orElseThrow();
      if (random.nextInt(200) < shape.unknownPercent) {
        finish(Optional.empty()); // without effect
        return;
      }
      Optional<String> before = cells.getOrDefault(now.key(), model.initial());
      cells.put(now.key(), model.apply(before, now));
      boolean reads = now.operation().maximumResultCount() > 0;
      results = Optional.of(reads ? before.stream().toList() : List.of());
    }

    private void end() {
      boolean unknown = random.nextInt(200) < shape.unknownPercent;
      Moment at = new Moment(line, OptionalLong.of(line * 1000L));
      finish(unknown ? Optional.empty() : results.map(told -> new Answer<>(told, at)));
    }

    private void finish(Optional<Answer<List<String>>> answer) {
      operations.add(new Operation<>(name, request.orElseThrow(), invoked, answer));
      request = Optional.empty();
      results = Optional.empty();
    }
  }
}
