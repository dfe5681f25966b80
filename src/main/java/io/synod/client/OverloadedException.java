package io.synod.client;

import org.jspecify.annotations.Nullable;

/**
 * The server has too much to do, or the store is full: it took the call no further, which had no
 * effect. Try again later.
 */
public final class OverloadedException extends SynodException {
  OverloadedException(String message, @Nullable Throwable cause) {
    super(message, cause);
  }
}
