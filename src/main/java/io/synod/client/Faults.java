package io.synod.client;

import java.util.List;

/**
 * What an operator did to a server on purpose.
 *
 * @param failRate the chance, 0 to 1, to fail as an acceptor
 * @param suspendedMillis for how long it still drops all traffic with other servers; 0 if it does
 *     not
 * @param cutFrom the servers that it is cut off from
 */
public record Faults(double failRate, long suspendedMillis, List<Integer> cutFrom) {
  public Faults {
    cutFrom = List.copyOf(cutFrom);
  }
}
