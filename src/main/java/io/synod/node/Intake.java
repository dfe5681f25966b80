package io.synod.node;

import io.synod.journal.DurableLog;
import io.synod.paxos.AcceptedValue;
import io.synod.paxos.Message;
import io.synod.paxos.Notice;
import io.synod.paxos.ServerId;
import io.synod.paxos.Value;
import io.synod.store.CommandFormat;
import java.util.List;
import java.util.Locale;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;

/**
 * Which values of peers the driver takes in: none while the disk does not sync, since they would
 * pile up in memory, none of clients while the disk is full, and none that the store could not
 * apply, since what is chosen has to be applied. What is not taken in is as if lost on the way, and
 * is sent again. Driver thread only.
 */
final class Intake {
  private final DurableLog log;
  private final long mostSyncAgeNanos;
  private final BooleanSupplier diskIsFull;
  private final Consumer<Notice> notice;
  private final Consumer<String> warn;
  private boolean stuck;
  private long stuckSinceNanos;

  /**
   * @param mostSyncAgeNanos for how long records may wait for their sync
   * @param diskIsFull whether nothing of clients may be written any more
   * @param warn told when the disk gets slow and when it is not any more
   */
  Intake(
      DurableLog log,
      long mostSyncAgeNanos,
      BooleanSupplier diskIsFull,
      Consumer<Notice> notice,
      Consumer<String> warn) {
    this.log = log;
    this.mostSyncAgeNanos = mostSyncAgeNanos;
    this.diskIsFull = diskIsFull;
    this.notice = notice;
    this.warn = warn;
  }

  /** Notes whether the disk syncs; now and then. */
  void watch(long nowNanos) {
    long age = log.syncAgeNanos(nowNanos);
    if (!stuck && age > mostSyncAgeNanos) {
      stuck = true;
      stuckSinceNanos = nowNanos - age;
      warn.accept(
          "slow sync: the journal waits for the disk for "
              + millis(age)
              + " now; no values of other servers are taken in until it ends");
    } else if (stuck && age <= mostSyncAgeNanos / 2) {
      stuck = false;
      warn.accept("the disk syncs again, after " + millis(nowNanos - stuckSinceNanos));
    }
  }

  private static String millis(long nanos) {
    return String.format(Locale.ROOT, "%,d ms", nanos / 1_000_000);
  }

  /** Whether the protocol is to see this message. */
  boolean takes(ServerId from, Message message) {
    if (message instanceof Message.Propose propose) {
      return !stuck
          && propose.values().stream().allMatch(value -> hasRoom(value) && isFit(from, value));
    } else if (message instanceof Message.Fetched fetched) {
      return !stuck
          && fetched.values().stream().allMatch(each -> hasRoom(each.value()))
          && areFit(from, fetched.values());
    } else if (message instanceof Message.Promise promise) {
      return areFit(from, promise.accepted());
    }
    return true;
  }

  /**
   * Who coordinates and who is a member may be voted on whatever is left, so that there is somebody
   * to say that all is full.
   */
  private boolean hasRoom(Value value) {
    return !(value instanceof Value.Batch) || !diskIsFull.getAsBoolean();
  }

  private boolean areFit(ServerId from, List<AcceptedValue> values) {
    return values.stream().allMatch(each -> isFit(from, each.value()));
  }

  private boolean isFit(ServerId from, Value value) {
    if (value instanceof Value.Batch batch) {
      try {
        CommandFormat.checkBatch(batch.commands());
      } catch (IllegalArgumentException e) {
        notice.accept(
            new Notice.PeerMisbehaved(
                from, "sent a batch that this release cannot apply: " + e.getMessage()));
        return false;
      }
    }
    return true;
  }
}
