package io.synod.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.protobuf.ByteString;
import io.synod.client.ReadMode;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class CommandParserTest {
  private static ByteString bytes(String text) {
    return ByteString.copyFromUtf8(text);
  }

  private static Command parse(String line) throws WrongInputException {
    return CommandParser.parse(line).orElseThrow();
  }

  @Test
  void readsVerbsInAnyCase() throws WrongInputException {
    assertEquals(new Command.Get(bytes("Key")), parse("get Key"));
    assertEquals(new Command.Put(bytes("k"), bytes("v")), parse("  Put\tk   v  "));
    assertEquals(new Command.Delete(bytes("k")), parse("DELETE k"));
    assertEquals(new Command.Listing(ByteString.EMPTY, Long.MAX_VALUE), parse("list"));
    assertEquals(new Command.Listing(bytes("user/"), Long.MAX_VALUE), parse("LIST user/"));
    assertEquals(new Command.Listing(ByteString.EMPTY, 7), parse("LIST '' 7"));
    assertEquals(new Command.Count(ByteString.EMPTY), parse("count"));
    assertEquals(new Command.Count(bytes("u")), parse("COUNT u"));
    assertEquals(new Command.Status(), parse("status"));
    assertEquals(new Command.Help(), parse("?"));
    assertEquals(new Command.Help(Optional.of("PUT")), parse("help put"));
    assertEquals(new Command.Exit(), parse("quit"));
  }

  @Test
  void whatBeginsWithTwoDashesIsAnOptionOfWhatTakesPrefixes() throws WrongInputException {
    Command all = new Command.Listing(ByteString.EMPTY, Long.MAX_VALUE);
    assertEquals(new Command.Read(ReadMode.LOCAL, all), parse("LIST --local"));
    assertEquals(
        new Command.Raw(new Command.Read(ReadMode.LEASE, new Command.Listing(bytes("u"), 7))),
        parse("LIST --lease u --raw 7"));
    assertEquals(
        new Command.Read(ReadMode.LOCAL, new Command.Count(bytes("u"))), parse("count u --local"));
    assertEquals(new Command.Count(bytes("--local")), parse("COUNT -- --local"));
    assertEquals(new Command.Listing(bytes("--"), 3), parse("LIST -- -- 3"));
    assertEquals(new Command.Listing(bytes("-"), Long.MAX_VALUE), parse("LIST -"));
  }

  @Test
  void aKeyIsAKeyWhateverItIsAndOptionsStandBehindIt() throws WrongInputException {
    assertEquals(new Command.Get(bytes("--local")), parse("GET --local"));
    assertEquals(
        new Command.Read(ReadMode.LOCAL, new Command.Get(bytes("--local"))),
        parse("GET --local --local"));
    assertEquals(
        new Command.Raw(new Command.Read(ReadMode.LOCAL, new Command.Get(bytes("k")))),
        parse("GET k --raw --local"));
    assertEquals(new Command.Put(bytes("k"), bytes("--local")), parse("PUT k --local"));
    assertEquals(new Command.Raw(new Command.Members()), parse("MEMBERS --raw"));
  }

  @Test
  void skipsEmptyLinesAndComments() throws WrongInputException {
    assertEquals(Optional.empty(), CommandParser.parse("   "));
    assertEquals(Optional.empty(), CommandParser.parse(" # GET k"));
  }

  @Test
  void readsQuotedWords() throws WrongInputException {
    assertEquals(
        new Command.Put(bytes("a key"), bytes("it's \"so\"")),
        parse("PUT \"a key\" 'it\\'s \"so\"'"));
    assertEquals(new Command.Put(bytes("k"), ByteString.EMPTY), parse("PUT k ''"));
    assertEquals(new Command.Put(bytes("k"), bytes("grüße ☕ 🦆")), parse("PUT k 'grüße ☕ 🦆'"));
  }

  @Test
  void readsEscapesWithinQuotesOnly() throws WrongInputException {
    assertEquals(
        new Command.Put(bytes("k"), ByteString.copyFrom(new byte[] {'\n', '\\', 0, (byte) 0xff})),
        parse("PUT k \"\\n\\\\\\0\\xfF\""));
    assertEquals(new Command.Put(bytes("k"), bytes("C:\\new")), parse("PUT k C:\\new"));
    assertEquals(new Command.Put(bytes("k"), bytes("it's")), parse("PUT k it's"));
  }

  @Test
  void everySuggestionIsAVerbThatThereIs() {
    for (String word : CommandParser.SYNONYMS.keySet()) {
      assertFalse(CommandParser.VERBS.contains(word), word);
      assertTrue(CommandParser.VERBS.contains(CommandParser.meant(word).orElse("")), word);
    }
  }

  @Test
  void helpOfOneVerbIsWhatTheWholeTextSaysOfIt() {
    assertEquals(
        "PUT key value     sets it; on the disks of a majority of the servers when it says done",
        Help.of("PUT"));
    assertEquals(
        "SUSPEND id seconds, RESUME id\n"
            + "                  it drops all traffic of servers for so long",
        Help.of("RESUME"));
    assertTrue(Help.of("DEMOTE").contains("\n--dry-run "), Help.of("DEMOTE"));
    for (String verb : CommandParser.VERBS) {
      assertTrue(Help.of(verb).contains(verb), verb);
    }
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "FETCH k | no verb FETCH (did you mean GET?)",
        "SET k v | (did you mean PUT?)",
        "insert k v | no verb insert (did you mean PUT?)",
        "DEL k | (did you mean DELETE?)",
        "RM k | (did you mean DELETE?)",
        "REMOVE k | DELETE removes a key",
        "REMOVE k v | DELETE removes a key",
        "LS | (did you mean LIST?)",
        "KEYS * | (did you mean LIST?)",
        "STAT | (did you mean STATUS?)",
        "LEADER | (did you mean COORDINATOR?)",
        "EXISTS | (did you mean GET?)",
        "FROBNICATE | no verb FROBNICATE: HELP",
        "GET | takes one key",
        "GET a b | takes one key",
        "GET --local a | takes one key",
        "LIST --foo | LIST has no option --foo, but --local, --lease and --raw; a prefix that",
        "COUNT u --foo | stands behind one more: COUNT -- --foo",
        "MEMBERS --local | MEMBERS stands alone",
        "LIST a b c | a prefix and a limit",
        "LIST a b | a number from 1 on, not b",
        "LIST a 0 | a number from 1 on",
        "COUNT a b | one prefix",
        "PUT k | a key and a value",
        "PUT k two words | in quotes",
        "PUT k \"open | not closed",
        "PUT k \"a\"b | a space is missing",
        "PUT k \"\\q\" | no escape",
        "PUT k \"\\x4\" | two hexadecimal digits",
        "PUT k \"\\ | backslash",
        "GET '' | at least one byte",
        "HELP SET | no verb SET (did you mean PUT?)",
        "HELP GET PUT | takes one verb at most",
        "ADD foo | 'foo' is not HOST:PORT: ADD takes the my_paxos of a server that runs",
        "REPLACE 2 9003 | '9003' is not HOST:PORT: REPLACE takes",
        "STATUS now | stands alone"
      })
  void saysWhatIsWrong(String line, String reason) {
    WrongInputException e =
        assertThrows(WrongInputException.class, () -> CommandParser.parse(line));
    assertTrue(e.why().contains(reason), e.why());
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "plain",
        "two words",
        " led by a space",
        "trailed ",
        "tab\t",
        "a\nb",
        "it's",
        "'quoted'",
        "\"quoted\"",
        "back\\slash",
        "done",
        "not found",
        "grüße ☕ 🦆",
        "\u0000\u001b[31m",
        "a\u2028b",
        "right\u202eleft",
        "\ufeff"
      })
  void readsBackWhatItShows(String text) throws WrongInputException {
    String shown = Printable.of(bytes(text));
    assertTrue(shown.chars().noneMatch(Character::isISOControl), shown);
    String typed = shown.startsWith("\"") || !shown.contains(" ") ? shown : '"' + shown + '"';
    assertEquals(new Command.Put(bytes("k"), bytes(text)), parse("PUT k " + typed));
  }

  @Test
  void showsAnyByte() throws WrongInputException {
    byte[] all = new byte[256];
    for (int i = 0; i < all.length; i++) {
      all[i] = (byte) i;
    }
    ByteString value = ByteString.copyFrom(all);
    assertEquals(new Command.Put(bytes("k"), value), parse("PUT k " + Printable.of(value)));
    assertEquals("\"\\xc3\"", Printable.of(ByteString.copyFrom(new byte[] {(byte) 0xc3})));
    assertEquals("plain text", Printable.of(bytes("plain text")));
    assertEquals("\"done\"", Printable.of(bytes("done")));
  }
}
