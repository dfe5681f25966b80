package io.synod.client;

import org.jspecify.annotations.Nullable;

/**
 * The call itself is wrong, or the server does not know it: sending it again will not help. It had
 * no effect.
 */
public final class RefusedException extends SynodException {
  RefusedException(String message, @Nullable Throwable cause) {
    super(message, cause);
  }
}
