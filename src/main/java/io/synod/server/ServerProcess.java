package io.synod.server;

import io.synod.server.SynodServer.Ending;
import io.synod.server.SynodServer.Failure;
import java.io.IOException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The server of this process. It is stopped and started anew, within the process, when its
 * directory has to go on as a new incarnation (protocol-rules.md, 12).
 */
final class ServerProcess {
  private static final Logger LOG = LoggerFactory.getLogger(ServerProcess.class);

  private final Configuration configuration;
  private final Ending ending;
  private @Nullable SynodServer server;
  private boolean stopping;

  ServerProcess(Configuration configuration, Ending ending) {
    this.configuration = configuration;
    this.ending = ending;
  }

  /**
   * As {@link SynodServer#start}.
   *
   * @throws IOException as that
   */
  synchronized void start() throws IOException {
    SynodServer starting = new SynodServer(configuration, ending, this::startAnewElsewhere);
    server = starting;
    starting.start();
  }

  /** As {@link SynodServer#stop}; no new one is started any more. */
  synchronized boolean stop() {
    stopping = true;
    return server == null || server.stop();
  }

  /** Any thread; the driver among them, which must not wait for its own end. */
  private void startAnewElsewhere(SynodServer former) {
    new Thread(() -> startAnew(former), "synod-start-anew").start();
  }

  private synchronized void startAnew(SynodServer former) {
    if (stopping || !former.equals(server)) {
      return;
    }
    LOG.warn("starting anew from the directory");
    try {
      boolean unused = former.stop();
      start();
    } catch (IOException | RuntimeException | Error e) {
      ending.failed(
          new Failure(
              "the server could not start anew",
              e instanceof IOException,
              e,
              "",
              DiskFull.advice(configuration.dataDirectory(), e)));
    }
  }
}
