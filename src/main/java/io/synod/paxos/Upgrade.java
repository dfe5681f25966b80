package io.synod.paxos;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;

/**
 * The version that the cluster is to behave by next (protocol-rules.md, 15): the highest that every
 * member supports, whatever its role, each by its own word in this life. One that is not heard may
 * come back with an older program, so that it holds the upgrade up. A function of the membership in
 * force and of what its members say.
 */
final class Upgrade {
  private final VersionInForce inForce;
  private final Membership membership;
  private final Function<Member, Optional<VersionRange>> supported;

  /**
   * @param supported by a member's program; none if it is not heard
   */
  Upgrade(
      VersionInForce inForce,
      Membership membership,
      Function<Member, Optional<VersionRange>> supported) {
    this.inForce = inForce;
    this.membership = membership;
    this.supported = supported;
  }

  /** The value to propose next, if there is a higher version that all support. */
  Optional<Value.Version> wanted() {
    int common = Integer.MAX_VALUE;
    for (Member member : membership.members()) {
      common = Math.min(common, supported.apply(member).map(VersionRange::newest).orElse(0));
    }
    return common > inForce.number() && without(common).isEmpty()
        ? Optional.of(new Value.Version(common))
        : Optional.empty();
  }

  /** Who stands in the way of the highest version that any member supports; none if nobody does. */
  Optional<UpgradeHeldUp> heldUp() {
    int highest = inForce.number();
    for (Member member : membership.members()) {
      highest = Math.max(highest, supported.apply(member).map(VersionRange::newest).orElse(0));
    }
    List<UpgradeHeldUp.Without> by = without(highest);
    return highest == inForce.number() || by.isEmpty()
        ? Optional.empty()
        : Optional.of(new UpgradeHeldUp(highest, by));
  }

  private List<UpgradeHeldUp.Without> without(int version) {
    List<UpgradeHeldUp.Without> without = new ArrayList<>();
    for (Member member : membership.members()) {
      Optional<VersionRange> range = supported.apply(member);
      if (range.filter(known -> known.includes(version)).isEmpty()) {
        without.add(new UpgradeHeldUp.Without(member.server(), range));
      }
    }
    return without;
  }
}
