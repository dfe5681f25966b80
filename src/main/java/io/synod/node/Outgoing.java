package io.synod.node;

import io.synod.journal.DurableLog;
import io.synod.paxos.JournalRecord;
import io.synod.paxos.Message;
import io.synod.paxos.Output;
import io.synod.paxos.ServerId;
import io.synod.transport.PeerMessage;
import java.util.ArrayDeque;
import java.util.List;
import java.util.function.BiConsumer;
import org.jspecify.annotations.Nullable;

/**
 * What the protocol says, on its way to the journal and to servers: messages that bind this server
 * leave when all records before them are durable, others at once, and those to this server itself
 * take the same ways. Driver thread only.
 */
final class Outgoing {
  private final DurableLog log;
  private final ServerId self;
  private final BiConsumer<ServerId, PeerMessage> send;

  /** Binding messages that wait for the journal, in order. */
  private final ArrayDeque<Binding> binding = new ArrayDeque<>();

  /** Messages to this server itself. */
  private final ArrayDeque<Message> toSelf = new ArrayDeque<>();

  /** The journal's position behind the last record. */
  private long appended;

  private record Binding(long position, Output.Send<Message.Binding> send) {}

  Outgoing(DurableLog log, ServerId self, BiConsumer<ServerId, PeerMessage> send) {
    this.log = log;
    this.self = self;
    this.send = send;
  }

  /**
   * Appends the records, and sends the messages when they may leave. What is known to be chosen has
   * no sync of its own if no message waits for it.
   *
   * @param answered whether an acceptor's answers leave
   */
  void take(Output output, boolean answered) {
    if (!output.records().isEmpty()) {
      appended = log.append(output.records());
    }
    for (Output.Send<Message.Unbound> each : output.sendNow()) {
      leave(each.to(), each.message());
    }
    boolean waits = needsSync(output.records());
    for (Output.Send<Message.Binding> each : output.sendWhenDurable()) {
      boolean answer =
          each.message() instanceof Message.Promise || each.message() instanceof Message.Accepted;
      if (answered || !answer) {
        binding.add(new Binding(appended, each));
        waits = true;
      }
    }
    if (waits) {
      log.requestSync();
    }
  }

  private static boolean needsSync(List<JournalRecord> records) {
    for (JournalRecord each : records) {
      if (each.needsSync()) {
        return true;
      }
    }
    return false;
  }

  /** Lets those leave whose records are durable by now; returns whether there were any. */
  boolean releaseDurable() {
    long durable = log.durable();
    boolean released = false;
    while (!binding.isEmpty() && binding.peek().position() <= durable) {
      Output.Send<Message.Binding> next = binding.remove().send();
      released = true;
      leave(next.to(), next.message());
    }
    return released;
  }

  private void leave(ServerId to, Message message) {
    if (to.equals(self)) {
      toSelf.add(message);
    } else {
      send.accept(to, new PeerMessage.Protocol(message));
    }
  }

  /** Takes out the next message to this server itself. */
  @Nullable Message nextToSelf() {
    return toSelf.poll();
  }
}
