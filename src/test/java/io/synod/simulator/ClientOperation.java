package io.synod.simulator;

import io.synod.node.Answer;
import io.synod.node.ClientRequest.Operation;
import io.synod.node.ClientRequest.ReadMode;
import io.synod.paxos.Bytes;
import io.synod.paxos.ServerId;
import io.synod.paxos.Slot;
import io.synod.simulator.checker.KeyValueOperation;
import io.synod.simulator.checker.Request;
import java.util.List;
import java.util.Optional;
import java.util.SplittableRandom;

/**
 * What a client of the simulation asks: how it is asked, how it is written into the history, and
 * what must be true of its answer at once. A new operation of the product is one more class here.
 */
abstract class ClientOperation {
  protected final Bytes key;

  ClientOperation(Bytes key) {
    this.key = key;
  }

  /** The request as the server takes it. */
  abstract Operation request();

  /** As the history has it; none if it need not be linearizable. */
  abstract Optional<Request> recorded();

  /** Whether it may take effect although no answer says so. */
  abstract boolean mayHaveEffect();

  /**
   * It was carried out: returns the results for the history.
   *
   * @param acknowledged when it began, so much was acknowledged
   */
  abstract List<String> done(FullCluster world, ServerId server, Answer answer, Slot acknowledged);

  /**
   * The same once more, as another operation: whether the earlier one took effect may not be known.
   */
  abstract ClientOperation again(long number);

  /** It is known never to take effect. */
  void failed(FullCluster world) {}

  /**
   * Draws one.
   *
   * @param reading how reads are that need to be linearizable
   */
  static ClientOperation draw(Swarm swarm, SplittableRandom random, long number, ReadMode reading) {
    Bytes key = Bytes.utf8("key" + random.nextInt(swarm.keys));
    if (Randoms.chance(random, swarm.readShare)) {
      boolean local = random.nextInt(5) == 0;
      return new Get(key, local ? ReadMode.LOCAL : reading);
    }
    if (random.nextInt(5) == 0) {
      return new Delete(key);
    }
    return new Put(key, number, random.nextInt(swarm.valueBytes));
  }

  private static IllegalStateException unexpected(ClientOperation operation, Answer answer) {
    return new IllegalStateException(operation + " was answered " + answer);
  }

  /** PUT. */
  static final class Put extends ClientOperation {
    private final Bytes value;
    private final int padding;

    /** The number tells the value from all others. */
    Put(Bytes key, long number, int padding) {
      super(key);
      this.value = Bytes.utf8("v" + number + "/" + "x".repeat(padding));
      this.padding = padding;
    }

    @Override
    ClientOperation again(long number) {
      return new Put(key, number, padding);
    }

    @Override
    Operation request() {
      return new Operation.Put(key, value);
    }

    @Override
    Optional<Request> recorded() {
      return Optional.of(new Request(KeyValueOperation.PUT, key.toUtf8(), List.of(value.toUtf8())));
    }

    @Override
    boolean mayHaveEffect() {
      return true;
    }

    @Override
    List<String> done(FullCluster world, ServerId server, Answer answer, Slot acknowledged) {
      if (!(answer instanceof Answer.Written written)) {
        throw unexpected(this, answer);
      }
      world.oracle.acknowledged(world.reference.acknowledged(value, written.revision()));
      return List.of();
    }

    @Override
    void failed(FullCluster world) {
      world.reference.failed(value);
    }

    @Override
    public String toString() {
      return "PUT " + key + " " + value;
    }
  }

  /** DELETE. */
  static final class Delete extends ClientOperation {
    Delete(Bytes key) {
      super(key);
    }

    @Override
    ClientOperation again(long number) {
      return this;
    }

    @Override
    Operation request() {
      return new Operation.Delete(key);
    }

    @Override
    Optional<Request> recorded() {
      return Optional.of(new Request(KeyValueOperation.DELETE, key.toUtf8(), List.of()));
    }

    @Override
    boolean mayHaveEffect() {
      return true;
    }

    @Override
    List<String> done(FullCluster world, ServerId server, Answer answer, Slot acknowledged) {
      if (!(answer instanceof Answer.Written written)) {
        throw unexpected(this, answer);
      }
      world.oracle.acknowledged(world.reference.slotOf(written.revision()));
      return List.of();
    }

    @Override
    public String toString() {
      return "DELETE " + key;
    }
  }

  /** GET, linearizable (under a lease or without) or local. */
  static final class Get extends ClientOperation {
    private final ReadMode mode;

    Get(Bytes key, ReadMode mode) {
      super(key);
      this.mode = mode;
    }

    @Override
    ClientOperation again(long number) {
      return this;
    }

    @Override
    Operation request() {
      return new Operation.Get(key, mode);
    }

    @Override
    Optional<Request> recorded() {
      return mode != ReadMode.LOCAL
          ? Optional.of(new Request(KeyValueOperation.GET, key.toUtf8(), List.of()))
          : Optional.empty();
    }

    @Override
    boolean mayHaveEffect() {
      return false;
    }

    @Override
    List<String> done(FullCluster world, ServerId server, Answer answer, Slot acknowledged) {
      Optional<Bytes> value;
      Slot applied;
      if (answer instanceof Answer.Found found) {
        value = Optional.of(found.value());
        applied = found.applied();
      } else if (answer instanceof Answer.NotFound absent) {
        value = Optional.empty();
        applied = absent.applied();
      } else {
        throw unexpected(this, answer);
      }
      if (!world.reference.get(key, applied).equals(value)) {
        throw new Violation(
            "ReadIsOfItsSlot",
            server
                + " read "
                + value
                + " of "
                + key
                + " at "
                + applied
                + ", there is "
                + world.reference.get(key, applied));
      }
      if (mode != ReadMode.LOCAL) {
        world.oracle.reads(server, acknowledged, applied);
      }
      return value.stream().map(Bytes::toUtf8).toList();
    }

    @Override
    public String toString() {
      return "GET " + key + " " + mode;
    }
  }
}
