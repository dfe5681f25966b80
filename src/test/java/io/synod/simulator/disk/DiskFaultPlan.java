package io.synod.simulator.disk;

/**
 * How often a simulated disk does wrong: the chance of each fault at each operation that can have
 * it, from 0 to 1, and how long a sync takes.
 *
 * @param syncNanos how long a sync usually takes, up to twice that
 * @param slowSync the chance that one takes {@code slowSyncNanos}
 */
public record DiskFaultPlan(
    double readFailed,
    double writeFailed,
    double writeTorn,
    double writeLost,
    double writeMisdirected,
    double syncFailed,
    double nameFailed,
    long syncNanos,
    double slowSync,
    long slowSyncNanos) {

  /** A disk that does nothing wrong but lose what was not synced. */
  public static final DiskFaultPlan NONE = new DiskFaultPlan(0, 0, 0, 0, 0, 0, 0, 150_000, 0, 0);

  /** Failures that are reported, each at this rate. */
  public static DiskFaultPlan failing(double rate) {
    return new DiskFaultPlan(rate, rate, rate, 0, 0, rate, rate, 150_000, 0, 0);
  }

  /** Writes that are not reported as lost or misplaced, each at this rate. */
  public DiskFaultPlan withSilentFaults(double rate) {
    return new DiskFaultPlan(
        readFailed,
        writeFailed,
        writeTorn,
        rate,
        rate,
        syncFailed,
        nameFailed,
        syncNanos,
        slowSync,
        slowSyncNanos);
  }

  /** Syncs that take long now and then. */
  public DiskFaultPlan withSlowSyncs(double rate, long nanos) {
    return new DiskFaultPlan(
        readFailed,
        writeFailed,
        writeTorn,
        writeLost,
        writeMisdirected,
        syncFailed,
        nameFailed,
        syncNanos,
        rate,
        nanos);
  }
}
