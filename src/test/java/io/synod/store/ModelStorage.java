package io.synod.store;

import io.synod.journal.Disk;
import io.synod.paxos.ClusterId;
import io.synod.paxos.Slot;
import io.synod.paxos.VersionRange;
import java.io.IOException;
import java.util.Optional;
import java.util.function.Consumer;

/**
 * A store on a {@link ModelEngine}, opened as {@link RocksStorage} opens one: what is damaged or of
 * another cluster is set aside, and an empty one made.
 */
public final class ModelStorage {
  /** Where its files are, among those of a server. */
  public static final String FILES = ModelFiles.DIRECTORY;

  /** Why something is set aside that is not damaged. */
  public static final String DISTRUSTED = "it is distrusted";

  private final ModelFiles files;
  private final ModelEngine engine;
  private final KeyValueStore store;

  private ModelStorage(
      ModelFiles files, VersionRange supported, ModelFate fate, Optional<ModelImage> found) {
    this.files = files;
    this.engine = new ModelEngine(files, fate, found);
    this.store = KeyValueStore.on(engine, supported);
  }

  /**
   * Opens what a disk holds, or makes it.
   *
   * @param cluster whose state it must be; empty: the disk belongs to none
   * @param supported by which versions the program can behave
   * @param report told why all that is there is being set aside
   * @throws IOException if the disk fails
   */
  public static ModelStorage open(
      Disk disk,
      Optional<ClusterId> cluster,
      VersionRange supported,
      ModelFate fate,
      Consumer<String> report)
      throws IOException {
    ModelFiles files = new ModelFiles(disk);
    Optional<String> why = files.isDistrusted() ? Optional.of(DISTRUSTED) : Optional.empty();
    if (why.isEmpty()) {
      try {
        ModelStorage found = new ModelStorage(files, supported, fate, files.read());
        if (found.isOf(cluster)) {
          files.keep();
          if (found.store.applied().isAfter(Slot.ZERO)) {
            files.deleteSetAside();
          }
          return found;
        }
        why = Optional.of("it is of another cluster");
      } catch (EngineFailedException e) {
        why = Optional.of(String.valueOf(e.getMessage()));
      }
    }
    report.accept(why.get());
    files.setAside();
    files.create();
    return new ModelStorage(files, supported, fate, Optional.empty());
  }

  private boolean isOf(Optional<ClusterId> cluster) {
    return store.applied().equals(Slot.ZERO)
        || store.belonging().map(Belonging::cluster).equals(cluster);
  }

  /** The store. */
  public KeyValueStore store() {
    return store;
  }

  /** All up to here outlives the process, and the power. */
  public Slot durable() {
    return files.durable();
  }

  /** Whether a snapshot is being loaded. */
  public boolean isLoading() {
    return engine.isLoading();
  }

  /**
   * Does a little of a flush that nobody asked for; false if that was the last of it, or there is
   * nothing to flush.
   */
  public boolean flushSome() throws IOException {
    return engine.flushSome();
  }

  /** The next flush that is asked for begins here, and is of what is applied now. */
  public void beginFlush() {
    engine.beginFlush();
  }

  /** The next read of a row goes to the files. */
  public void readFiles() {
    engine.readFiles();
  }
}
