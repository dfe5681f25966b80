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

/**
 * Reads the pieces of snapshots that peers are sent. What is in its fields is the background's; the
 * methods are the driver's but for those that say otherwise.
 */
final class SnapshotReading {
  static final int CHUNK_BYTES = 256 << 10;

  /** The files of so many peers are kept open. */
  static final int MOST_FILES = 8;

  private final Snapshots snapshots;
  private final Surroundings surroundings;
  private final BackgroundWork background;
  private final Runnable onDamaged;

  /**
   * Which snapshot each peer has been sent to its end. One that asks for it anew may have found it
   * damaged.
   */
  private final Map<ServerId, Slot> sent = new TreeMap<>();

  /** The file that each peer is being sent; first the one of who asked longest ago. */
  private final Map<ServerId, SnapshotFile> sending = new LinkedHashMap<>(16, 0.75f, true);

  /** Told the pieces that were read; in the driver's turn. */
  interface Reader {
    void onRead(List<PeerMessage.SnapshotChunk> chunks);
  }

  /**
   * @param onDamaged runs when the newest snapshot was found to be damaged, and set aside
   */
  SnapshotReading(
      Snapshots snapshots,
      Surroundings surroundings,
      BackgroundWork background,
      Runnable onDamaged) {
    this.snapshots = snapshots;
    this.surroundings = surroundings;
    this.background = background;
    this.onDamaged = onDamaged;
  }

  /**
   * Begins to read up to so many pieces.
   *
   * @param onFailure runs if the disk failed, in the driver's turn
   */
  void begin(
      ServerId peer,
      PeerMessage.SnapshotRequest request,
      int pieces,
      Reader reader,
      Runnable onFailure) {
    background.begin(
        "read a snapshot for " + peer,
        () -> {
          Optional<String> damage = check(peer, request);
          List<PeerMessage.SnapshotChunk> chunks = readSome(peer, request, pieces);
          return () -> {
            damage.ifPresent(this::report);
            reader.onRead(chunks);
          };
        },
        onFailure);
  }

  private void report(String damage) {
    surroundings.report(damage + "; set aside, another snapshot is written");
    onDamaged.run();
  }

  /** Lets go of the files of all other peers: they may be old ones. */
  void closeAllBut(Set<ServerId> active) {
    background.begin(
        "let go of a snapshot",
        () -> {
          closeIdle(active);
          return () -> {};
        });
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
      ServerId peer, PeerMessage.SnapshotRequest request, int pieces) throws IOException {
    List<PeerMessage.SnapshotChunk> chunks = new ArrayList<>();
    Optional<PeerMessage.SnapshotRequest> next = Optional.of(request);
    try {
      while (chunks.size() < pieces && next.isPresent()) {
        PeerMessage.SnapshotChunk chunk = read(peer, next.get());
        chunks.add(chunk);
        next = following(chunk, request.atLeast());
      }
      return chunks;
    } catch (IOException e) {
      sent.put(peer, snapshots.newest());
      throw e;
    }
  }

  /** What to read behind a piece; nothing if it was the last, or of no use to who asked. */
  static Optional<PeerMessage.SnapshotRequest> following(
      PeerMessage.SnapshotChunk chunk, Slot atLeast) {
    long end = chunk.offset() + chunk.bytes().size();
    boolean isLast = chunk.bytes().isEmpty() || end >= chunk.sizeBytes();
    return isLast || chunk.snapshot().isBefore(atLeast)
        ? Optional.empty()
        : Optional.of(new PeerMessage.SnapshotRequest(chunk.snapshot(), end, atLeast));
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
      closeEldest();
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

  /** Its peer may never ask again; if it does, the file is opened again. */
  private void closeEldest() throws IOException {
    if (sending.size() > MOST_FILES) {
      Iterator<SnapshotFile> eldest = sending.values().iterator();
      SnapshotFile idle = eldest.next();
      eldest.remove();
      idle.close();
    }
  }
}
