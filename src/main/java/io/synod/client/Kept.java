package io.synod.client;

import java.util.List;

/**
 * What a server keeps, and where.
 *
 * @param storage as in its configuration: heap, rocksdb or memory; empty if it does not say
 * @param liveBytes of keys and values
 * @param quotaBytes puts are refused when {@code liveBytes} and 128 for each key reach this; 0 if
 *     it does not say
 * @param setAside what it put away in its data directory because it was damaged
 */
public record Kept(
    String storage, long keys, long liveBytes, long quotaBytes, List<String> setAside) {
  public Kept {
    setAside = List.copyOf(setAside);
  }
}
