package io.synod.store;

/** What becomes of what a {@link ModelStorage} does; the simulation draws it. */
public interface ModelFate {
  /** After how many of its steps the flush that begins now fails; below 0: it does not. */
  int flushFailsAfter();

  /** Whether an engine of which a flush has just failed takes no more writes. */
  boolean failureStays();

  /** Changes of sessions are kept up to so many bytes, before all sessions are written anew. */
  int sessionChangesBytes();

  /** What tests want to see happen. */
  enum Event {
    FLUSHED,
    FLUSHED_BY_ITSELF,
    FLUSH_OVERTAKEN,
    FLUSH_FAILED,
    LOAD_BEGUN,
    LOADED,
    LOAD_ABANDONED,
    DAMAGE_READ,
    DAMAGE_SCRUBBED
  }

  void happened(Event what);
}
