package io.synod.simulator;

import java.util.EnumSet;
import java.util.Set;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;

/**
 * Seeds that once found a defect, kept. What a seed does changes with the program; the defects
 * themselves are kept as directed tests where that was possible.
 */
class RegressionSeedsTest {
  /**
   * 10, 5016, 6102: catch-up bounded by the round trip; 329: a chosen prefix claimed at a ballot of
   * one's own that another chose; 903, 1498: a coordinator without a vote that stayed; 1348: a
   * barrier whose membership was not in flight any more.
   */
  private static final long[] LIGHT = {10, 329, 903, 1348, 1498, 5016, 6102};

  /**
   * 75, 95: refusals of forwarded writes that answered one another without end; 86: a driver that
   * never rested while it prepared; 181, 402, 1103: a snapshot of a slot that a peer's had covered;
   * 400454: a server without its snapshot that asked one peer for ever, which had none; 911320: a
   * segment whose filling had failed and that was used as a filled one; 911299: clients that waited
   * for less than a round trip.
   */
  private static final long[] FULL = {75, 86, 95, 181, 402, 1103, 400454, 911299, 911320};

  /**
   * With all faults: 770014709: an overwritten value taken for the chosen one, where a recovery's
   * copy had rotted; 770002541: two of four voters with damaged logs that kept the others from
   * electing; 811010809: a snapshot that had rotted, and was sent to the same peer again and again;
   * 811013113, 811023305: a snapshot of a server whose journal did not know of the founding;
   * 770001870, 770008080, 811022924: a founding that only a lost disk knew, a refused directory
   * that nobody replaced, and a server that began again and was not started, all of the harness.
   * Disks told the truth then, and clients did not ask again.
   */
  private static final long[] WITH_ALL_FAULTS = {
    770001870, 770002541, 770008080, 770014709, 811010809, 811013113, 811022924, 811023305
  };

  /** With stale writes: a snapshot from a peer that is newer than the newest, of the harness. */
  private static final long[] WITH_STALE_WRITES = {911011391};

  /**
   * With clients that ask again: two damaged disks of five, and of the three that voted; of the
   * harness. Rows were in memory then.
   */
  private static final long[] ON_HEAP = {921001155};

  /**
   * As seeds are now: a witness that was removed and came back, and still cut what it had been told
   * it may, which a voter that had got its vote back meanwhile lacked; 91003519: a crash that was
   * planned before the servers were healed and came behind that, of the harness.
   */
  private static final long[] AS_THEY_ARE = {483, 91003519};

  @Test
  void seedsWithAllFaultsStayMended() {
    run(AS_THEY_ARE, false, EnumSet.noneOf(Fault.class));
    EnumSet<Fault> later = EnumSet.copyOf(Fault.LATER);
    run(ON_HEAP, false, later);
    later.add(Fault.CLIENT_RETRIES);
    run(WITH_STALE_WRITES, false, later);
    later.add(Fault.SILENT_WRITE);
    run(WITH_ALL_FAULTS, false, later);
  }

  /** As the seeds were when they were noted: no remedy was there then, and disks told the truth. */
  @Test
  void earlySeedsStayMended() {
    EnumSet<Fault> later = EnumSet.of(Fault.SILENT_WRITE, Fault.ENGINE_DAMAGE);
    later.addAll(Fault.REMEDIES);
    run(LIGHT, true, later);
    run(FULL, false, later);
  }

  private static void run(long[] seeds, boolean light, Set<Fault> without) {
    LongStream.of(seeds)
        .parallel()
        .forEach(seed -> new Simulate.Run(Swarm.of(seed).without(without), light).orReport());
  }
}
