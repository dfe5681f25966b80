package io.synod.paxos;

import java.util.List;

/** The protocol of one server: {@link #step} is its one entrance. */
public final class Paxos {

  /** Does what {@code input} asks for, and says what is to be done. */
  public Output step(Input input) {
    return new Output(List.of(), List.of(), List.of(), List.of(), List.of(), List.of());
  }

  /**
   * How many more batches {@link Input.Proposed} may bring now; 0 when this server does not
   * coordinate.
   */
  public int proposalRoom() {
    return 0;
  }
}
