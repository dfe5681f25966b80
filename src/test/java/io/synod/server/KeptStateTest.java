package io.synod.server;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class KeptStateTest {
  @Test
  void snapshotsThatWereSetAsideAreNamedAsDatabasesAre(@TempDir Path folder) throws Exception {
    Path directory = folder.resolve("data");
    DataDirectories.heap(directory);
    String damaged = "snapshot/0000000000000000001.damaged";
    Path unused = Files.writeString(directory.resolve(damaged), "any");
    String text =
        "my_addr:'127.0.0.1:8001' my_paxos:'127.0.0.1:9001' replica:'127.0.0.1:9000'"
            + " replica:'127.0.0.1:9001' data_dir:'%s'".formatted(directory);
    CommandLineReader.Wish wish = CommandLineReader.read(List.of(text), Optional.empty());
    KeptState kept = new KeptState(((CommandLineReader.Wish.Run) wish).configuration());
    try {
      KeptState.Opened opened = kept.open(() -> {});
      assertEquals(List.of(damaged), kept.openState(opened.recovered()).setAside());
    } finally {
      kept.close();
    }
  }
}
