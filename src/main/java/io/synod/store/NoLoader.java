package io.synod.store;

import io.synod.paxos.Bytes;
import java.nio.ByteBuffer;

/** Where the rows of a snapshot go that is only looked at, or only kept as a file. */
final class NoLoader implements Engine.Loader {
  @Override
  public void add(Bytes key, ByteBuffer row) {}

  @Override
  public void add(Engine.Change change) {}

  @Override
  public void abandon() {}
}
