package io.synod.server;

import java.util.logging.Handler;
import java.util.logging.Level;
import java.util.logging.LogManager;
import java.util.logging.LogRecord;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What gRPC and Netty say through the JDK's log, among our lines. Only what is severe: the rest is
 * about what clients did wrong, a stack trace for each, and a client must not be able to fill the
 * log.
 */
final class LibraryLog extends Handler {
  private static final java.util.logging.Logger ROOT = java.util.logging.Logger.getLogger("");

  private LibraryLog() {}

  static void install() {
    LogManager.getLogManager().reset();
    LibraryLog handler = new LibraryLog();
    handler.setLevel(Level.SEVERE);
    ROOT.setLevel(Level.SEVERE);
    ROOT.addHandler(handler);
  }

  @Override
  public void publish(LogRecord line) {
    if (isLoggable(line)) {
      Logger log = LoggerFactory.getLogger(String.valueOf(line.getLoggerName()));
      log.error(String.valueOf(line.getMessage()), line.getThrown());
    }
  }

  @Override
  public void flush() {}

  @Override
  public void close() {}
}
