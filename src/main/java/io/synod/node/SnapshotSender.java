package io.synod.node;

import io.synod.paxos.Bytes;
import io.synod.paxos.ServerId;
import io.synod.paxos.Slot;
import io.synod.store.SnapshotFile;
import io.synod.store.SnapshotOffer;
import io.synod.store.SnapshotReceiver;
import io.synod.store.Snapshots;
import io.synod.transport.PeerMessage;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.BiConsumer;

/**
 * Sends peers the pieces of snapshots that they ask for, some for each request, and to none of them
 * more a second than a network and a disk bear beside all else. Driver thread.
 */
final class SnapshotSender {
  private static final int CHUNK_BYTES = 256 << 10;

  private static final long BYTES_A_SECOND = Long.getLong("synod.snapshot.bytesASecond", 64L << 20);

  /** So many peers are sent pieces at the same time; any other asks again. */
  private static final int MOST_RECEIVERS = 8;

  private final Snapshots snapshots;
  private final Surroundings surroundings;
  private final BackgroundWork background;
  private final BiConsumer<ServerId, PeerMessage> send;
  private final Runnable onDamaged;

  /**
   * Background only: which snapshot each peer has been sent to its end. One that asks for it anew
   * may have found it damaged.
   */
  private final Map<ServerId, Slot> sent = new TreeMap<>();

  /**
   * Background only: the file that each peer is being sent, of the last few that asked; first the
   * one that asked longest ago.
   */
  private final Map<ServerId, SnapshotFile> sending = new LinkedHashMap<>(16, 0.75f, true);

  /** Whose request waits to be read, or is being read: one each. */
  private final Set<ServerId> reading = new TreeSet<>();

  /** A file that was not asked for so long is let go of: it may be an old one. */
  private static final long IDLE_NANOS = 60_000_000_000L;

  /** When each peer asked last. */
  private final Map<ServerId, Long> askedNanos = new TreeMap<>();

  /** Who was sent so much that the next request waits until then. */
  private final Map<ServerId, Long> pausedUntilNanos = new TreeMap<>();

  private final Map<ServerId, PeerMessage.SnapshotRequest> waiting = new TreeMap<>();

  /**
   * @param onDamaged runs when the newest snapshot was found to be damaged, and set aside
   */
  SnapshotSender(
      Snapshots snapshots,
      Surroundings surroundings,
      BackgroundWork background,
      BiConsumer<ServerId, PeerMessage> send,
      Runnable onDamaged) {
    this.snapshots = snapshots;
    this.surroundings = surroundings;
    this.background = background;
    this.send = send;
    this.onDamaged = onDamaged;
  }

  /** Answers what has waited for long enough. */
  void turn() {
    long now = background.nowNanos();
    pausedUntilNanos.values().removeIf(until -> until <= now);
    Iterator<Map.Entry<ServerId, PeerMessage.SnapshotRequest>> each = waiting.entrySet().iterator();
    while (each.hasNext()) {
      Map.Entry<ServerId, PeerMessage.SnapshotRequest> next = each.next();
      if (!pausedUntilNanos.containsKey(next.getKey())) {
        each.remove();
        answer(next.getKey(), next.getValue());
      }
    }
    if (askedNanos.values().removeIf(asked -> now - asked > IDLE_NANOS)) {
      Set<ServerId> active = new TreeSet<>(askedNanos.keySet());
      background.begin(
          "let go of a snapshot",
          () -> {
            closeIdle(active);
            return () -> {};
          });
    }
  }

  /** Background. */
  private void closeIdle(Set<ServerId> active) throws IOException {
    Iterator<Map.Entry<ServerId, SnapshotFile>> each = sending.entrySet().iterator();
    while (each.hasNext()) {
      Map.Entry<ServerId, SnapshotFile> one = each.next();
      if (!active.contains(one.getKey())) {
        each.remove();
        one.getValue().close();
      }
    }
  }

  /** Sends what a peer asks for, by and by, unless too many ask; returns whether it is sent. */
  boolean onRequest(ServerId from, PeerMessage.SnapshotRequest request) {
    if (reading.size() == MOST_RECEIVERS || !reading.add(from)) {
      // As if lost on the way: it asks again, and this disk may be slower than it.
      return false;
    }
    askedNanos.put(from, background.nowNanos());
    if (pausedUntilNanos.containsKey(from)) {
      waiting.put(from, request);
    } else {
      answer(from, request);
    }
    return true;
  }

  private void answer(ServerId from, PeerMessage.SnapshotRequest request) {
    background.begin(
        "read a snapshot for " + from,
        () -> {
          Optional<String> damage = check(from, request);
          List<PeerMessage.SnapshotChunk> chunks = readSome(from, request);
          return () -> {
            reading.remove(from);
            damage.ifPresent(this::report);
            sendAll(from, chunks);
          };
        },
        () -> reading.remove(from));
  }

  private void sendAll(ServerId to, List<PeerMessage.SnapshotChunk> chunks) {
    long bytes = 0;
    for (PeerMessage.SnapshotChunk chunk : chunks) {
      bytes += chunk.bytes().size();
      send.accept(to, chunk);
    }
    long pauseNanos = Math.round(1e9 * bytes / BYTES_A_SECOND);
    pausedUntilNanos.put(to, background.nowNanos() + pauseNanos);
  }

  private void report(String damage) {
    surroundings.report(damage + "; set aside, another snapshot is written");
    onDamaged.run();
  }

  /**
   * Background: reads a snapshot as a whole before it is sent once more to a peer that had all of
   * it. Its pieces have checksums of their own, so that whatever is wrong was wrong here.
   */
  private Optional<String> check(ServerId peer, PeerMessage.SnapshotRequest request)
      throws IOException {
    boolean anew = request.snapshot().equals(Slot.ZERO);
    return anew && snapshots.newest().equals(sent.remove(peer))
        ? snapshots.scrub(bytesRead -> {})
        : Optional.empty();
  }

  /**
   * Background: the pieces from one on. One that cannot be read is looked at as a whole when the
   * peer asks anew.
   */
  private List<PeerMessage.SnapshotChunk> readSome(
      ServerId peer, PeerMessage.SnapshotRequest request) throws IOException {
    List<PeerMessage.SnapshotChunk> chunks = new ArrayList<>();
    PeerMessage.SnapshotRequest next = request;
    try {
      while (chunks.size() < SnapshotFetcher.PIECES) {
        PeerMessage.SnapshotChunk chunk = read(peer, next);
        chunks.add(chunk);
        long end = chunk.offset() + chunk.bytes().size();
        if (chunk.bytes().isEmpty() || end >= chunk.sizeBytes()) {
          break;
        }
        next = new PeerMessage.SnapshotRequest(chunk.snapshot(), end, request.atLeast());
      }
      return chunks;
    } catch (IOException e) {
      sent.put(peer, snapshots.newest());
      throw e;
    }
  }

  private PeerMessage.SnapshotChunk read(ServerId peer, PeerMessage.SnapshotRequest request)
      throws IOException {
    SnapshotFile file = sending.get(peer);
    if (file != null && !file.offer().slot().equals(request.snapshot())) {
      sending.remove(peer);
      file.close();
      file = null;
    }
    if (file == null) {
      Optional<SnapshotFile> opened = snapshots.open(request.snapshot());
      if (opened.isEmpty()) {
        return new PeerMessage.SnapshotChunk(Slot.ZERO, 0, 0, Bytes.EMPTY, 0, Bytes.EMPTY);
      }
      file = opened.get();
      sending.put(peer, file);
      if (sending.size() > MOST_RECEIVERS) {
        // It may never ask again; if it does, the file is opened again.
        Iterator<SnapshotFile> eldest = sending.values().iterator();
        SnapshotFile idle = eldest.next();
        eldest.remove();
        idle.close();
      }
    }
    SnapshotOffer offer = file.offer();
    Bytes bytes = file.read(request.offset(), CHUNK_BYTES);
    if (request.offset() + bytes.size() >= offer.sizeBytes()) {
      sending.remove(peer);
      sent.put(peer, offer.slot());
      file.close();
    }
    return new PeerMessage.SnapshotChunk(
        offer.slot(),
        request.offset(),
        offer.sizeBytes(),
        offer.sha256(),
        SnapshotReceiver.crc(bytes),
        bytes);
  }
}
