package io.synod.store;

import io.synod.journal.Disk;
import io.synod.journal.DiskFile;
import java.io.IOException;
import java.nio.ByteBuffer;

/** Takes room on the disk for what is being loaded, and nothing reads it. */
final class ModelSpill {
  private static final int BATCH_BYTES = 1 << 10;

  private final Disk disk;
  private final String name;
  private int waitingBytes;
  private int writtenBytes;

  ModelSpill(Disk disk, String name) {
    this.disk = disk;
    this.name = name;
  }

  /**
   * So many bytes more.
   *
   * @throws EngineFailedException if the disk does not take them
   */
  void add(int sizeBytes) {
    waitingBytes += sizeBytes;
    if (waitingBytes < BATCH_BYTES) {
      return;
    }
    try (DiskFile file = disk.open(name)) {
      file.write(writtenBytes, ByteBuffer.allocate(waitingBytes));
    } catch (IOException e) {
      throw new EngineFailedException("cannot load: " + e.getMessage(), e);
    }
    writtenBytes += waitingBytes;
    waitingBytes = 0;
  }

  void delete() throws IOException {
    if (writtenBytes > 0 && disk.list().contains(name)) {
      disk.delete(name);
    }
  }
}
