package io.synod.store;

import java.io.IOException;

/** For tests of other packages: what an engine ends a server with. */
public final class EngineFailures {
  private EngineFailures() {}

  /** What was read is not what was written. */
  public static EngineFailedException damage(String what) {
    return new EngineFailedException(what, new IOException(what), /* damage= */ true);
  }
}
