package io.synod.server;

import com.google.protobuf.UnsafeByteOperations;
import io.grpc.Status;
import io.grpc.StatusException;
import io.grpc.stub.ServerCallStreamObserver;
import io.synod.node.Node;
import io.synod.paxos.Slot;
import io.synod.proto.BackupChunk;
import io.synod.store.SnapshotFile;
import io.synod.store.Snapshots;
import java.io.IOException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Hands out copies of all that is stored while writes go on: each is a snapshot, taken for it. Any
 * thread; blocks for as long as the receiver takes.
 */
final class Backups {
  private static final Logger LOG = LoggerFactory.getLogger(Backups.class);

  private static final int CHUNK_BYTES = 256 << 10;

  /** How long a snapshot may take to be written; some GiB, on a slow disk. */
  private static final long MOST_MINUTES = 10;

  private static final long LOOK_SECONDS = 1;

  /** Whoever takes nothing for so long must not keep a snapshot and a thread. */
  private static final long MOST_SECONDS_WITHOUT_ROOM = 60;

  private final Consumer<Consumer<Slot>> snapshotTaker;
  private final Snapshots snapshots;
  private final boolean witness;

  /**
   * @param snapshotTaker as {@link Node#takeSnapshot(Consumer)}
   * @param witness whether there is nothing to hand out, and never will be
   */
  Backups(Consumer<Consumer<Slot>> snapshotTaker, Snapshots snapshots, boolean witness) {
    this.snapshotTaker = snapshotTaker;
    this.snapshots = snapshots;
    this.witness = witness;
  }

  /**
   * Sends one.
   *
   * @param ready released whenever the receiver can take more
   */
  void send(ServerCallStreamObserver<BackupChunk> receiver, Semaphore ready)
      throws StatusException {
    if (witness) {
      throw AdminCalls.without(
          Status.FAILED_PRECONDITION,
          "this server is a witness: it keeps no keys to back up; ask another server");
    }
    try (SnapshotFile file = take(receiver)) {
      LOG.info(
          "a backup of slot {}, {} bytes, goes out: an operator asked for it",
          file.offer().slot().number(),
          file.offer().sizeBytes());
      BackupChunk.Builder chunk =
          BackupChunk.newBuilder()
              .setSlot(file.offer().slot().number())
              .setSizeBytes(file.offer().sizeBytes());
      for (long offset = 0; offset < file.offer().sizeBytes(); offset += CHUNK_BYTES) {
        awaitRoom(receiver, ready);
        chunk.setBytes(
            UnsafeByteOperations.unsafeWrap(file.read(offset, CHUNK_BYTES).asByteBuffer()));
        receiver.onNext(chunk.build());
        chunk.clear();
      }
    } catch (IOException e) {
      throw AdminCalls.without(
          Status.UNAVAILABLE.withCause(e), "the snapshot cannot be read: " + e.getMessage());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw AdminCalls.without(Status.UNAVAILABLE.withCause(e), "the server stops");
    }
  }

  private static void awaitRoom(ServerCallStreamObserver<BackupChunk> receiver, Semaphore ready)
      throws InterruptedException, StatusException {
    long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(MOST_SECONDS_WITHOUT_ROOM);
    while (!receiver.isReady() && !receiver.isCancelled() && System.nanoTime() - end < 0) {
      boolean unused = ready.tryAcquire(LOOK_SECONDS, TimeUnit.SECONDS);
    }
    if (receiver.isCancelled()) {
      throw AdminCalls.without(Status.CANCELLED, "the receiver has gone");
    } else if (!receiver.isReady()) {
      throw AdminCalls.without(
          Status.ABORTED,
          "the receiver took nothing for " + MOST_SECONDS_WITHOUT_ROOM + " seconds");
    }
  }

  private SnapshotFile take(ServerCallStreamObserver<BackupChunk> receiver)
      throws IOException, InterruptedException, StatusException {
    CompletableFuture<Slot> taken = new CompletableFuture<>();
    snapshotTaker.accept(taken::complete);
    long end = System.nanoTime() + TimeUnit.MINUTES.toNanos(MOST_MINUTES);
    while (System.nanoTime() - end < 0 && !receiver.isCancelled()) {
      try {
        Slot slot = taken.get(LOOK_SECONDS, TimeUnit.SECONDS);
        if (slot.equals(Slot.ZERO)) {
          throw AdminCalls.without(
              Status.FAILED_PRECONDITION,
              "there is nothing to back up here: STATUS says how the server is");
        }
        return snapshots
            .open(Slot.ZERO)
            .orElseThrow(() -> new IOException("the snapshot of slot " + slot + " is gone"));
      } catch (TimeoutException e) {
        // Is the receiver still there?
      } catch (ExecutionException e) {
        throw new IllegalStateException(e);
      }
    }
    throw AdminCalls.without(
        Status.UNAVAILABLE,
        "no snapshot could be written in " + MOST_MINUTES + " minutes: the server's log says why");
  }
}
