package io.synod.store;

import io.synod.paxos.Bytes;
import java.lang.reflect.Field;
import java.nio.ByteBuffer;

/** What no program does, and memory may. */
public final class Corruption {
  private Corruption() {}

  /** The state has another hash from now on, by one bit. */
  public static void ofHash(KeyValueStore store, int bit) {
    addToHash(store, rowsHash(store) ^ 1L << bit, rowsHash(store));
  }

  /**
   * A row in memory has another value from now on, by one bit: as if that had flipped in the
   * command just before it was applied, so that all that is kept with the row fits what it is now.
   *
   * @param key of a row that is there, in a store in memory
   * @return the value as it is now
   */
  public static Bytes ofRow(KeyValueStore store, Bytes key) {
    try {
      Bytes row = ((Engine) field(KeyValueStore.class, "engine").get(store)).get(key).orElseThrow();
      ByteBuffer wrong = ofRow(store, key, row);
      // A row in memory is a view of its array.
      byte[] array = (byte[]) field(Bytes.class, "array").get(row);
      wrong.get(array, field(Bytes.class, "offset").getInt(row), row.size());
      return store.get(key).orElseThrow();
    } catch (ReflectiveOperationException e) {
      throw gone(e);
    }
  }

  /** The same of a row that is kept elsewhere: returns what is to be put in its place. */
  static ByteBuffer ofRow(KeyValueStore store, Bytes key, Bytes row) {
    byte[] value = RowFormat.value(row).toArray();
    value[0] ^= 1;
    RowFormat format = new RowFormat();
    ByteBuffer wrong =
        format.encode(
            key,
            Bytes.wrap(value),
            RowFormat.createRevision(row),
            RowFormat.modRevision(row),
            RowFormat.version(row));
    addToHash(store, format.encodedHash(), RowFormat.hash(row));
    return wrong;
  }

  /** Has an engine with files keep what was done to the hash. */
  static void keep(KeyValueStore store, Engine engine) {
    try {
      engine.commit(
          store.applied(), (Engine.Beside) field(KeyValueStore.class, "beside").get(store));
    } catch (ReflectiveOperationException e) {
      throw gone(e);
    }
  }

  private static void addToHash(KeyValueStore store, long added, long taken) {
    try {
      field(KeyValueStore.class, "rowsHash").setLong(store, rowsHash(store) + added - taken);
    } catch (ReflectiveOperationException e) {
      throw gone(e);
    }
  }

  private static long rowsHash(KeyValueStore store) {
    try {
      return field(KeyValueStore.class, "rowsHash").getLong(store);
    } catch (ReflectiveOperationException e) {
      throw gone(e);
    }
  }

  private static Field field(Class<?> of, String name) throws ReflectiveOperationException {
    Field field = of.getDeclaredField(name);
    field.setAccessible(true);
    return field;
  }

  private static LinkageError gone(ReflectiveOperationException e) {
    return new LinkageError("the store has no such field any more", e);
  }
}
