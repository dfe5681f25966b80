package io.synod.server;

import ch.qos.logback.classic.LoggerContext;
import io.synod.journal.JournalRefusedException;
import io.synod.server.CommandLineReader.Wish;
import io.synod.store.UnsupportedVersionException;
import java.io.IOException;
import java.nio.file.FileSystemException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A server as a process. Its exit status says how it ended: 0 after a signal, 1 if a port or folder
 * cannot be used, 2 for a wrong configuration, 70 for an error of its own, 74 if the disk failed.
 */
public final class Main {
  private static final int CANNOT_START = 1;
  private static final int DIRECTORY_DAMAGED = 1;
  private static final int WRONG_CONFIGURATION = 2;
  private static final int INCOMPLETE = 5;
  private static final int OWN_ERROR = 70;
  private static final int DISK_FAILED = 74;
  private static final long STOP_MILLIS = 5_000;

  private Main() {}

  /** See {@code --help}. */
  public static void main(String[] arguments) {
    Optional<Path> home = Optional.ofNullable(System.getProperty("synod.home")).map(Path::of);
    try {
      Wish wish = CommandLineReader.read(List.of(arguments), home);
      if (wish instanceof Wish.Run run) {
        run(run.configuration());
      } else if (wish instanceof Wish.Check check) {
        System.out.println("the configuration can be read: " + text(check.configuration()));
      } else if (wish instanceof Wish.Inspect inspect) {
        Inspector.Report report = new Inspector(inspect.path()).inspect();
        System.out.print(report.text());
        System.out.flush();
        if (!report.whole()) {
          System.exit(DIRECTORY_DAMAGED);
        }
      } else if (wish instanceof Wish.Backup backup) {
        sayOrEnd(() -> backup(backup));
      } else if (wish instanceof Wish.Restore restore) {
        sayOrEnd(() -> new Made(Restore.run(restore.backup(), restore.plan()), /* status= */ 0));
      } else if (wish instanceof Wish.Print print) {
        (print.asked() ? System.out : System.err).print(print.text());
        if (!print.asked()) {
          System.exit(WRONG_CONFIGURATION);
        }
      }
    } catch (BadConfigurationException e) {
      System.err.println("synod: " + e.getMessage());
      System.exit(WRONG_CONFIGURATION);
    }
  }

  private static String text(Configuration configuration) {
    return "server "
        + configuration.server().number()
        + " of "
        + configuration.replicas().size()
        + ", for clients at "
        + configuration.listen().clients()
        + ", for servers at "
        + configuration.listen().servers()
        + ", data in "
        + configuration.dataDirectory();
  }

  /** What came of making files, for a person, and the status to end with. */
  private record Made(String text, int status) {}

  /** What makes files, and says which. */
  private interface Making {
    Made make() throws IOException;
  }

  private static Made backup(Wish.Backup wish) throws IOException {
    BackupWriter.Written written = BackupWriter.ofDirectory(wish.directory(), wish.file());
    return new Made(written.text(), written.complete() ? 0 : INCOMPLETE);
  }

  private static void sayOrEnd(Making making) {
    try {
      Made made = making.make();
      System.out.print(made.text());
      System.out.flush();
      if (made.status() != 0) {
        System.exit(made.status());
      }
    } catch (FileSystemException e) {
      System.err.println("synod: " + DirectoryTrouble.reason(e));
      System.exit(CANNOT_START);
    } catch (IOException | UnsupportedVersionException e) {
      System.err.println("synod: " + e.getMessage());
      System.exit(CANNOT_START);
    }
  }

  private static void run(Configuration configuration) {
    LibraryLog.install();
    Logger log = LoggerFactory.getLogger(Main.class);
    Thread.setDefaultUncaughtExceptionHandler(
        (thread, e) -> log.error("thread {} ended", thread.getName(), e));
    ServerProcess server = new ServerProcess(configuration, new Ending());
    Runtime.getRuntime().addShutdownHook(new Thread(() -> stop(server, log), "synod-stop"));
    try {
      server.start();
      // The threads of a server are daemons, or come and go: this one keeps the process.
      new CountDownLatch(1).await();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } catch (JournalRefusedException e) {
      abandon("the data directory cannot be used: " + e.getMessage());
    } catch (IOException e) {
      abandon(
          DiskFull.advice(configuration.dataDirectory(), e).orElseGet(() -> why(configuration, e)));
    } catch (UnsupportedVersionException e) {
      abandon(String.valueOf(e.getMessage()), WRONG_CONFIGURATION);
    } catch (RuntimeException e) {
      log.error("cannot start: an error of its own", e);
      flushLog();
      Runtime.getRuntime().halt(OWN_ERROR);
    }
  }

  private static String why(Configuration configuration, IOException e) {
    return e instanceof FileSystemException trouble
        ? DirectoryTrouble.why(configuration.dataDirectory(), trouble)
        : String.valueOf(e.getMessage());
  }

  private static void abandon(String why) {
    abandon(why, CANNOT_START);
  }

  private static void abandon(String why, int status) {
    flushLog();
    System.err.println("synod: cannot start: " + why);
    System.err.flush();
    Runtime.getRuntime().halt(status);
  }

  /** Any thread. */
  private static final class Ending implements SynodServer.Ending {
    @Override
    public void failed(SynodServer.Failure failure) {
      try {
        end(failure);
      } finally {
        // Also if the reason could not be logged.
        Runtime.getRuntime().halt(OWN_ERROR);
      }
    }

    @Override
    public void misconfigured(String why) {
      try {
        abandon(why, WRONG_CONFIGURATION);
      } finally {
        Runtime.getRuntime().halt(WRONG_CONFIGURATION);
      }
    }
  }

  private static void end(SynodServer.Failure failure) {
    Logger log = LoggerFactory.getLogger(Main.class);
    log.error("{}", EndWords.of(failure));
    if (failure.diskFull().isEmpty()) {
      log.warn("{}, in this state: {}", failure.what(), failure.state(), failure.cause());
    }
    flushLog();
    Runtime.getRuntime().halt(failure.ofDisk() ? DISK_FAILED : OWN_ERROR);
  }

  /** A signal came. */
  private static void stop(ServerProcess server, Logger log) {
    long began = System.nanoTime();
    log.info("stopping");
    AtomicBoolean inOrder = new AtomicBoolean();
    Thread stopping = new Thread(() -> inOrder.set(server.stop()), "synod-stopping");
    stopping.setDaemon(true);
    stopping.start();
    boolean orderly = false;
    try {
      stopping.join(STOP_MILLIS);
      orderly = !stopping.isAlive() && inOrder.get();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    long millis = TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - began);
    if (orderly) {
      log.info("stopped in {} ms", millis);
    } else {
      log.warn(
          "not stopped in order in {} ms; ending all the same: nothing that was acknowledged is lost",
          millis);
    }
    flushLog();
    // The status of an orderly end; the JVM would give the signal's.
    Runtime.getRuntime().halt(orderly ? 0 : OWN_ERROR);
  }

  /** Log lines wait in a queue. */
  private static void flushLog() {
    if (LoggerFactory.getILoggerFactory() instanceof LoggerContext context) {
      context.stop();
    }
  }
}
