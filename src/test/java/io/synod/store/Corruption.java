package io.synod.store;

import java.lang.reflect.Field;

/** What no program does, and memory may. */
public final class Corruption {
  private Corruption() {}

  /** The state has another hash from now on, by one bit. */
  public static void ofHash(KeyValueStore store, int bit) {
    try {
      Field sum = KeyValueStore.class.getDeclaredField("rowsHash");
      sum.setAccessible(true);
      sum.setLong(store, sum.getLong(store) ^ 1L << bit);
    } catch (ReflectiveOperationException e) {
      throw new LinkageError("the store has no such field any more", e);
    }
  }
}
