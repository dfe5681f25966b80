package io.synod.server;

/**
 * A configuration that cannot be run: the message says, in one line, what is wrong and what would
 * be right.
 */
public final class BadConfigurationException extends Exception {
  private static final long serialVersionUID = 1;

  public BadConfigurationException(String message) {
    super(message);
  }

  public BadConfigurationException(String message, Throwable cause) {
    super(message, cause);
  }
}
