package io.synod.cli;

import com.google.protobuf.ByteString;
import io.synod.client.Control;
import io.synod.client.MembershipChange;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.OptionalInt;

/** From the words behind an operator's verb to a command. */
final class AdminParser {
  static final List<String> VERBS =
      List.of(
          "MEMBERS",
          "COORDINATOR",
          "ADD",
          "REMOVE",
          "REPLACE",
          "PROMOTE",
          "DEMOTE",
          "MOVE",
          "FAILRATE",
          "SUSPEND",
          "RESUME",
          "SNAPSHOT",
          "BACKUP",
          "CUT",
          "HEAL");

  private static final double LONGEST_SUSPENSION_SECONDS = 3_600;

  private final List<String> words;
  private final boolean dryRun;

  private AdminParser(List<String> words, boolean dryRun) {
    this.words = words;
    this.dryRun = dryRun;
  }

  /** The command; none if this is no operator's verb. */
  static Optional<Command> parse(String verb, List<ByteString> rest) throws WrongInputException {
    if (!VERBS.contains(verb)) {
      return Optional.empty();
    }
    List<String> words = new ArrayList<>();
    boolean dryRun = false;
    for (ByteString word : rest) {
      String text = word.toStringUtf8();
      String plain = text.toLowerCase(Locale.ROOT).replace("-", "");
      if (plain.equals("dryrun")) {
        dryRun = true;
      } else {
        words.add(text);
      }
    }
    AdminParser parser = new AdminParser(words, dryRun);
    Command command = parser.command(verb);
    if (dryRun && !(command instanceof Command.Change)) {
      throw new WrongInputException(verb + " has no dry run: it does not change the membership");
    }
    return Optional.of(command);
  }

  private Command command(String verb) throws WrongInputException {
    return switch (verb) {
      case "MEMBERS" -> alone(new Command.Members(), verb);
      case "COORDINATOR" -> alone(new Command.Coordinator(), verb);
      case "MOVE" -> move();
      case "FAILRATE", "SUSPEND", "RESUME", "SNAPSHOT", "CUT" -> order(verb);
      case "HEAL" -> alone(new Command.Heal(), verb);
      case "BACKUP" -> backup();
      default -> change(verb);
    };
  }

  private Command change(String verb) throws WrongInputException {
    MembershipChange change =
        switch (verb) {
          case "ADD" -> {
            String like = "ADD takes the my_paxos of a server that runs: ADD localhost:9003";
            count(1, like);
            yield new MembershipChange.Add(address(words.get(0), like));
          }
          case "REMOVE" -> {
            String like = "REMOVE lets a server go, by its id: REMOVE 2; DELETE removes a key";
            count(1, like);
            if (!words.get(0).matches("\\d+")) {
              throw new WrongInputException(like);
            }
            yield new MembershipChange.Remove(server(words.get(0)));
          }
          case "REPLACE" -> {
            String like =
                "REPLACE takes a server's id and the my_paxos of the one that comes: REPLACE 2"
                    + " localhost:9003";
            count(2, like);
            yield new MembershipChange.Replace(server(words.get(0)), address(words.get(1), like));
          }
          case "PROMOTE" -> {
            count(1, "PROMOTE takes a server's id: PROMOTE 3");
            yield new MembershipChange.Promote(server(words.get(0)));
          }
          default -> {
            count(1, "DEMOTE takes a server's id: DEMOTE 3");
            yield new MembershipChange.Demote(server(words.get(0)));
          }
        };
    return new Command.Change(change, dryRun);
  }

  /** The server's example would be a port for clients, which is not wanted here. */
  private static String address(String word, String like) throws WrongInputException {
    if (!word.matches(".+:\\d{1,5}")) {
      throw new WrongInputException("'" + word + "' is not HOST:PORT: " + like);
    }
    return word;
  }

  private Command move() throws WrongInputException {
    if (words.size() > 1) {
      throw new WrongInputException("MOVE takes one server's id at most: MOVE 2");
    }
    return new Command.Move(
        words.isEmpty() ? OptionalInt.empty() : OptionalInt.of(server(words.get(0))));
  }

  private Command backup() throws WrongInputException {
    String like = "BACKUP takes the name of a file that is not there yet: BACKUP monday.backup";
    boolean local = words.size() == 2 && words.get(1).equalsIgnoreCase("local");
    if (!local) {
      count(1, like);
    }
    try {
      return new Command.Backup(Path.of(words.get(0)), local);
    } catch (InvalidPathException e) {
      throw new WrongInputException(like);
    }
  }

  private Command order(String verb) throws WrongInputException {
    Control control =
        switch (verb) {
          case "FAILRATE" -> {
            String like = "FAILRATE takes a server's id and a chance from 0 to 1: FAILRATE 2 0.3";
            count(2, like);
            yield new Control.FailRate(number(words.get(1), 1, like));
          }
          case "SUSPEND" -> {
            String like = "SUSPEND takes a server's id and seconds, 3600 at most: SUSPEND 2 10";
            count(2, like);
            double seconds = number(words.get(1), LONGEST_SUSPENSION_SECONDS, like);
            yield new Control.Suspend((int) Math.round(seconds * 1_000));
          }
          case "RESUME" -> {
            count(1, "RESUME takes a server's id: RESUME 2");
            yield new Control.Suspend(0);
          }
          case "SNAPSHOT" -> {
            count(1, "SNAPSHOT takes a server's id: SNAPSHOT 2");
            yield new Control.Snapshot();
          }
          default -> {
            count(2, "CUT takes a server's id and those that it is cut off from: CUT 0 2,3,4");
            List<Integer> others = new ArrayList<>();
            for (String other : words.get(1).split(",", -1)) {
              others.add(server(other));
            }
            yield new Control.Cut(others);
          }
        };
    return new Command.Order(server(words.get(0)), control);
  }

  private Command alone(Command command, String verb) throws WrongInputException {
    count(0, verb + " stands alone");
    return command;
  }

  private void count(int count, String otherwise) throws WrongInputException {
    if (words.size() != count) {
      throw new WrongInputException(otherwise);
    }
  }

  private static int server(String word) throws WrongInputException {
    try {
      int server = Integer.parseInt(word);
      if (server >= 0) {
        return server;
      }
    } catch (NumberFormatException e) {
      // The same as a number below 0.
    }
    throw new WrongInputException(
        "a server's id is a number from 0 on, not '" + word + "': MEMBERS shows them");
  }

  private static double number(String word, double most, String otherwise)
      throws WrongInputException {
    try {
      double number = Double.parseDouble(word);
      if (number >= 0 && number <= most) {
        return number;
      }
    } catch (NumberFormatException e) {
      // The same as a number that is out of range.
    }
    throw new WrongInputException(otherwise);
  }
}
