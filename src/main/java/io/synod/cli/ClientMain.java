package io.synod.cli;

import io.synod.client.ChannelFactory;
import io.synod.client.SynodClient;
import java.io.BufferedInputStream;
import java.io.FileDescriptor;
import java.io.FileInputStream;
import java.io.FileOutputStream;
import java.io.FilterOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Optional;
import java.util.logging.Level;
import java.util.logging.Logger;
import org.jspecify.annotations.Nullable;

/** {@code ./client}: a prompt on a terminal, else the commands of a script. */
public final class ClientMain {
  /** What gRPC says there, with stack traces, is said by the exceptions of calls, too. */
  private static final Logger GRPC = Logger.getLogger("io.grpc");

  private ClientMain() {}

  /** Runs it and ends the process. */
  public static void main(String[] args) {
    GRPC.setLevel(Level.OFF);
    Sink sink = new Sink(new FileOutputStream(FileDescriptor.out));
    PrintStream err = stream(new FileOutputStream(FileDescriptor.err));
    Streams streams = new Streams(new FileInputStream(FileDescriptor.in), stream(sink), err);
    // The script knows; the JDK's own answer differs from version to version.
    boolean terminal = Boolean.getBoolean("synod.terminal");
    ExitStatus status = run(List.of(args), streams, terminal, ChannelFactory::plaintext);
    // Whoever reads through a pipe and goes knows it.
    sink.failure()
        .filter(why -> !why.contains("Broken pipe"))
        .ifPresent(why -> err.println("client: the results could not be written: " + why));
    err.flush();
    // Not System.exit: threads of connections need not be waited for.
    Runtime.getRuntime().halt(status.number());
  }

  private static PrintStream stream(OutputStream out) {
    return new PrintStream(out, /* autoFlush= */ false, StandardCharsets.UTF_8);
  }

  /** Keeps the reason why something could not be written, which a PrintStream swallows. */
  private static final class Sink extends FilterOutputStream {
    private @Nullable String failure;

    Sink(OutputStream out) {
      super(out);
    }

    Optional<String> failure() {
      return Optional.ofNullable(failure);
    }

    @Override
    public void write(int b) throws IOException {
      write(new byte[] {(byte) b}, 0, 1);
    }

    @Override
    public void write(byte[] bytes, int offset, int length) throws IOException {
      try {
        out.write(bytes, offset, length);
      } catch (IOException e) {
        failure = failure == null ? String.valueOf(e.getMessage()) : failure;
        throw e;
      }
    }
  }

  /** Where a run reads and writes. */
  record Streams(InputStream in, PrintStream out, PrintStream err) {}

  /** Runs it. Blocks until its input ends or EXIT. */
  static ExitStatus run(
      List<String> args, Streams streams, boolean terminal, ChannelFactory channels) {
    ExitStatus status = carryOut(args, streams, terminal, channels);
    return streams.out().checkError() ? ExitStatus.NOT_WRITTEN : status;
  }

  private static ExitStatus carryOut(
      List<String> args, Streams streams, boolean terminal, ChannelFactory channels) {
    ClientOptions options;
    try {
      options = ClientOptions.parse(args);
    } catch (WrongInputException e) {
      streams.err().println("client: " + e.why() + "; ./client --help shows all options");
      streams.err().flush();
      return ExitStatus.WRONG_INPUT;
    }
    if (options.asked().isPresent()) {
      streams.out().println(options.asked().get());
      return ExitStatus.DONE;
    }
    Output output = new Output(streams.out(), streams.err(), options.style(terminal));
    try (SynodClient client = SynodClient.of(options.settings(), channels)) {
      CommandRunner runner = new CommandRunner(client, output);
      if (options.demo()) {
        return Demo.run(runner, output);
      }
      if (!options.commands().isEmpty()) {
        runAll(options.commands(), runner, streams.out());
      } else if (terminal) {
        Prompt.run(runner, client, output);
        return ExitStatus.DONE;
      } else {
        runAll(streams.in(), runner, streams.out());
      }
      return runner.worst();
    } catch (IOException e) {
      output.error("standard input cannot be read: " + e.getMessage());
      return ExitStatus.WRONG_INPUT;
    }
  }

  private static void runAll(List<String> commands, CommandRunner runner, PrintStream out) {
    for (int i = 0; i < commands.size(); i++) {
      ExitStatus unused =
          commands.size() == 1 ? runner.run(commands.get(0)) : runner.run(commands.get(i), i + 1);
      if (runner.isEnded() || out.checkError()) {
        return;
      }
    }
  }

  private static void runAll(InputStream in, CommandRunner runner, PrintStream out)
      throws IOException {
    InputStream buffered = new BufferedInputStream(in);
    long number = 0;
    for (Optional<byte[]> line = Lines.next(buffered);
        line.isPresent();
        line = Lines.next(buffered)) {
      number++;
      runner.run(line.get(), number);
      if (runner.isEnded() || out.checkError()) {
        return;
      }
    }
  }
}
