package io.synod.node;

import io.synod.paxos.Input;
import io.synod.paxos.Output;
import io.synod.paxos.Paxos;
import io.synod.paxos.Slot;
import io.synod.paxos.StateHash;
import io.synod.paxos.Value;
import io.synod.paxos.ValueFormat;
import io.synod.store.Belonging;
import io.synod.store.KeyValueStore;
import io.synod.store.StateMachine;
import java.util.ArrayDeque;
import java.util.List;
import java.util.function.Consumer;
import java.util.function.IntConsumer;

/**
 * The way of what is chosen into the store, slot by slot; the protocol is told what state comes of
 * it. Driver thread only.
 */
final class ApplyPath {
  private final Paxos paxos;
  private final KeyValueStore store;
  private final boolean witness;
  private final WritePath writePath;
  private final CoordinatorWatch coordinators;
  private final IntConsumer appliedBytes;
  private final StateMachine.Results results;

  /**
   * The log begins behind what the store holds: the snapshot it had is damaged. What is chosen is
   * not applied until one has come from a peer; this server's votes are not touched by that.
   */
  private boolean lacksSnapshot;

  /** Of the state after slots applied in this turn, for the protocol to compare. */
  private final ArrayDeque<StateHash> hashes = new ArrayDeque<>();

  /**
   * @param witness whether nothing is applied here: there is no store
   * @param appliedBytes told what each value takes of the log
   */
  ApplyPath(
      Node.Parts parts,
      boolean witness,
      WritePath writePath,
      CoordinatorWatch coordinators,
      IntConsumer appliedBytes) {
    this.paxos = parts.paxos();
    this.store = parts.store();
    this.witness = witness;
    this.writePath = writePath;
    this.coordinators = coordinators;
    this.appliedBytes = appliedBytes;
    this.results = writePath.writes()::onResult;
  }

  /** Looks whether the log goes back to what the store holds. */
  void findGap() {
    lacksSnapshot = applied().isBefore(paxos.cut());
  }

  /** What is applied; of a witness, what is chosen: it owes the log no more. */
  Slot applied() {
    return witness ? paxos.chosen() : store.applied();
  }

  /** Whether nothing can be applied before a snapshot has come from a peer. */
  boolean lacksSnapshot() {
    return lacksSnapshot;
  }

  /** Applies what is chosen next, if it can be; returns whether anything was applied. */
  boolean apply(List<Output.ChosenValue> chosen, long nowNanos) {
    if (chosen.isEmpty() || lacksSnapshot || paxos.isDiverged()) {
      return false;
    }
    for (Output.ChosenValue each : chosen) {
      apply(each, nowNanos);
    }
    return true;
  }

  private void apply(Output.ChosenValue chosen, long nowNanos) {
    if (witness) {
      if (chosen.value() instanceof Value.CoordinatorElected coordinator) {
        coordinators.onElected(coordinator.ballot());
      }
      return;
    }
    boolean isBatch = chosen.value() instanceof Value.Batch;
    if (store.keepsFiles() && (!isBatch || store.belonging().isEmpty())) {
      noteBelonging(chosen.slot());
    }
    if (chosen.value() instanceof Value.Batch batch) {
      writePath.onBatchApplied();
      store.apply(chosen.slot(), batch.commands(), results);
    } else if (chosen.value() instanceof Value.Version version) {
      store.upgrade(chosen.slot(), version);
    } else {
      store.skip(chosen.slot());
      if (chosen.value() instanceof Value.CoordinatorElected coordinator) {
        coordinators.onElected(coordinator.ballot());
        writePath.onElected(nowNanos);
      }
    }
    appliedBytes.accept(ValueFormat.sizeBytes(chosen.value()));
    if (StateHash.isDueAt(chosen.slot())) {
      hashes.add(new StateHash(chosen.slot(), store.hash()));
    }
  }

  /** A membership is no batch, so that a store with files need not be told with every slot. */
  private void noteBelonging(Slot slot) {
    paxos
        .founding()
        .ifPresent(made -> store.belongTo(new Belonging(made.cluster(), paxos.membershipAt(slot))));
  }

  /** Tells the protocol what states came of the slots that are compared. */
  void compareStates(Consumer<Input> step) {
    StateHash hash;
    while ((hash = hashes.poll()) != null) {
      step.accept(new Input.StateHashed(hash));
    }
  }
}
