package io.synod.server;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.synod.paxos.Address;
import io.synod.server.CommandLineReader.Wish;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import org.junit.jupiter.api.Test;

class OfflineReaderTest {
  private static Wish read(String... arguments) throws BadConfigurationException {
    return CommandLineReader.read(List.of(arguments), Optional.empty());
  }

  private static void assertRefused(String why, String... arguments) {
    BadConfigurationException e =
        assertThrows(BadConfigurationException.class, () -> read(arguments));
    assertTrue(String.valueOf(e.getMessage()).contains(why), e.getMessage());
  }

  @Test
  void readsWhatToMakeOfABackup() throws BadConfigurationException {
    Wish.Restore all =
        assertInstanceOf(
            Wish.Restore.class,
            read("--restore", "b", "--into", "d", "--members", "h:9000/h:8000, i:9000/i:8000"));
    assertEquals(Path.of("b"), all.backup());
    assertEquals(Path.of("d"), all.plan().folder());
    assertEquals(
        List.of(
            new Restore.Seat(new Address("h", 9000), new Address("h", 8000)),
            new Restore.Seat(new Address("i", 9000), new Address("i", 8000))),
        all.plan().seats());
    assertEquals(OptionalInt.empty(), all.plan().only());
    Wish.Restore one =
        assertInstanceOf(
            Wish.Restore.class,
            read("--restore", "b", "--into", "d", "--only", "1", "--token", "t"));
    assertEquals(OptionalInt.of(1), one.plan().only());
    assertEquals("t", one.plan().token());
  }

  @Test
  void eachRestoreIsAnotherCluster() throws BadConfigurationException {
    String[] same = {"--restore", "b", "--into", "d"};
    String one = ((Wish.Restore) read(same)).plan().token();
    assertTrue(!one.equals(((Wish.Restore) read(same)).plan().token()), one);
  }

  @Test
  void saysWhatIsMissingOrDoesNotGoTogether() {
    assertRefused("--restore goes with --into", "--restore", "b");
    assertRefused("--backup-of goes with --to", "--backup-of", "d");
    assertRefused("from 0 on", "--restore", "b", "--into", "d", "--token", "t", "--only", "one");
    assertRefused("do not go together", "--restore", "b", "--inspect", "d");
    assertRefused("--to does not go with --restore", "--restore", "b", "--to", "d");
    assertRefused("goes with --restore or --backup-of", "--into", "d");
    assertRefused("does not go with --inspect", "--inspect", "d", "--my-addr", "h:1");
    assertRefused("takes no configuration", "--inspect", "d", "my_addr:'h:1'");
    assertRefused(
        "'h:9000' is no CONSENSUS/CLIENT", "--restore", "b", "--into", "d", "--members", "h:9000");
  }
}
