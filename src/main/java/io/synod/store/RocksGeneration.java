package io.synod.store;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.rocksdb.ColumnFamilyHandle;
import org.rocksdb.ReadOptions;
import org.rocksdb.RocksDB;
import org.rocksdb.RocksIterator;

/**
 * The column families of one generation of the state: a snapshot that is installed is a new one.
 * Any thread.
 */
final class RocksGeneration {
  private static final List<String> KINDS = List.of("rows-", "changes-", "index-");

  private final long number;
  private final List<ColumnFamilyHandle> families;
  private boolean closed;

  /**
   * @param families of rows, changes and index
   */
  RocksGeneration(long number, List<ColumnFamilyHandle> families) {
    this.number = number;
    this.families = List.copyOf(families);
  }

  static List<byte[]> names(long number) {
    List<byte[]> names = new ArrayList<>();
    for (String kind : KINDS) {
      names.add((kind + number).getBytes(StandardCharsets.US_ASCII));
    }
    return names;
  }

  /** Whether this release gives column families such names. */
  static boolean isName(byte[] name) {
    String text = new String(name, StandardCharsets.US_ASCII);
    return KINDS.stream().anyMatch(kind -> text.matches(kind + "[0-9]+"));
  }

  /** The number in the name of a column family. */
  static long number(byte[] name) {
    String text = new String(name, StandardCharsets.US_ASCII);
    try {
      return Long.parseLong(text.substring(text.indexOf('-') + 1));
    } catch (NumberFormatException e) {
      throw new EngineFailedException("column family " + text + " is not of this engine", e);
    }
  }

  long number() {
    return number;
  }

  List<ColumnFamilyHandle> families() {
    return families;
  }

  ColumnFamilyHandle rows() {
    return families.get(0);
  }

  ColumnFamilyHandle changes() {
    return families.get(1);
  }

  ColumnFamilyHandle index() {
    return families.get(2);
  }

  /** An iterator over one of the families, which another thread may be letting go of. */
  synchronized RocksIterator iterator(RocksDB db, ColumnFamilyHandle family, ReadOptions options) {
    if (closed) {
      throw new EngineFailedException("the state was replaced by a snapshot meanwhile");
    }
    return db.newIterator(family, options);
  }

  synchronized void close() {
    closed = true;
    families.forEach(ColumnFamilyHandle::close);
  }
}
