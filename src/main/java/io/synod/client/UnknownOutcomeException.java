package io.synod.client;

import org.jspecify.annotations.Nullable;

/**
 * Nobody knows whether the write took effect: it may have, and it still may later. Read the key
 * before writing it again, if that matters.
 */
public final class UnknownOutcomeException extends SynodException {
  UnknownOutcomeException(String message, @Nullable Throwable cause) {
    super(message, cause);
  }
}
