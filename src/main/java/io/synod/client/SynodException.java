package io.synod.client;

import org.jspecify.annotations.Nullable;

/** A call that did not succeed. Which kind says what is known of its effect. */
public abstract sealed class SynodException extends RuntimeException
    permits OverloadedException, RefusedException, UnavailableException, UnknownOutcomeException {
  SynodException(String message, @Nullable Throwable cause) {
    super(message, cause);
  }
}
