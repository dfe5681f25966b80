package io.synod.client;

import org.jspecify.annotations.Nullable;

/** No server could answer in time. A write had no effect, and never will: it may be sent again. */
public final class UnavailableException extends SynodException {
  UnavailableException(String message, @Nullable Throwable cause) {
    super(message, cause);
  }
}
