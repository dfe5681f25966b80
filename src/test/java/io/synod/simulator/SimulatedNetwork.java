package io.synod.simulator;

import io.synod.paxos.Incarnation;
import io.synod.paxos.Message;
import io.synod.paxos.ServerId;
import io.synod.transport.PeerListener;
import io.synod.transport.PeerMessage;
import io.synod.transport.PeerNetwork;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/**
 * The network between the servers: a directed link for each pair, with delays and faults of its
 * own.
 *
 * <p>A message goes to one run of one process, as over a connection: what is under way when a
 * process ends never reaches the next one. With streams, each of a link's two lanes keeps order and
 * loses nothing until it breaks; without, every message goes its own way, may be lost, and may come
 * twice.
 */
final class SimulatedNetwork {
  private static final int MOST_HELD = 2_000;

  private final Swarm swarm;
  private final EventLoop loop;
  private final SplittableRandom random;
  private final Coverage coverage;
  private final Trace trace;
  private final Link[][] links;
  private final @Nullable Endpoint[] processes;
  private boolean faulty = true;
  private long sent;

  /** What messages go through now and then: the real codec. */
  private UnaryOperator<PeerMessage> codec = message -> message;

  private int codecEvery = Integer.MAX_VALUE;

  /** A running process as the network sees it: gone when it ends. */
  private static final class Endpoint {
    final Incarnation incarnation;
    final PeerListener listener;

    Endpoint(Incarnation incarnation, PeerListener listener) {
      this.incarnation = incarnation;
      this.listener = listener;
    }
  }

  /** One direction between two servers. */
  private static final class Link {
    boolean cut;
    double slowness = 1;
    int limitBytes = Integer.MAX_VALUE;
    int streamNumber;
    final long[] lastArrival = new long[2];
    final List<Parcel> held = new ArrayList<>();
  }

  private record Parcel(
      long number,
      int from,
      int to,
      Endpoint sender,
      Endpoint receiver,
      int streamNumber,
      PeerMessage message) {}

  SimulatedNetwork(
      Swarm swarm, EventLoop loop, SplittableRandom random, Coverage coverage, Trace trace) {
    this.swarm = swarm;
    this.loop = loop;
    this.random = random;
    this.coverage = coverage;
    this.trace = trace;
    this.links = new Link[swarm.servers][swarm.servers];
    this.processes = new Endpoint[swarm.servers];
    for (Link[] row : links) {
      for (int i = 0; i < row.length; i++) {
        row[i] = new Link();
      }
    }
  }

  /** Has one message of so many go through {@code through} before it leaves. */
  void codec(int every, UnaryOperator<PeerMessage> through) {
    codecEvery = every;
    codec = through;
  }

  /** A process starts: what it sends goes through the returned port, which ends with it. */
  PeerNetwork start(ServerId server, Incarnation incarnation, PeerListener listener) {
    Endpoint process = new Endpoint(incarnation, listener);
    processes[server.number()] = process;
    return new Port(server.number(), process);
  }

  /**
   * A process ends.
   *
   * @param refuses whether the machine is still there, to refuse connections
   */
  void end(ServerId server, boolean refuses) {
    int ended = server.number();
    processes[ended] = null;
    for (int other = 0; other < processes.length; other++) {
      if (random.nextBoolean()) {
        breakStream(ended, other);
      }
      links[ended][other].held.clear();
      if (refuses && other != ended) {
        refuseLater(other, server);
      }
    }
  }

  /** What {@code other} finds when it connects again after its stream to {@code gone} broke. */
  private void refuseLater(int other, ServerId gone) {
    Endpoint told = processes[other];
    if (told == null) {
      return;
    }
    loop.after(
        swarm.delayNanos + random.nextLong(5 * Swarm.MILLI),
        () -> {
          boolean reaches = !links[other][gone.number()].cut && !links[gone.number()][other].cut;
          if (processes[gone.number()] == null && processes[other] == told && reaches) {
            coverage.hit("network.refused");
            trace.note(Trace.Kind.UNREACHABLE, other, gone.number(), -1, "");
            told.listener.unreachable(gone);
          }
        });
  }

  // ---- faults
  // ------------------------------------------------------------------------------------------------------------------

  void cut(int from, int to) {
    links[from][to].cut = true;
  }

  boolean isCut(int from, int to) {
    return links[from][to].cut;
  }

  /** The link carries again; what it held arrives now, unless its stream is given up. */
  void heal(int from, int to) {
    Link link = links[from][to];
    link.cut = false;
    List<Parcel> held = new ArrayList<>(link.held);
    link.held.clear();
    if (swarm.streams && random.nextInt(3) == 0) {
      breakStream(from, to);
    }
    if (!held.isEmpty()) {
      coverage.add("network.held", held.size());
      held.forEach(this::carry);
    }
  }

  void slow(int from, int to, double factor) {
    links[from][to].slowness = factor;
  }

  /** Messages above this size break the stream they go in. */
  void limit(int from, int to, int limitBytes) {
    links[from][to].limitBytes = limitBytes;
  }

  /** What is under way in both lanes is lost. */
  void breakStream(int from, int to) {
    links[from][to].streamNumber++;
  }

  /** Everything is carried, at the usual speed. */
  void healAll() {
    for (int from = 0; from < links.length; from++) {
      for (int to = 0; to < links.length; to++) {
        links[from][to].slowness = 1;
        links[from][to].limitBytes = Integer.MAX_VALUE;
        heal(from, to);
      }
    }
  }

  /** No more random losses and repetitions. */
  void calm() {
    faulty = false;
  }

  // ---- messages
  // ----------------------------------------------------------------------------------------------------------------

  /** A process's own way out: what it sends leaves when it flushes. */
  private final class Port implements PeerNetwork {
    private final int from;
    private final Endpoint process;
    private final List<ServerId> receivers = new ArrayList<>();
    private final List<PeerMessage> messages = new ArrayList<>();

    Port(int from, Endpoint process) {
      this.from = from;
      this.process = process;
    }

    @Override
    public void send(ServerId to, PeerMessage message) {
      receivers.add(to);
      messages.add(message);
    }

    @Override
    public void flush() {
      if (processes[from] == process) {
        for (int i = 0; i < messages.size(); i++) {
          leave(from, process, receivers.get(i).number(), messages.get(i));
        }
      }
      receivers.clear();
      messages.clear();
    }
  }

  private void leave(int from, Endpoint sender, int to, PeerMessage original) {
    sent++;
    long number = sent;
    trace.note(Trace.Kind.SEND, from, to, number, original);
    Endpoint receiver = to < processes.length ? processes[to] : null;
    if (receiver == null) {
      lose("network.down", from, to, number);
      return;
    }
    Link link = links[from][to];
    if (link.limitBytes < Integer.MAX_VALUE && MessageSize.of(original) > link.limitBytes) {
      breakStream(from, to);
      lose("network.overSizeLimit", from, to, number);
      return;
    }
    PeerMessage message = number % codecEvery == 0 ? codec.apply(original) : original;
    Parcel parcel = new Parcel(number, from, to, sender, receiver, link.streamNumber, message);
    if (link.cut) {
      if (swarm.holdsCutMessages && link.held.size() < MOST_HELD) {
        link.held.add(parcel);
      } else {
        lose("network.cut", from, to, number);
      }
      return;
    }
    if (faulty && !swarm.streams) {
      if (swarm.has(Fault.LOSS) && Randoms.chance(random, swarm.lossRate)) {
        lose("network.lost", from, to, number);
        return;
      }
      if (swarm.has(Fault.DUPLICATION) && Randoms.chance(random, swarm.duplicationRate)) {
        coverage.hit("network.duplicated");
        carry(parcel);
      }
    }
    carry(parcel);
  }

  private void carry(Parcel parcel) {
    Link link = links[parcel.from][parcel.to];
    long delay = swarm.delayNanos / 2 + random.nextLong(swarm.delayNanos);
    if (faulty
        && swarm.has(Fault.REORDERING)
        && !swarm.streams
        && Randoms.chance(random, swarm.reorderingRate)) {
      coverage.hit("network.reordered");
      delay += random.nextLong(20 * swarm.delayNanos);
    }
    long arrival = loop.nowNanos() + Math.round(delay * link.slowness);
    if (swarm.streams) {
      int lane = lane(parcel.message);
      arrival = Math.max(arrival, link.lastArrival[lane] + 1);
      link.lastArrival[lane] = arrival;
    }
    loop.at(arrival, () -> arrive(parcel));
  }

  private void arrive(Parcel parcel) {
    Link link = links[parcel.from][parcel.to];
    if (processes[parcel.to] != parcel.receiver) {
      lose("network.receiverGone", parcel.from, parcel.to, parcel.number);
    } else if (parcel.streamNumber != link.streamNumber) {
      lose("network.streamBroke", parcel.from, parcel.to, parcel.number);
    } else if (link.cut) {
      if (swarm.holdsCutMessages && link.held.size() < MOST_HELD) {
        link.held.add(parcel);
      } else {
        lose("network.cut", parcel.from, parcel.to, parcel.number);
      }
    } else {
      trace.note(Trace.Kind.RECEIVE, parcel.to, parcel.from, parcel.number, "");
      boolean taken =
          parcel.receiver.listener.received(
              new ServerId(parcel.from), parcel.sender.incarnation, parcel.message);
      if (!taken) {
        coverage.hit("network.inboxFull");
      }
    }
  }

  private void lose(String why, int from, int to, long number) {
    coverage.hit(why);
    trace.note(Trace.Kind.LOST, to, from, number, why);
  }

  private static int lane(PeerMessage message) {
    if (message instanceof PeerMessage.Protocol protocol) {
      Message inner = protocol.message();
      boolean quick =
          inner instanceof Message.Ping
              || inner instanceof Message.Pong
              || inner instanceof Message.ReadPoint
              || inner instanceof Message.ReadPointRequest
              || inner instanceof Message.ReadPointRefused;
      return quick ? 0 : 1;
    }
    return 1;
  }

  long sent() {
    return sent;
  }
}
