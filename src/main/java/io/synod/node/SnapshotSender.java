package io.synod.node;

import io.synod.paxos.ServerId;
import io.synod.transport.PeerMessage;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.BiConsumer;

/**
 * Sends peers the pieces of snapshots that they ask for, some for each request: one peer after the
 * other gets a few, and all together no more a second than a network and a disk bear beside all
 * else. Driver thread.
 */
final class SnapshotSender {
  /** So many peers are sent pieces at the same time; any other asks again. */
  private static final int MOST_RECEIVERS = SnapshotReading.MOST_FILES;

  /** How often a second pieces are sent at most: as many at once as that takes. */
  private static final long READS_A_SECOND = 32;

  /** A file that was not asked for so long is let go of: it may be an old one. */
  private static final long IDLE_NANOS = 60_000_000_000L;

  private final SnapshotReading reading;
  private final long bytesASecond;
  private final BackgroundWork background;
  private final BiConsumer<ServerId, PeerMessage> send;

  /** What each peer is to be sent next, one request each; first the one whose turn is next. */
  private final Map<ServerId, Asked> waiting = new LinkedHashMap<>();

  /** When each peer asked last. */
  private final Map<ServerId, Long> askedNanos = new TreeMap<>();

  /** Whether pieces for the first that waits are being read. */
  private boolean underWay;

  /** So much was sent that the next pieces wait until then. */
  private long freeAtNanos = Long.MIN_VALUE / 2;

  /** The rest of a request: so many pieces from there on. */
  private record Asked(PeerMessage.SnapshotRequest next, int pieces) {}

  /**
   * @param bytesASecond to all peers together
   */
  SnapshotSender(
      SnapshotReading reading,
      long bytesASecond,
      BackgroundWork background,
      BiConsumer<ServerId, PeerMessage> send) {
    this.reading = reading;
    this.bytesASecond = bytesASecond;
    this.background = background;
    this.send = send;
  }

  /** Sends what is due, and lets go of what nobody asks for. */
  void turn() {
    sendNext();
    long now = background.nowNanos();
    if (askedNanos.values().removeIf(asked -> now - asked > IDLE_NANOS)) {
      reading.closeAllBut(new TreeSet<>(askedNanos.keySet()));
    }
  }

  /** How long after the last turn the next pieces are due. */
  long restNanos() {
    return underWay || waiting.isEmpty()
        ? Long.MAX_VALUE
        : Math.max(0, freeAtNanos - background.nowNanos());
  }

  /** Sends what a peer asks for, by and by, unless too many ask; returns whether it is sent. */
  boolean onRequest(ServerId from, PeerMessage.SnapshotRequest request) {
    if (waiting.size() == MOST_RECEIVERS || waiting.containsKey(from)) {
      // As if lost on the way: it asks again, and this disk may be slower than it.
      return false;
    }
    askedNanos.put(from, background.nowNanos());
    waiting.put(from, new Asked(request, SnapshotFetcher.PIECES));
    sendNext();
    return true;
  }

  private void sendNext() {
    long now = background.nowNanos();
    if (underWay || waiting.isEmpty() || now < freeAtNanos) {
      return;
    }
    underWay = true;
    Map.Entry<ServerId, Asked> first = waiting.entrySet().iterator().next();
    ServerId to = first.getKey();
    Asked asked = first.getValue();
    reading.begin(
        to,
        asked.next(),
        Math.min(asked.pieces(), piecesAtOnce()),
        chunks -> onRead(to, asked, now, chunks),
        () -> onDone(to));
  }

  private int piecesAtOnce() {
    long pieces = bytesASecond / READS_A_SECOND / SnapshotReading.CHUNK_BYTES;
    return (int) Math.max(1, Math.min(pieces, SnapshotFetcher.PIECES));
  }

  /**
   * @param beganNanos when the reading of the pieces began: it is part of the pause
   */
  private void onRead(
      ServerId to, Asked asked, long beganNanos, List<PeerMessage.SnapshotChunk> chunks) {
    long bytes = 0;
    for (PeerMessage.SnapshotChunk chunk : chunks) {
      bytes += chunk.bytes().size();
      send.accept(to, chunk);
    }
    freeAtNanos = beganNanos + Math.round(1e9 * bytes / bytesASecond);
    onDone(to);
    int left = asked.pieces() - chunks.size();
    Optional<PeerMessage.SnapshotRequest> next =
        SnapshotReading.following(chunks.get(chunks.size() - 1), asked.next().atLeast());
    if (left > 0 && next.isPresent()) {
      // Behind all others.
      waiting.put(to, new Asked(next.get(), left));
    }
  }

  private void onDone(ServerId to) {
    underWay = false;
    waiting.remove(to);
  }
}
