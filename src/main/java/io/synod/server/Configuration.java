package io.synod.server;

import io.synod.node.ClientRequest.ReadMode;
import io.synod.paxos.Address;
import io.synod.paxos.ClusterId;
import io.synod.paxos.QuorumPolicy;
import io.synod.paxos.ServerId;
import io.synod.paxos.SlotRange;
import io.synod.store.CommandFormat;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/**
 * All that a server is told when it starts: checked, with every default filled in. Made once by
 * {@link ConfigurationReader}.
 *
 * @param server its id: its place in {@code replicas}
 * @param cluster the only one that it belongs to or joins; empty: whichever its directory is of, or
 *     it is founded in
 * @param replicas the consensus addresses of the founding list, in order
 * @param listen the sockets
 * @param clientAddress where clients reach it, as it tells others: never 0.0.0.0
 * @param dataDirectory absolute
 * @param readMode of reads that do not say
 * @param failRate the chance that it fails as an acceptor, on purpose
 * @param bootstrapAvailable whether a majority may found a new cluster without the others
 * @param acceptedTornTail slots in which an operator says that nothing was accepted with the write
 *     that did not end (protocol-rules.md, 4)
 * @param priority of this server as coordinator
 * @param quorum who votes, as far as this server decides it
 * @param lastVoter who votes alone where only two servers are left, it one of them
 * @param clusterToken what a caller from another machine must have to change the cluster; none lets
 *     only callers on this machine
 */
public record Configuration(
    ServerId server,
    Optional<ClusterId> cluster,
    List<Address> replicas,
    Listen listen,
    Address clientAddress,
    Path dataDirectory,
    ReadMode readMode,
    double failRate,
    boolean bootstrapAvailable,
    Timings timings,
    Limits limits,
    Storage storage,
    Optional<SlotRange> acceptedTornTail,
    int priority,
    QuorumPolicy.Mode quorum,
    Optional<ServerId> lastVoter,
    Optional<String> clusterToken) {

  public Configuration {
    replicas = List.copyOf(replicas);
    if (server.number() >= replicas.size()) {
      throw new IllegalArgumentException(
          "server id " + server.number() + " of " + replicas.size() + " replicas");
    }
    if (!dataDirectory.isAbsolute()) {
      throw new IllegalArgumentException("a data directory is absolute, not " + dataDirectory);
    }
  }

  /** What is kept where. */
  public enum Storage {
    /** The state in memory; the journal and snapshots on disk. */
    HEAP,
    /** Nothing on disk: each start is a new incarnation. */
    MEMORY,
    /** The state in a database on disk; the journal beside it. */
    ROCKSDB,
    /** No state: the journal of a witness. */
    WITNESS;

    /**
     * So much of the heap a quota may be, in percent, so that what comes besides has room: with
     * {@link #MEMORY} snapshots, of which there may be two, are in the heap too.
     */
    public int safeQuotaPercent() {
      return this == MEMORY ? 20 : 40;
    }

    /** As a person types it, and reads it in every message. */
    @Override
    public String toString() {
      return name().toLowerCase(Locale.ROOT);
    }
  }

  /** Whether it has no store, and never coordinates. */
  public boolean isWitness() {
    return storage == Storage.WITNESS;
  }

  /** Where it listens: for clients, and for the other servers. */
  public record Listen(Address clients, Address servers) {}

  /**
   * How long things take.
   *
   * @param pingIntervalMillis between two pings of a server
   * @param electionTimeoutMillis silence after which a server counts as gone; at least three ping
   *     intervals
   * @param standbyTimeoutMillis silence after which a member loses its vote, where votes follow who
   *     is there; at least an election timeout
   * @param defaultDeadlineMillis of a call that comes without a deadline
   */
  public record Timings(
      long pingIntervalMillis,
      long electionTimeoutMillis,
      long standbyTimeoutMillis,
      long defaultDeadlineMillis) {}

  /**
   * How much there may be.
   *
   * @param queueRequests calls that wait or are under way; a power of two
   * @param keyBytes the longest key
   * @param valueBytes the largest value
   * @param journalSegmentBytes the length of a segment of the journal
   * @param quotaBytes how much the store may hold before puts are refused
   * @param disk how much room there must be on the disk
   * @param blockCacheBytes about how much memory a database takes, beside the heap
   * @param logBytes how much of the log is kept
   * @param snapshotBytesASecond how fast snapshots are sent to other servers, to all together
   * @param witnessLogBytes how large the log of a witness may grow while a voter is away
   */
  public record Limits(
      int queueRequests,
      int keyBytes,
      int valueBytes,
      long journalSegmentBytes,
      long quotaBytes,
      Disk disk,
      long blockCacheBytes,
      long logBytes,
      long snapshotBytesASecond,
      long witnessLogBytes) {
    /** The longest key there may be. */
    public static final int KEY_BYTES = CommandFormat.KEY_LIMIT_BYTES;

    /** The largest value there may be, however a server is configured. */
    public static final int VALUE_BYTES = CommandFormat.VALUE_LIMIT_BYTES;
  }

  /**
   * How much must be free on the disk, besides what the state takes to be written anew.
   *
   * @param warnBytes with less, a warning is given
   * @param floorBytes with less, puts are refused; 0: neither
   */
  public record Disk(long warnBytes, long floorBytes) {}
}
