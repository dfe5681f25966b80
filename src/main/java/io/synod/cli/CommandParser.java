package io.synod.cli;

import static java.util.Map.entry;

import com.google.protobuf.ByteString;
import io.synod.text.Nearest;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;

/** From a line to a command. */
final class CommandParser {
  static final List<String> VERBS =
      Stream.concat(
              Stream.of("GET", "PUT", "DELETE", "LIST", "COUNT", "STATUS", "HELP", "EXIT", "QUIT"),
              AdminParser.VERBS.stream())
          .toList();

  /** What other stores and shells call ours. */
  static final Map<String, String> SYNONYMS =
      Map.ofEntries(
          entry("SET", "PUT"),
          entry("INSERT", "PUT"),
          entry("UPDATE", "PUT"),
          entry("UPSERT", "PUT"),
          entry("WRITE", "PUT"),
          entry("STORE", "PUT"),
          entry("READ", "GET"),
          entry("FETCH", "GET"),
          entry("CAT", "GET"),
          entry("EXISTS", "GET"),
          entry("HAS", "GET"),
          entry("DEL", "DELETE"),
          entry("RM", "DELETE"),
          entry("ERASE", "DELETE"),
          entry("UNSET", "DELETE"),
          entry("LS", "LIST"),
          entry("DIR", "LIST"),
          entry("KEYS", "LIST"),
          entry("SCAN", "LIST"),
          entry("RANGE", "LIST"),
          entry("SIZE", "COUNT"),
          entry("DBSIZE", "COUNT"),
          entry("STAT", "STATUS"),
          entry("STATS", "STATUS"),
          entry("INFO", "STATUS"),
          entry("HEALTH", "STATUS"),
          entry("NODES", "MEMBERS"),
          entry("SERVERS", "MEMBERS"),
          entry("LEADER", "COORDINATOR"),
          entry("MASTER", "COORDINATOR"),
          entry("JOIN", "ADD"),
          entry("KICK", "REMOVE"),
          entry("DUMP", "BACKUP"),
          entry("BYE", "EXIT"),
          entry("Q", "EXIT"));

  private CommandParser() {}

  /** The command in a line; none if the line is empty or a comment, which begins with #. */
  static Optional<Command> parse(String line) throws WrongInputException {
    if (line.strip().startsWith("#")) {
      return Optional.empty();
    }
    List<ByteString> words = Words.of(line);
    if (words.isEmpty()) {
      return Optional.empty();
    }
    String verb = words.get(0).toStringUtf8().toUpperCase(Locale.ROOT);
    CommandWords rest = CommandWords.of(verb, words.subList(1, words.size()));
    return parse(verb, words.get(0), rest.plain()).map(rest::with);
  }

  /** The verb that a person meant by a word that is none: by another name, or mistyped. */
  static Optional<String> meant(String word) {
    String other = SYNONYMS.get(word.toUpperCase(Locale.ROOT));
    return other == null ? Nearest.to(word, VERBS) : Optional.of(other);
  }

  private static Optional<Command> parse(String verb, ByteString asTyped, List<ByteString> rest)
      throws WrongInputException {
    Optional<Command> operator = AdminParser.parse(verb, rest);
    if (operator.isPresent()) {
      return operator;
    }
    return Optional.of(
        switch (verb) {
          case "GET" -> new Command.Get(only(rest, "GET takes one key: GET name"));
          case "DELETE" -> new Command.Delete(only(rest, "DELETE takes one key: DELETE name"));
          case "PUT" -> put(rest);
          case "LIST" -> list(rest);
          case "COUNT" -> count(rest);
          case "STATUS" -> alone(new Command.Status(), verb, rest);
          case "HELP", "?" -> help(verb, rest);
          case "EXIT", "QUIT" -> alone(new Command.Exit(), verb, rest);
          default -> throw noVerb(asTyped);
        });
  }

  private static WrongInputException noVerb(ByteString asTyped) {
    return new WrongInputException(
        "there is no verb "
            + Printable.of(asTyped)
            + meant(asTyped.toStringUtf8().toUpperCase(Locale.ROOT))
                .map(other -> " (did you mean " + other + "?)")
                .orElse("")
            + ": HELP shows those that there are");
  }

  private static Command help(String verb, List<ByteString> rest) throws WrongInputException {
    if (rest.isEmpty()) {
      return new Command.Help();
    }
    if (rest.size() > 1) {
      throw new WrongInputException(verb + " takes one verb at most: HELP PUT");
    }
    String of = rest.get(0).toStringUtf8().toUpperCase(Locale.ROOT);
    if (!VERBS.contains(of)) {
      throw noVerb(rest.get(0));
    }
    return new Command.Help(Optional.of(of));
  }

  private static Command put(List<ByteString> rest) throws WrongInputException {
    if (rest.size() < 2) {
      throw new WrongInputException("PUT takes a key and a value: PUT name value");
    }
    if (rest.size() > 2) {
      throw new WrongInputException(
          "PUT takes one key and one value: put a value with spaces in quotes, as in PUT name \"two words\"");
    }
    return new Command.Put(key(rest.get(0)), rest.get(1));
  }

  private static Command list(List<ByteString> rest) throws WrongInputException {
    if (rest.size() > 2) {
      throw new WrongInputException("LIST takes a prefix and a limit at most: LIST user/ 100");
    }
    ByteString prefix = rest.isEmpty() ? ByteString.EMPTY : rest.get(0);
    return new Command.Listing(prefix, rest.size() < 2 ? Long.MAX_VALUE : limit(rest.get(1)));
  }

  private static long limit(ByteString word) throws WrongInputException {
    String text = word.toStringUtf8();
    try {
      long limit = Long.parseLong(text);
      if (limit > 0) {
        return limit;
      }
    } catch (NumberFormatException e) {
      // The same as a number that is too small.
    }
    throw new WrongInputException(
        "a limit is a number from 1 on, not " + Printable.of(word) + ": LIST user/ 100");
  }

  private static Command count(List<ByteString> rest) throws WrongInputException {
    if (rest.size() > 1) {
      throw new WrongInputException("COUNT takes one prefix at most: COUNT user/");
    }
    return new Command.Count(rest.isEmpty() ? ByteString.EMPTY : rest.get(0));
  }

  private static ByteString only(List<ByteString> rest, String otherwise)
      throws WrongInputException {
    if (rest.size() != 1) {
      throw new WrongInputException(
          rest.size() > 1 ? otherwise + "; put a key with spaces in quotes" : otherwise);
    }
    return key(rest.get(0));
  }

  private static ByteString key(ByteString key) throws WrongInputException {
    if (key.isEmpty()) {
      throw new WrongInputException("a key has at least one byte");
    }
    return key;
  }

  private static Command alone(Command command, String verb, List<ByteString> rest)
      throws WrongInputException {
    if (!rest.isEmpty()) {
      throw new WrongInputException(verb + " stands alone");
    }
    return command;
  }
}
