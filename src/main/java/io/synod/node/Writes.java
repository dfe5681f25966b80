package io.synod.node;

import io.synod.node.ClientRequest.Operation;
import io.synod.node.WritesUnderWay.Write;
import io.synod.paxos.Bytes;
import io.synod.paxos.ServerId;
import io.synod.store.CommandEncoder;
import io.synod.store.CommandFormat;
import io.synod.store.Result;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;

/**
 * The writes that clients gave this server: each gets a sequence in the server's session, is sent
 * to the coordinator, and is answered when this server itself applies it. Sent again, under the
 * same sequence, whenever it may have been lost: the store applies it once. Driver thread only.
 */
final class Writes {
  private final NodeSettings settings;
  private final ServerId self;
  private final CommandEncoder encoder;
  private final WritesUnderWay underWay;

  /** This start's session, once the log has opened it. */
  private OptionalLong session = OptionalLong.empty();

  private long sessionAskedNanos = Long.MIN_VALUE;

  /** The first sequence that was not sent since the last change of coordinator. */
  private long unsent = 1;

  private long oldestSentNanos = Long.MAX_VALUE;

  /** Grows whenever all that was sent may be lost. */
  private long round;

  Writes(NodeSettings settings, ServerId self) {
    this.settings = settings;
    this.self = self;
    this.encoder = new CommandEncoder(settings.batchBytes());
    this.underWay = new WritesUnderWay(settings.queueRequests());
  }

  int count() {
    return underWay.count();
  }

  boolean isFull() {
    return underWay.isFull();
  }

  void add(ClientRequest request) {
    underWay.add(request);
  }

  boolean hasSession() {
    return session.isPresent();
  }

  /** What was sent may be lost: all of it is sent again. */
  void resendAll() {
    round++;
    unsent = underWay.lowestOpen();
    sessionAskedNanos = Long.MIN_VALUE;
  }

  /** Whether there is anything for a coordinator now. */
  boolean hasUnsent(long nowNanos) {
    if (session.isEmpty()) {
      return sessionAskedNanos == Long.MIN_VALUE
          || nowNanos - sessionAskedNanos >= settings.retryNanos();
    }
    if (underWay.count() > 0
        && oldestSentNanos != Long.MAX_VALUE
        && nowNanos - oldestSentNanos >= settings.retryNanos()) {
      resendOverdue(nowNanos);
    }
    return unsent < underWay.next();
  }

  /** Goes back to the oldest write whose answer is overdue, if there is one. */
  private void resendOverdue(long nowNanos) {
    oldestSentNanos = Long.MAX_VALUE;
    for (long sequence = underWay.lowestOpen(); sequence < unsent; sequence++) {
      Optional<Write> write = underWay.at(sequence);
      if (write.isPresent() && write.get().wasSent()) {
        if (nowNanos - write.get().sentAtNanos() >= settings.retryNanos()) {
          unsent = sequence;
          return;
        }
        oldestSentNanos = Math.min(oldestSentNanos, write.get().sentAtNanos());
      }
    }
  }

  /** The unsent writes as one run of commands, as many as a batch may hold. */
  Bytes takeRun(long nowNanos) {
    if (session.isEmpty()) {
      sessionAskedNanos = nowNanos;
      encoder.putOpenSession(self, settings.run());
      return encoder.take();
    }
    while (unsent < underWay.next() && encoder.count() < settings.batchCommands()) {
      Optional<Write> write = underWay.at(unsent);
      if (write.isPresent() && !write.get().isUnderWay(round, nowNanos, settings.retryNanos())) {
        if (!encoder.hasRoom(sizeBytes(write.get().request().operation()))) {
          break;
        }
        encode(write.get());
        write.get().onSent(round, nowNanos);
      }
      unsent++;
    }
    if (encoder.count() > 0) {
      oldestSentNanos = Math.min(oldestSentNanos, nowNanos);
    }
    return encoder.take();
  }

  private static int sizeBytes(Operation operation) {
    if (operation instanceof Operation.Put put) {
      return CommandFormat.putSizeBytes(put.key(), put.value());
    } else if (operation instanceof Operation.Delete delete) {
      return CommandFormat.deleteSizeBytes(delete.key());
    } else if (operation instanceof Operation.Compact) {
      return CommandFormat.compactSizeBytes();
    }
    throw new IllegalStateException("not a write: " + operation);
  }

  private void encode(Write write) {
    long id = session.orElseThrow();
    Operation operation = write.request().operation();
    if (operation instanceof Operation.Put put) {
      encoder.putPut(id, write.sequence(), underWay.lowestOpen(), put.key(), put.value());
    } else if (operation instanceof Operation.Delete delete) {
      encoder.putDelete(id, write.sequence(), underWay.lowestOpen(), delete.key());
    } else if (operation instanceof Operation.Compact compact) {
      encoder.putCompact(id, write.sequence(), underWay.lowestOpen(), compact.revision());
    } else {
      throw new IllegalStateException("not a write: " + operation);
    }
  }

  /** A command was applied here. */
  void onResult(long ofSession, long sequence, Result result) {
    if (result instanceof Result.SessionOpened opened) {
      if (opened.server().equals(self) && opened.run().equals(settings.run())) {
        session = OptionalLong.of(opened.session());
      }
      return;
    }
    if (session.isEmpty() || session.getAsLong() != ofSession) {
      return;
    }
    Optional<Write> write = underWay.remove(sequence);
    if (write.isPresent()) {
      write.get().request().answer(answerTo(result));
    }
  }

  private static Answer answerTo(Result result) {
    if (result instanceof Result.Done done) {
      return new Answer.Written(done.revision());
    } else if (result instanceof Result.AlreadyCompacted) {
      return new Answer.RevisionUnavailable(true, "the revision has been compacted already");
    } else if (result instanceof Result.FutureRevision) {
      return new Answer.RevisionUnavailable(false, "the revision is a future one");
    } else if (result instanceof Result.BeyondWindow) {
      return new Answer.Unavailable(false, "too many writes of this server are under way");
    }
    return new Answer.Unavailable(
        true, "the session of this server is gone: whether the write took effect is unknown");
  }

  /**
   * Answers those whose deadline has come, or their patience while no coordinator was to be had.
   */
  void expire(long nowNanos, String why) {
    for (long sequence = underWay.lowestOpen(); sequence < underWay.next(); sequence++) {
      Optional<Write> write = underWay.at(sequence);
      if (write.isPresent() && isOver(write.get(), nowNanos)) {
        giveUp(write.get(), why);
      }
    }
  }

  private static boolean isOver(Write write, long nowNanos) {
    ClientRequest request = write.request();
    long until = write.wasSent() ? request.deadlineNanos() : request.patienceNanos();
    return until - nowNanos <= 0;
  }

  /** Answers all: the server stops. */
  void giveUpAll(String why) {
    List<Write> all = new ArrayList<>();
    for (long sequence = underWay.lowestOpen(); sequence < underWay.next(); sequence++) {
      underWay.at(sequence).ifPresent(all::add);
    }
    for (Write write : all) {
      giveUp(write, why);
    }
  }

  private void giveUp(Write write, String why) {
    underWay.remove(write.sequence());
    write.request().answer(new Answer.Unavailable(write.wasSent(), why));
  }
}
