package io.synod.store;

import io.synod.journal.Disk;
import io.synod.journal.DiskFile;
import io.synod.paxos.Slot;
import java.io.IOException;

/**
 * Makes a written file the newest snapshot, a step at a time: its bytes durable, then its name,
 * then the names durable; only then do older ones go. A crash between any two steps leaves a whole
 * one.
 */
final class Publication {
  private enum Step {
    SYNC,
    RENAME,
    SYNC_NAMES,
    DELETE_OLDER,
    DONE
  }

  private final Snapshots snapshots;
  private final String name;
  private final Slot slot;
  private final DiskFile file;
  private Step step = Step.SYNC;

  Publication(Snapshots snapshots, String name, Slot slot, DiskFile file) {
    this.snapshots = snapshots;
    this.name = name;
    this.slot = slot;
    this.file = file;
  }

  /** Makes the file's bytes durable, as a step of its own before {@link #publishSome}. */
  void sync() throws IOException {
    file.sync();
    step = Step.RENAME;
  }

  /** Takes the next step; false if that was the last. */
  boolean publishSome() throws IOException {
    Disk disk = snapshots.disk();
    switch (step) {
      case SYNC -> sync();
      case RENAME -> {
        file.close();
        disk.rename(name, SnapshotNames.whole(slot));
        step = Step.SYNC_NAMES;
      }
      case SYNC_NAMES -> {
        disk.syncDirectory();
        snapshots.onPublished(slot);
        step = Step.DELETE_OLDER;
      }
      case DELETE_OLDER -> {
        snapshots.deleteOlder();
        step = Step.DONE;
      }
      case DONE -> {}
    }
    return step != Step.DONE;
  }

  /** Whether the file has the name of a whole snapshot by now. */
  boolean isNamed() {
    return step.compareTo(Step.RENAME) > 0;
  }
}
