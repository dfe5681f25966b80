package io.synod.cli;

import io.synod.client.ClusterStatus;
import io.synod.client.ReadMode;
import io.synod.client.Reading;
import io.synod.client.RefusedException;
import io.synod.client.Row;
import io.synod.client.SynodClient;
import io.synod.client.SynodException;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Optional;

/** Carries out lines one after another. One thread. */
final class CommandRunner {
  private final SynodClient client;
  private final Output output;
  private final ReadMode mode;
  private ExitStatus worst = ExitStatus.DONE;
  private boolean ended;

  CommandRunner(SynodClient client, Output output) {
    this(client, output, client.settings().readMode());
  }

  private CommandRunner(SynodClient client, Output output, ReadMode mode) {
    this.client = client;
    this.output = output;
    this.mode = mode;
  }

  /** The worst that was met so far. */
  ExitStatus worst() {
    return worst;
  }

  /** Whether EXIT was asked for. */
  boolean isEnded() {
    return ended;
  }

  /**
   * Carries out a line of a script as it was read, and names its number where that fails. Blocks
   * until then.
   */
  ExitStatus run(byte[] line, long number) {
    output.place("line " + number + ": ");
    return carryOut(() -> CommandParser.parse(Lines.text(line)));
  }

  /** The same of the commands that were given with the call. */
  ExitStatus run(String command, long number) {
    output.place("command " + number + ": ");
    return run(command);
  }

  /** Carries out a line and prints what came of it. Blocks until then. */
  ExitStatus run(String line) {
    return carryOut(
        () -> {
          Lines.check(line);
          return CommandParser.parse(line);
        });
  }

  private interface Parsing {
    Optional<Command> parse() throws WrongInputException;
  }

  private ExitStatus carryOut(Parsing parsing) {
    ExitStatus status;
    try {
      Optional<Command> command = parsing.parse();
      status = command.isPresent() ? run(command.get()) : ExitStatus.DONE;
    } catch (WrongInputException e) {
      output.error(e.why());
      status = ExitStatus.WRONG_INPUT;
    }
    output.flush();
    worst = ExitStatus.worst(worst, status);
    return status;
  }

  private ExitStatus run(Command command) {
    if (command instanceof Command.Raw raw) {
      return new CommandRunner(client, output.raw(), mode).run(raw.command());
    } else if (command instanceof Command.Read read) {
      return new CommandRunner(client, output, read.mode()).run(read.command());
    }
    long began = System.nanoTime();
    try {
      return mayWait(command) ? carryOutTelling(command, began) : carryOut(command, began);
    } catch (SynodException e) {
      output.failure(e, System.nanoTime() - began);
      return e instanceof RefusedException ? ExitStatus.WRONG_INPUT : ExitStatus.UNAVAILABLE;
    }
  }

  /** Whether it is one that a quorum is needed for, and a person waits for it at the prompt. */
  private boolean mayWait(Command command) {
    return output.isForPerson()
        && (command instanceof Command.Get
            || command instanceof Command.Put
            || command instanceof Command.Delete
            || command instanceof Command.Count);
  }

  private ExitStatus carryOutTelling(Command command, long began) {
    LongWait wait = new LongWait(client, output);
    try {
      return carryOut(command, began);
    } finally {
      wait.end();
    }
  }

  private ExitStatus carryOut(Command command, long began) {
    if (command instanceof Command.Get get) {
      return get(get, began);
    } else if (command instanceof Command.Put put) {
      client.put(put.key(), put.value());
      output.result("done", "", System.nanoTime() - began);
    } else if (command instanceof Command.Delete delete) {
      client.delete(delete.key());
      output.result("done", "", System.nanoTime() - began);
    } else if (command instanceof Command.Listing listing) {
      list(listing, began);
    } else if (command instanceof Command.Count count) {
      output.count(client.count(count.prefix(), mode), System.nanoTime() - began);
    } else if (command instanceof Command.Status) {
      ClusterStatus status = client.statusWithFaults();
      output.text(StatusTable.of(status));
      return AdminRunner.of(status);
    } else if (command instanceof Command.Operator operator) {
      return new AdminRunner(client, output).run(operator, began);
    } else if (command instanceof Command.Help help) {
      output.text(help.verb().map(Help::of).orElse(Help.VERBS));
    } else {
      ended = true;
    }
    return ExitStatus.DONE;
  }

  private void list(Command.Listing listing, long began) {
    long listed = 0;
    // One more: whether there is one is said at the end.
    long asked = Math.max(listing.limit(), listing.limit() + 1);
    Iterator<Row> rows = client.list(listing.prefix(), asked, mode);
    List<Row> together = new ArrayList<>();
    try {
      while (listed < listing.limit() && rows.hasNext()) {
        together.add(rows.next());
        listed++;
        if (together.size() == Output.ROWS_TOGETHER) {
          output.rows(together);
          together.clear();
        }
      }
    } finally {
      // Also what came before a page that could not be had.
      output.rows(together);
    }
    String keys = listed == 1 ? "1 key" : listed + " keys";
    String more = rows.hasNext() ? "; there are more" : "";
    output.result(keys + more, "", System.nanoTime() - began);
  }

  private ExitStatus get(Command.Get get, long began) {
    Reading reading = client.read(get.key(), mode);
    long took = System.nanoTime() - began;
    String note =
        reading.appliedSlot().isPresent()
            ? reading.server() + " as of slot " + reading.appliedSlot().getAsLong()
            : "";
    if (reading.value().isEmpty()) {
      output.result("not found", note, took);
      return ExitStatus.NOT_FOUND;
    }
    output.value(reading.value().get(), note, took);
    return ExitStatus.DONE;
  }
}
