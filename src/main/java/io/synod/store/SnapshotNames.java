package io.synod.store;

import io.synod.journal.Disk;
import io.synod.paxos.Slot;
import java.io.IOException;
import java.util.Locale;
import java.util.NavigableMap;
import java.util.Optional;
import java.util.TreeMap;

/** The names of the files; what they mean is said in the package's documentation. */
final class SnapshotNames {
  private static final String DIRECTORY = "snapshot/";
  private static final String WHOLE = ".snapshot";
  private static final String WRITING = ".writing";
  private static final String RECEIVING = ".receiving";
  private static final String DAMAGED = ".damaged";

  private SnapshotNames() {}

  static String whole(Slot slot) {
    return name(slot) + WHOLE;
  }

  static String writing(Slot slot) {
    return name(slot) + WRITING;
  }

  static String receiving(Slot slot) {
    return name(slot) + RECEIVING;
  }

  static String damaged(Slot slot) {
    return name(slot) + DAMAGED;
  }

  private static String name(Slot slot) {
    return String.format(Locale.ROOT, "%s%019d", DIRECTORY, slot.number());
  }

  static boolean isLeftover(String name) {
    return name.startsWith(DIRECTORY) && (name.endsWith(WRITING) || name.endsWith(RECEIVING));
  }

  static boolean isDamaged(String name) {
    return name.startsWith(DIRECTORY) && name.endsWith(DAMAGED);
  }

  /** The names of all finished snapshots, by slot. */
  static NavigableMap<Slot, String> whole(Disk disk) throws IOException {
    NavigableMap<Slot, String> found = new TreeMap<>();
    for (String name : disk.list()) {
      slot(name).ifPresent(slot -> found.put(slot, name));
    }
    return found;
  }

  private static Optional<Slot> slot(String name) {
    if (!name.startsWith(DIRECTORY) || !name.endsWith(WHOLE)) {
      return Optional.empty();
    }
    String digits = name.substring(DIRECTORY.length(), name.length() - WHOLE.length());
    if (digits.length() != 19 || !digits.chars().allMatch(c -> c >= '0' && c <= '9')) {
      return Optional.empty();
    }
    try {
      return Optional.of(Slot.of(Long.parseLong(digits)));
    } catch (NumberFormatException e) {
      return Optional.empty(); // Above the greatest long.
    }
  }
}
