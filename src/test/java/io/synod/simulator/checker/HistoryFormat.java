package io.synod.simulator.checker;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.OptionalLong;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** The texts of histories that we read. */
enum HistoryFormat {
  /** Our own; the package's documentation has it. */
  SYNOD(CellModel.ABSENT_AT_FIRST) {
    @Override
    boolean isBegunBy(String line) {
      return true;
    }

    @Override
    OptionalLong read(String line, int number, Assembler assembler) {
      List<String> words = Words.split(line);
      if (words.size() < 5) {
        throw new IllegalArgumentException("nanos, client, event, operation and key");
      }
      long nanos = nanos(words.get(0));
      Moment at = new Moment(number, OptionalLong.of(nanos));
      String client = words.get(1);
      History.Kind kind = constant(History.Kind.values(), words.get(2), String::toLowerCase);
      KeyValueOperation operation =
          constant(KeyValueOperation.values(), words.get(3), (name, locale) -> name);
      String key = words.get(4);
      List<String> rest = words.subList(5, words.size());
      if (kind == History.Kind.INVOKE) {
        assembler.invoked(client, new Request(operation, key, rest), at);
        return at.nanos();
      }
      Request request = assembler.request(client);
      if (request.operation() != operation || !request.key().equals(key)) {
        throw new IllegalArgumentException(
            String.format(
                "an answer to %s %s, which client %s has under way",
                request.operation().name(), request.key(), client));
      }
      switch (kind) {
        case OK -> assembler.ok(client, rest, at);
        case UNKNOWN -> assembler.unknown(client);
        case FAIL -> assembler.failed(client);
        case INVOKE -> throw new IllegalStateException("handled above");
      }
      return at.nanos();
    }

    private long nanos(String word) {
      try {
        return Long.parseLong(word);
      } catch (NumberFormatException e) {
        throw new IllegalArgumentException("nanoseconds, a whole number", e);
      }
    }
  },

  /** Jepsen's log of a register. */
  JEPSEN(CellModel.ABSENT_AT_FIRST) {
    private static final Pattern LINE =
        Pattern.compile(
            "INFO\\s+jepsen\\.util\\s+-\\s+(\\d+)\\s+:(invoke|ok|fail|info)\\s+"
                + ":(read|write|cas)\\s+(nil|\\d+|\\[(\\d+) (\\d+)\\]|:timed-out)\\s*");

    @Override
    boolean isBegunBy(String line) {
      return line.startsWith("INFO");
    }

    @Override
    OptionalLong read(String line, int number, Assembler assembler) {
      Matcher match = LINE.matcher(line);
      if (!match.matches()) {
        throw new IllegalArgumentException(
            "INFO jepsen.util - <process> :invoke|:ok|:fail|:info :read|:write|:cas <value>");
      }
      String client = match.group(1);
      RegisterOperation operation =
          constant(RegisterOperation.values(), match.group(3), String::toLowerCase);
      String value = match.group(4);
      Moment at = new Moment(number, OptionalLong.empty());
      switch (match.group(2)) {
        case "invoke" ->
            assembler.invoked(client, new Request(operation, "register", arguments(match)), at);
        case "ok" -> assembler.ok(client, results(operation, value), at);
        case "fail" -> {
          if (operation == RegisterOperation.CAS && !value.startsWith(":")) {
            assembler.ok(client, RegisterOperation.NOT_SWAPPED, at);
          } else if (operation == RegisterOperation.READ) {
            assembler.failed(client); // its result is unknown, and it has no effect
          } else {
            assembler.unknown(client);
          }
        }
        default -> assembler.unknown(client);
      }
      return OptionalLong.empty();
    }

    private List<String> arguments(Matcher match) {
      List<String> arguments = new ArrayList<>();
      if (match.group(5) != null) {
        arguments.add(match.group(5));
        arguments.add(match.group(6));
      } else if (!match.group(4).equals("nil")) {
        arguments.add(match.group(4));
      }
      return arguments;
    }

    private List<String> results(RegisterOperation operation, String value) {
      return switch (operation) {
        case READ -> value.equals("nil") ? List.of() : List.of(value);
        case WRITE -> List.of();
        case CAS -> RegisterOperation.SWAPPED;
      };
    }
  },

  /** A map from key to text with append, as in the histories of Porcupine. */
  TEXT_MAP(CellModel.EMPTY_AT_FIRST) {
    private static final Pattern LINE =
        Pattern.compile(
            "\\{:process (\\d+), :type :(invoke|ok|fail|info), :f :(get|put|append), "
                + ":key (\"(?:[^\"\\\\]|\\\\.)*\"), :value (nil|\"(?:[^\"\\\\]|\\\\.)*\")\\}\\s*");

    @Override
    boolean isBegunBy(String line) {
      return line.startsWith("{");
    }

    @Override
    OptionalLong read(String line, int number, Assembler assembler) {
      Matcher match = LINE.matcher(line);
      if (!match.matches()) {
        throw new IllegalArgumentException(
            "{:process <number>, :type :invoke|:ok|:fail|:info, :f :get|:put|:append, "
                + ":key \"...\", :value nil|\"...\"}");
      }
      String client = match.group(1);
      TextMapOperation operation =
          constant(TextMapOperation.values(), match.group(3), String::toLowerCase);
      List<String> values = match.group(5).equals("nil") ? List.of() : unquote(match.group(5));
      Moment at = new Moment(number, OptionalLong.empty());
      switch (match.group(2)) {
        case "invoke" ->
            assembler.invoked(
                client, new Request(operation, unquote(match.group(4)).get(0), values), at);
        case "ok" ->
            assembler.ok(client, operation == TextMapOperation.GET ? values : List.of(), at);
        case "fail" -> assembler.failed(client);
        default -> assembler.unknown(client);
      }
      return OptionalLong.empty();
    }

    private List<String> unquote(String quoted) {
      return Words.split(quoted);
    }
  };

  private final CellModel model;

  HistoryFormat(CellModel model) {
    this.model = model;
  }

  CellModel model() {
    return model;
  }

  /** Whether a text that begins with this line is of this format; our own takes what is left. */
  abstract boolean isBegunBy(String line);

  /**
   * Reads an event.
   *
   * @return its time, if the format has any
   * @throws IllegalArgumentException with what was expected, if the line is something else
   */
  abstract OptionalLong read(String line, int number, Assembler assembler);

  /** The format of a text, by its first event. */
  static HistoryFormat of(String firstLine) {
    for (HistoryFormat format : List.of(JEPSEN, TEXT_MAP)) {
      if (format.isBegunBy(firstLine)) {
        return format;
      }
    }
    return SYNOD;
  }

  private interface Spelling {
    String of(String name, Locale locale);
  }

  private static <E extends Enum<E>> E constant(E[] constants, String word, Spelling spelling) {
    List<String> spellings = new ArrayList<>();
    for (E constant : constants) {
      String name = spelling.of(constant.name(), Locale.ROOT);
      if (name.equals(word)) {
        return constant;
      }
      spellings.add(name);
    }
    throw new IllegalArgumentException(
        "one of " + String.join(", ", spellings) + " instead of " + word);
  }
}
