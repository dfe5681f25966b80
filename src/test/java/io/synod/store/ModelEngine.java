package io.synod.store;

import io.synod.paxos.Bytes;
import io.synod.paxos.Slot;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.LongConsumer;

/**
 * In RocksDB's place in the simulator: rows in memory, and in files as they were after some slot.
 * What was not flushed is lost with the process; what is damaged in the files is found when they
 * are read. One thread.
 */
final class ModelEngine implements Engine {
  private final HeapEngine rows = new HeapEngine();
  private final ModelFiles files;
  private final ModelFate fate;

  /** Those of the last commit; none before the first. */
  private Bytes numbers = Bytes.EMPTY;

  /** Those of some commit, and what became of them since. */
  private Bytes sessions = Bytes.EMPTY;

  private final List<Bytes> sessionChanges = new ArrayList<>();
  private long sessionChangesBytes;
  private boolean wantsSessions = true;

  private Optional<Kept> kept = Optional.empty();
  private Optional<ModelFlush> ownFlush = Optional.empty();
  private Optional<ModelImage> begun = Optional.empty();
  private int loads;

  /** Why no write is taken any more. */
  private Optional<String> failed = Optional.empty();

  /** The next read goes to the files. */
  private boolean readsFiles;

  /**
   * @param found what the files hold; empty if nothing
   * @throws EngineFailedException if it does not fit together
   */
  ModelEngine(ModelFiles files, ModelFate fate, Optional<ModelImage> found) {
    this.files = files;
    this.fate = fate;
    found.ifPresent(this::restore);
  }

  private void restore(ModelImage image) {
    Loader loader = rows.loader();
    image.loadInto(loader);
    rows.replaceBy(loader);
    numbers = image.numbers();
    sessions = image.sessions();
    image.sessionChanges().forEach(this::note);
    wantsSessions = false;
    rows.commit(image.slot(), new NothingBeside());
    kept = Optional.of(new Kept(numbers, sessions, List.copyOf(sessionChanges)));
  }

  private void note(Bytes changed) {
    sessionChanges.add(changed);
    sessionChangesBytes += changed.size();
  }

  /** The rows' own engine keeps nothing. */
  private static final class NothingBeside implements Beside {
    @Override
    public Bytes numbers() {
      return Bytes.EMPTY;
    }

    @Override
    public Bytes sessionChanges() {
      return Bytes.EMPTY;
    }

    @Override
    public Bytes sessions() {
      return Bytes.EMPTY;
    }
  }

  @Override
  public Slot applied() {
    return rows.applied();
  }

  @Override
  public Optional<Bytes> get(Bytes key) {
    if (readsFiles) {
      readsFiles = false;
      Optional<String> damage = files.damage();
      if (damage.isPresent()) {
        fate.happened(ModelFate.Event.DAMAGE_READ);
        throw ModelFiles.damaged(damage.get());
      }
    }
    return rows.get(key);
  }

  @Override
  public void put(Change change, ByteBuffer row) {
    rows.put(change, row);
  }

  @Override
  public void delete(Change change) {
    rows.delete(change);
  }

  @Override
  public Optional<Change> removeOldest(long last) {
    return rows.removeOldest(last);
  }

  @Override
  public void commit(Slot slot, Beside beside) {
    if (failed.isPresent()) {
      throw new EngineFailedException("no write is taken: " + failed.get());
    }
    Bytes changed = beside.sessionChanges();
    if (wantsSessions || sessionChangesBytes + changed.size() > fate.sessionChangesBytes()) {
      sessions = beside.sessions();
      sessionChanges.clear();
      sessionChangesBytes = 0;
      wantsSessions = false;
    } else if (!changed.isEmpty()) {
      note(changed);
    }
    numbers = beside.numbers();
    rows.commit(slot, beside);
  }

  @Override
  public Optional<Change> firstChangeAfter(long revision) {
    return rows.firstChangeAfter(revision);
  }

  @Override
  public RowsAt rowsAt(long revision, Bytes from) {
    return rows.rowsAt(revision, from);
  }

  @Override
  public View view() {
    return rows.view();
  }

  @Override
  public long loadBytes(long snapshotBytes) {
    return snapshotBytes + snapshotBytes / 2;
  }

  @Override
  public Loader loader() {
    loads++;
    fate.happened(ModelFate.Event.LOAD_BEGUN);
    return new ModelLoader(rows.loader());
  }

  @Override
  public void replaceBy(Loader loaded) {
    loads--;
    fate.happened(ModelFate.Event.LOADED);
    rows.replaceBy(((ModelLoader) loaded).memory);
    wantsSessions = true;
  }

  /** Whether something is being loaded, and is not in the place of the rows yet. */
  boolean isLoading() {
    return loads > 0;
  }

  /** Fills memory, and a file on the side that the rows of memory do not need any more. */
  private final class ModelLoader implements Loader {
    private final Loader memory;
    private final ModelSpill spill = files.spill();

    ModelLoader(Loader memory) {
      this.memory = memory;
    }

    @Override
    public void add(Bytes key, ByteBuffer row) {
      spill.add(key.size() + row.remaining());
      memory.add(key, row);
    }

    @Override
    public void add(Change change) {
      spill.add(change.key().size() + change.before().map(Bytes::size).orElse(0));
      memory.add(change);
    }

    @Override
    public void abandon() throws IOException {
      loads--;
      fate.happened(ModelFate.Event.LOAD_ABANDONED);
      spill.delete();
    }
  }

  // ---- files

  @Override
  public boolean keeps() {
    return true;
  }

  /** None to be deleted for room: the simulator's disks have enough. */
  @Override
  public SetAside setAside() {
    return SetAside.NOTHING;
  }

  @Override
  public Optional<Kept> kept() {
    return kept;
  }

  private ModelImage image() {
    return new ModelImage(applied(), numbers, sessions, List.copyOf(sessionChanges), rows.view());
  }

  /** The next flush that is asked for begins here: it is of what is applied now. */
  void beginFlush() {
    begun = Optional.of(image());
  }

  @Override
  public Slot flush() throws IOException {
    ModelImage image = begun.orElseGet(this::image);
    begun = Optional.empty();
    if (!image.slot().isAfter(files.durable())) {
      return files.durable();
    }
    ModelFlush flush = files.flush(image);
    int stepsLeft = fate.flushFailsAfter();
    try {
      while (flush.step()) {
        if (stepsLeft-- == 0) {
          throw new IOException("the flush failed");
        }
      }
    } catch (IOException e) {
      onFlushFailed(e);
      throw e;
    }
    fate.happened(ModelFate.Event.FLUSHED);
    return flush.slot();
  }

  /**
   * Does a little of a flush that nobody asked for, as when memory is full; false if that was the
   * last of it.
   */
  boolean flushSome() throws IOException {
    if (ownFlush.isEmpty() && applied().equals(Slot.ZERO)) {
      return false;
    }
    ModelFlush flush = ownFlush.orElseGet(() -> files.flush(image()));
    ownFlush = Optional.empty();
    try {
      if (!flush.step()) {
        fate.happened(
            flush.isOvertaken()
                ? ModelFate.Event.FLUSH_OVERTAKEN
                : ModelFate.Event.FLUSHED_BY_ITSELF);
        return false;
      }
    } catch (IOException e) {
      onFlushFailed(e);
      throw e;
    }
    ownFlush = Optional.of(flush);
    return true;
  }

  private void onFlushFailed(IOException e) {
    fate.happened(ModelFate.Event.FLUSH_FAILED);
    if (fate.failureStays()) {
      failed = Optional.of(String.valueOf(e.getMessage()));
    }
  }

  /** The next read goes to the files, as if memory had let go of the row. */
  void readFiles() {
    readsFiles = true;
  }

  @Override
  public Optional<String> scrub(LongConsumer pace) {
    Optional<String> damage = files.damage();
    damage.ifPresent(any -> fate.happened(ModelFate.Event.DAMAGE_SCRUBBED));
    return damage;
  }

  @Override
  public void distrust(String why) throws IOException {
    files.distrust(why);
  }

  @Override
  public void close() {
    try {
      Slot unused = flush();
    } catch (IOException e) {
      throw new EngineFailedException("cannot be closed", e);
    }
  }
}
