package io.synod.simulator;

import io.synod.node.Answer;
import io.synod.node.ClientRequest;
import io.synod.node.ClientRequest.ReadMode;
import io.synod.paxos.Slot;
import io.synod.simulator.checker.History;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import org.jspecify.annotations.Nullable;

/**
 * The clients: each asks one thing after another, of a server that it keeps for a while, and goes
 * elsewhere when it gets no answer.
 */
final class Clients {
  private final FullCluster world;
  private final SplittableRandom random;
  private final SplittableRandom leases;
  private final SplittableRandom retries;
  private final History history;
  private final List<Client> clients = new ArrayList<>();
  private List<? extends SimulatedServer> servers;
  private boolean working = true;
  private long numbered;
  private long answered;
  private long leastTimeoutNanos;

  Clients(FullCluster world, SplittableRandom random) {
    this.world = world;
    this.random = random;
    this.leases = world.randoms.of("lease reads");
    this.retries = world.randoms.of("retries");
    this.history = new History(world.loop::nowNanos);
    this.servers = world.servers();
    for (int i = 0; i < world.swarm.clients; i++) {
      clients.add(new Client("c" + i));
    }
  }

  History history() {
    return history;
  }

  /** How many operations were carried out. */
  long answered() {
    return answered;
  }

  void begin() {
    clients.forEach(Client::think);
  }

  /** From now on they ask only these, and wait for as long as an answer may take. */
  void keepTo(List<? extends SimulatedServer> only) {
    servers = only;
    leastTimeoutNanos = 40 * (world.swarm.delayNanos + world.swarm.syncNanos);
    clients.forEach(client -> client.answeredSince = 0);
  }

  /** Whether each had so many operations carried out since {@link #keepTo}. */
  boolean allHad(int operations) {
    return clients.stream().allMatch(client -> client.answeredSince >= operations);
  }

  /** Nobody begins anything new. */
  void stop() {
    working = false;
  }

  boolean allIdle() {
    return clients.stream().allMatch(client -> client.call == null);
  }

  private final class Client {
    private final String name;
    private @Nullable Call call;
    private @Nullable FullServer server;
    private long answeredSince;

    /** What came to nothing, or nobody knows to what, and is asked again elsewhere. */
    private @Nullable ClientOperation again;

    Client(String name) {
      this.name = name;
    }

    void think() {
      long mean = world.swarm.requestEveryNanos * world.swarm.clients;
      world.loop.after(
          random.nextLong(2 * mean),
          () -> {
            if (working) {
              ask();
            }
          });
    }

    private FullServer pick() {
      FullServer kept = server;
      if (kept == null || !servers.contains(kept) || random.nextInt(8) == 0) {
        kept = (FullServer) servers.get(random.nextInt(servers.size()));
        server = kept;
      }
      return kept;
    }

    private void ask() {
      numbered++;
      boolean underLease = world.swarm.has(Fault.LEASE_READS) && leases.nextInt(3) > 0;
      ReadMode reading = underLease ? ReadMode.LEASE : ReadMode.LINEARIZABLE;
      ClientOperation operation =
          again == null
              ? ClientOperation.draw(world.swarm, random, numbered, reading)
              : again.again(numbered);
      again = null;
      FullServer asked = pick();
      long timeout = Math.max(world.swarm.requestTimeoutNanos, leastTimeoutNanos);
      boolean hasty = world.swarm.has(Fault.CLIENT_RETRIES) && retries.nextInt(3) == 0;
      long patience = hasty ? retries.nextLong(timeout) : timeout;
      long now = asked.localNanos();
      Call made = new Call(this, operation, asked, now + timeout, now + patience);
      call = made;
      operation.recorded().ifPresent(request -> history.invoke(name, request));
      world.trace.note(
          Trace.Kind.CLIENT, asked.id().number(), -1, numbered, name + " " + operation);
      world.loop.after(
          world.swarm.delayNanos / 2,
          () -> {
            if (!asked.submit(made)) {
              made.arrives(new Answer.Unavailable(false, "refused"));
            }
          });
      world.loop.after(
          2 * timeout + 4 * world.swarm.delayNanos + 50 * Swarm.MILLI, made::isGivenUp);
    }

    private void ends(Call ended, String how) {
      call = null;
      world.coverage.hit("client." + how);
      world.trace.note(
          Trace.Kind.CLIENT, ended.server.id().number(), -1, ended.number, name + " " + how);
      if (!how.equals("done")) {
        server = null;
        if (world.swarm.has(Fault.CLIENT_RETRIES) && retries.nextBoolean()) {
          world.coverage.hit("client.askedAgain");
          again = ended.asked;
        }
      }
      think();
    }
  }

  /** One request of a client. */
  final class Call extends ClientRequest {
    private final Client client;
    private final ClientOperation asked;
    private final FullServer server;
    private final Slot acknowledged = world.oracle.acknowledged();
    private final long number = numbered;
    private @Nullable AnswersOut out;

    Call(
        Client client,
        ClientOperation asked,
        FullServer server,
        long deadlineNanos,
        long patienceNanos) {
      super(asked.request(), deadlineNanos, patienceNanos);
      this.client = client;
      this.asked = asked;
      this.server = server;
    }

    /** The process that has it now. */
    void isWith(AnswersOut process) {
      out = process;
    }

    @Override
    protected void answer(Answer answer) {
      AnswersOut process = out;
      if (process != null) {
        process.answered(this, answer);
      }
    }

    /** The answer reached the client. */
    void arrives(Answer answer) {
      if (client.call != this) {
        world.coverage.hit("client.answeredLate");
        return;
      }
      boolean recorded = asked.recorded().isPresent();
      if (answer instanceof Answer.Unavailable unavailable && unavailable.unknown()) {
        unknown();
        return;
      }
      if (answer instanceof Answer.Unavailable || answer instanceof Answer.Exhausted) {
        asked.failed(world);
        if (recorded) {
          history.failed(client.name);
        }
        client.ends(this, "failed");
        return;
      }
      List<String> results = asked.done(world, server.id(), answer, acknowledged);
      if (recorded) {
        history.ok(client.name, results.toArray(new String[0]));
      }
      answered++;
      client.answeredSince++;
      client.ends(this, "done");
    }

    private void unknown() {
      if (asked.recorded().isPresent()) {
        if (asked.mayHaveEffect()) {
          history.unknown(client.name);
        } else {
          history.failed(client.name);
        }
      }
      client.ends(this, "unknown");
    }

    /** The client waits no longer. */
    void isGivenUp() {
      if (client.call == this) {
        world.coverage.hit("client.timeout");
        unknown();
      }
    }
  }
}
