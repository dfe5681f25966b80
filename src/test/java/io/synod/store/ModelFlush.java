package io.synod.store;

import io.synod.journal.DiskFile;
import io.synod.paxos.Slot;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.EnumSet;
import java.util.Iterator;

/**
 * Makes durable what a {@link ModelEngine} holds, a step at a time, while that goes on. A crash
 * between any two leaves what was durable before, or this. Another flush may overtake it: then
 * nothing comes of it.
 */
final class ModelFlush {
  private enum Step {
    WRITE,
    WRITE_REST,
    SYNC,
    NAME,
    PUBLISH,
    DELETE_OLDER
  }

  private final ModelFiles files;
  private final long number;
  private final Slot slot;
  private final byte[] bytes;
  private final Iterator<Step> steps = EnumSet.allOf(Step.class).iterator();

  ModelFlush(ModelFiles files, long number, ModelImage image) {
    this.files = files;
    this.number = number;
    this.slot = image.slot();
    this.bytes = image.encode();
  }

  /** The state after this slot is what it makes durable. */
  Slot slot() {
    return slot;
  }

  /** Whether another, begun later, has made more durable. */
  boolean isOvertaken() {
    return files.isOvertaken(number);
  }

  /** Takes the next step; false if that was the last, or another flush has overtaken it. */
  boolean step() throws IOException {
    if (isOvertaken()) {
      return false;
    }
    int half = bytes.length / 2;
    switch (steps.next()) {
      case WRITE -> write(ModelFiles.table(number), 0, half);
      case WRITE_REST -> write(ModelFiles.table(number), half, bytes.length);
      case SYNC -> {
        try (DiskFile file = files.disk().open(ModelFiles.table(number))) {
          file.sync();
        }
      }
      case NAME -> files.writeNaming(number, bytes);
      case PUBLISH -> files.publish(number, slot);
      case DELETE_OLDER -> files.deleteOlderThan(number);
    }
    return steps.hasNext();
  }

  private void write(String name, int from, int to) throws IOException {
    try (DiskFile file = files.disk().open(name)) {
      if (from == 0) {
        file.truncate(0);
      }
      file.write(from, ByteBuffer.wrap(bytes, from, to - from));
    }
  }
}
