package io.synod.paxos;

import java.util.List;
import java.util.Optional;

/**
 * A version that some members support, and by which the cluster does not behave yet.
 *
 * @param by what is in the way
 */
public record UpgradeHeldUp(int version, List<Without> by) {

  /**
   * A member that does not support it.
   *
   * @param supported what its program supports; none if it is not heard
   */
  public record Without(ServerId server, Optional<VersionRange> supported) {}
}
