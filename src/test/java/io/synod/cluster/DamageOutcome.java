package io.synod.cluster;

import io.synod.cluster.DirectoryDamage.Kind;
import io.synod.cluster.DirectoryDamage.Target;
import java.util.EnumSet;
import java.util.Set;

/** What a server does that finds its files damaged, as docs/fault-matrix.md names it. */
enum DamageOutcome {
  MENDED("mended at the start, and said"),
  REFUSED("refuses to start, naming the file; comes back with an empty directory"),
  UNNOTICED("starts as if nothing were"),
  RENEWED("goes on as a new incarnation, and gets its vote back"),
  STOPPED("stops when it reads the damage, and is mended at the next start");

  private final String text;

  DamageOutcome(String text) {
    this.text = text;
  }

  @Override
  public String toString() {
    return text;
  }

  /** What may come of damage that was done while the server was down; all else is a fault. */
  static Set<DamageOutcome> expected(Target target, Kind kind) {
    if (kind == Kind.WRONG_VERSION) {
      return EnumSet.of(REFUSED);
    }
    boolean swap = kind == Kind.SWAP;
    return switch (target) {
      case JOURNAL, ENGINE_MANIFEST -> EnumSet.of(MENDED);
      // The end of the log may be torn too, and then the votes are not all known.
      case PROMISE -> EnumSet.of(MENDED, RENEWED);
      // Those of the same slot are the same at all servers.
      case SNAPSHOT -> swap ? EnumSet.of(UNNOTICED, MENDED) : EnumSet.of(MENDED);
      case IDENTITY -> EnumSet.of(REFUSED);
      case LOCK, ENGINE_OPTIONS -> EnumSet.of(UNNOTICED);
      // Another state of the same cluster; and a pointer that says the same.
      case ENGINE, ENGINE_CURRENT -> EnumSet.of(swap ? UNNOTICED : MENDED);
      // A start does not read all rows.
      case ENGINE_ROWS -> EnumSet.of(MENDED, STOPPED);
    };
  }

  /** What the start may come to after damage that was found, and mended, while the server ran. */
  static Set<DamageOutcome> expectedAfterScrub(Target target) {
    // The segment that is being written is read by no scrub.
    return target == Target.JOURNAL ? EnumSet.of(UNNOTICED, MENDED) : EnumSet.of(UNNOTICED);
  }
}
