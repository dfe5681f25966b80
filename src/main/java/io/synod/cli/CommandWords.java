package io.synod.cli;

import com.google.protobuf.ByteString;
import io.synod.client.ReadMode;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * The words behind a verb, without the options among them.
 *
 * @param raw whether the result is to be bytes and nothing else
 * @param mode how fresh what is read is to be, if the command says so itself
 */
record CommandWords(List<ByteString> plain, boolean raw, Optional<ReadMode> mode) {
  private static final String RAW = "--raw";

  private static final Map<String, ReadMode> MODES =
      Map.of("--local", ReadMode.LOCAL, "--lease", ReadMode.LEASE);

  /** Those whose words are a prefix and a number: what begins with two dashes is an option. */
  private static final Set<String> OF_PREFIXES = Set.of("LIST", "COUNT");

  private static final Set<String> OF_OPERATORS = Set.of("MEMBERS", "COORDINATOR");

  CommandWords {
    plain = List.copyOf(plain);
  }

  /** Takes the options out, as far as this verb has any. */
  static CommandWords of(String verb, List<ByteString> words) throws WrongInputException {
    if (OF_PREFIXES.contains(verb)) {
      return ofPrefix(verb, words);
    }
    // The one word behind GET is a key, whatever it is.
    int least = verb.equals("GET") ? 1 : 0;
    CommandWords taken = new CommandWords(words, /* raw= */ false, Optional.empty());
    if (!verb.equals("GET") && !OF_OPERATORS.contains(verb)) {
      return taken;
    }
    while (taken.plain.size() > least) {
      int last = taken.plain.size() - 1;
      String word = taken.plain.get(last).toStringUtf8();
      if (!word.equals(RAW) && (least == 0 || !MODES.containsKey(word))) {
        break;
      }
      taken = taken.without(last).having(word);
    }
    return taken;
  }

  private static CommandWords ofPrefix(String verb, List<ByteString> words)
      throws WrongInputException {
    CommandWords taken = new CommandWords(words, /* raw= */ false, Optional.empty());
    int at = 0;
    while (at < taken.plain.size()) {
      String word = taken.plain.get(at).toStringUtf8();
      if (word.equals("--")) {
        return taken.without(at);
      } else if (!word.startsWith("--")) {
        at++;
      } else if (word.equals(RAW) || MODES.containsKey(word)) {
        taken = taken.without(at).having(word);
      } else {
        throw new WrongInputException(
            verb
                + " has no option "
                + Printable.of(taken.plain.get(at))
                + ", but --local, --lease and --raw; a prefix that begins with -- stands behind one"
                + " more: "
                + verb
                + " -- "
                + Printable.of(taken.plain.get(at)));
      }
    }
    return taken;
  }

  private CommandWords without(int at) {
    List<ByteString> left = new ArrayList<>(plain);
    left.remove(at);
    return new CommandWords(left, raw, mode);
  }

  private CommandWords having(String option) {
    return option.equals(RAW)
        ? new CommandWords(plain, /* raw= */ true, mode)
        : new CommandWords(plain, raw, Optional.ofNullable(MODES.get(option)));
  }

  /** The command with what the options say of it. */
  Command with(Command command) {
    Command read = mode.isPresent() ? new Command.Read(mode.get(), command) : command;
    return raw ? new Command.Raw(read) : read;
  }
}
