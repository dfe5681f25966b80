package io.synod.cli;

import com.google.errorprone.annotations.CanIgnoreReturnValue;
import io.synod.client.ClusterStatus;
import io.synod.client.ServerAddress;
import io.synod.client.SynodClient;
import io.synod.client.SynodException;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jline.reader.EndOfFileException;
import org.jline.reader.LineReader;
import org.jline.reader.LineReaderBuilder;
import org.jline.reader.UserInterruptException;
import org.jline.reader.impl.DefaultParser;
import org.jline.reader.impl.completer.ArgumentCompleter;
import org.jline.reader.impl.completer.NullCompleter;
import org.jline.reader.impl.completer.StringsCompleter;
import org.jline.terminal.Terminal;
import org.jline.terminal.TerminalBuilder;

/**
 * The prompt on a terminal: history, editing, completion of verbs. The only class that needs JLine,
 * so that scripts do not wait for it.
 */
final class Prompt {
  private static final String PROMPT = "synod> ";

  private Prompt() {}

  /** Reads and runs lines until EXIT or Ctrl-D. */
  static void run(CommandRunner runner, SynodClient client, Output output) throws IOException {
    try (Terminal terminal = terminal()) {
      Cancelling cancelling = new Cancelling(Thread.currentThread());
      // While a line is read, JLine has a handler of its own.
      terminal.handle(Terminal.Signal.INT, signal -> cancelling.cancel());
      cancelling.run(() -> greet(client, output));
      LineReader reader = reader(terminal);
      while (!runner.isEnded()) {
        try {
          runEach(reader.readLine(PROMPT), runner, cancelling);
        } catch (UserInterruptException e) {
          // Ctrl-C clears the line, as in a shell.
          output.flush();
        } catch (EndOfFileException e) {
          return;
        }
      }
    }
  }

  /**
   * Without JNI, which leaves its library in the folder for temporary files, once for each run; and
   * without a look at how the terminal joins characters, whose answer is read past what a person
   * has typed meanwhile.
   */
  private static Terminal terminal() throws IOException {
    return TerminalBuilder.builder()
        .system(true)
        .jni(false)
        .dumb(true)
        .graphemeCluster(false)
        .build();
  }

  /** What was pasted may be several lines: each is a command, until EXIT or Ctrl-C. */
  static void runEach(String lines, CommandRunner runner, Cancelling cancelling) {
    for (String line : lines.lines().toList()) {
      boolean cancelled = cancelling.run(() -> runner.run(line));
      if (cancelled || runner.isEnded()) {
        return;
      }
    }
  }

  /** Lets Ctrl-C end a command that waits, and nothing else. */
  static final class Cancelling {
    private final Thread thread;
    private boolean running;
    private boolean cancelled;

    Cancelling(Thread thread) {
      this.thread = thread;
    }

    /** Interrupts what runs, if anything does. Any thread. */
    synchronized void cancel() {
      if (running) {
        cancelled = true;
        thread.interrupt();
      }
    }

    /** Runs a command; whether it was cancelled. The thread. */
    @CanIgnoreReturnValue
    boolean run(Runnable command) {
      set(true);
      try {
        command.run();
      } finally {
        set(false);
      }
      return isCancelled();
    }

    private synchronized boolean isCancelled() {
      return cancelled;
    }

    private synchronized void set(boolean now) {
      running = now;
      if (now) {
        cancelled = false;
      } else {
        boolean unused = Thread.interrupted();
      }
    }
  }

  private static void greet(SynodClient client, Output output) {
    String servers =
        client.settings().servers().stream()
            .map(ServerAddress::toString)
            .collect(Collectors.joining(", "));
    try {
      ClusterStatus status = client.status();
      String state =
          status.waitingFor().isPresent()
              ? status.waitingFor().get()
              : status.coordination().heard()
                  ? "server %d of %d; server %d coordinates"
                      .formatted(
                          status.server().id(),
                          status.members().size(),
                          status.coordination().coordinatorId().orElse(status.server().id()))
                  : "server %d of %d; it hears no coordinator%s; STATUS shows who is live"
                      .formatted(status.server().id(), status.members().size(), quorum(status));
      output.text("Synod at %s: %s%nHELP shows the verbs".formatted(servers, state));
    } catch (SynodException e) {
      output.error(e.getMessage() + "; it is tried again with each command");
    }
    output.flush();
  }

  private static String quorum(ClusterStatus status) {
    return status.members().isEmpty() ? "" : ", quorum " + StatusTable.quorum(status);
  }

  private static LineReader reader(Terminal terminal) {
    DefaultParser parser = new DefaultParser();
    // Quotes and backslashes are ours to read.
    parser.setEscapeChars(new char[0]);
    Stream<String> verbs =
        CommandParser.VERBS.stream().flatMap(v -> Stream.of(v, v.toLowerCase(Locale.ROOT)));
    List<String> names = verbs.toList();
    return LineReaderBuilder.builder()
        .terminal(terminal)
        .appName("synod")
        .parser(parser)
        .completer(new ArgumentCompleter(new StringsCompleter(names), NullCompleter.INSTANCE))
        .option(LineReader.Option.DISABLE_EVENT_EXPANSION, true)
        .option(LineReader.Option.HISTORY_IGNORE_DUPS, true)
        // Tab on an empty line shows the verbs.
        .option(LineReader.Option.INSERT_TAB, false)
        .variable(LineReader.HISTORY_FILE, historyFile())
        .variable(LineReader.HISTORY_FILE_SIZE, 10_000)
        .build();
  }

  private static Path historyFile() {
    String home = System.getenv("HOME");
    return Path.of(
        home == null || home.isEmpty() ? System.getProperty("user.home") : home, ".synod_history");
  }
}
