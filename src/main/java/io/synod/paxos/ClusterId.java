package io.synod.paxos;

import java.util.UUID;

/** Which cluster a directory, a message or a client belongs to: random, made once, at founding. */
public record ClusterId(UUID id) {
  @Override
  public String toString() {
    return id.toString();
  }
}
