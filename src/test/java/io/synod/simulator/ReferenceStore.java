package io.synod.simulator;

import io.synod.paxos.Bytes;
import io.synod.paxos.ServerId;
import io.synod.paxos.Slot;
import io.synod.paxos.Value;
import io.synod.store.CommandFormat;
import io.synod.store.KeyValueStore;
import io.synod.store.Result;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.function.BiConsumer;

/**
 * The one true state: what is chosen, applied once, as it becomes chosen. Every server's state at a
 * slot, every read and every acknowledgement is measured against it. Values that clients put are
 * unique, so that one that takes effect twice, or although it was said to have failed, is seen.
 */
final class ReferenceStore {
  private final ChosenLog log;
  private final BiConsumer<Slot, Value.Version> onVersion;
  private final KeyValueStore store = KeyValueStore.inMemory(RollingUpgrade.ANY);
  private final List<Long> hashes = new ArrayList<>();
  private final Map<Bytes, List<Version>> versions = new HashMap<>();
  private final Map<Bytes, Slot> effective = new HashMap<>();
  private final Set<Bytes> failed = new HashSet<>();
  private final List<Slot> slotOfRevision = new ArrayList<>();
  private final Commands commands = new Commands();

  /** A key's value from a slot on; none: deleted. */
  private record Version(Slot slot, Optional<Bytes> value) {}

  private record Write(Bytes key, Optional<Bytes> value) {}

  /**
   * @param onVersion told of each slot that decided a version
   */
  ReferenceStore(ChosenLog log, BiConsumer<Slot, Value.Version> onVersion) {
    this.log = log;
    this.onVersion = onVersion;
    hashes.add(store.hash());
    slotOfRevision.add(Slot.ZERO);
    slotOfRevision.add(Slot.ZERO);
  }

  /** Applies what has been chosen since. */
  void advance() {
    while (store.applied().isBefore(log.upTo())) {
      Slot slot = store.applied().next();
      Value value = log.chosen(slot).orElseThrow().value();
      if (value instanceof Value.Batch batch) {
        apply(slot, batch.commands());
      } else if (value instanceof Value.Version version) {
        onVersion.accept(slot, version);
        store.upgrade(slot, version);
      } else {
        store.skip(slot);
      }
      hashes.add(store.hash());
    }
  }

  private void apply(Slot slot, Bytes batch) {
    commands.writes.clear();
    CommandFormat.visitBatch(batch, commands);
    int[] place = {0};
    long[] revision = {store.revision()};
    store.apply(
        slot,
        batch,
        (session, sequence, result) -> {
          Optional<Write> write = commands.writes.get(place[0]++);
          if (write.isPresent() && result instanceof Result.Done done) {
            if (done.revision() > revision[0]) {
              revision[0] = done.revision();
              took(slot, write.get());
            }
          }
        });
  }

  /** A write took effect. */
  private void took(Slot slot, Write write) {
    slotOfRevision.add(slot);
    versions
        .computeIfAbsent(write.key(), any -> new ArrayList<>())
        .add(new Version(slot, write.value()));
    if (write.value().isEmpty()) {
      return;
    }
    Bytes value = write.value().get();
    Slot before = effective.putIfAbsent(value, slot);
    if (before != null) {
      throw new Violation(
          "SessionAtMostOnce", value + " took effect at " + before + " and again at " + slot);
    }
    if (failed.contains(value)) {
      throw new Violation("FailedNeverHappens", value + ", said to have failed, at " + slot);
    }
  }

  /** What the state's hash is after this slot. */
  long hash(Slot slot) {
    return hashes.get(Math.toIntExact(slot.number()));
  }

  /** What the key holds after this slot. */
  Optional<Bytes> get(Bytes key, Slot slot) {
    List<Version> all = versions.getOrDefault(key, List.of());
    for (int i = all.size() - 1; i >= 0; i--) {
      if (!all.get(i).slot().isAfter(slot)) {
        return all.get(i).value();
      }
    }
    return Optional.empty();
  }

  /** A client was told that this value was put, at this revision; returns the slot that did it. */
  Slot acknowledged(Bytes value, long revision) {
    Slot slot = effective.get(value);
    if (slot == null) {
      throw new Violation("AcknowledgedIsChosen", value + " is acknowledged and not chosen");
    }
    if (!slotOfRevision.get(Math.toIntExact(revision)).equals(slot)) {
      throw new Violation(
          "AcknowledgedIsChosen", value + " at " + slot + " is not revision " + revision);
    }
    return slot;
  }

  /** The slot that made this revision. */
  Slot slotOf(long revision) {
    return revision < slotOfRevision.size()
        ? slotOfRevision.get(Math.toIntExact(revision))
        : Slot.ZERO;
  }

  /** A client was told that this value was not put and never will be. */
  void failed(Bytes value) {
    failed.add(value);
    Slot slot = effective.get(value);
    if (slot != null) {
      throw new Violation("FailedNeverHappens", value + ", said to have failed, at " + slot);
    }
  }

  /** The writes of a batch, in the order of their results; openings of sessions are no writes. */
  private static final class Commands implements CommandFormat.Visitor {
    final List<Optional<Write>> writes = new ArrayList<>();

    @Override
    public void onOpenSession(ServerId server, UUID run) {
      writes.add(Optional.empty());
    }

    @Override
    public void onPut(long session, long sequence, long lowestOpen, Bytes key, Bytes value) {
      writes.add(Optional.of(new Write(key.compact(), Optional.of(value.compact()))));
    }

    @Override
    public void onDelete(long session, long sequence, long lowestOpen, Bytes key) {
      writes.add(Optional.of(new Write(key.compact(), Optional.empty())));
    }

    @Override
    public void onCompact(long session, long sequence, long lowestOpen, long revision) {
      writes.add(Optional.empty());
    }

    @Override
    public void onWrites(long session, long sequence, long lowestOpen, Bytes changes) {
      throw new IllegalStateException("no client of the simulation sends several writes in one");
    }
  }
}
