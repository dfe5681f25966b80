package io.synod.server;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.synod.server.SynodServer.Failure;
import io.synod.store.EngineFailures;
import java.io.IOException;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class EndWordsTest {
  private static Failure failure(boolean ofDisk, Throwable cause) {
    return new Failure("the driver failed", ofDisk, cause, "x".repeat(3_000), Optional.empty());
  }

  @Test
  void aFullDiskIsSaidInItsOwnWords() {
    Failure full =
        new Failure("any", true, new IOException("any"), "any", Optional.of("the disk is full"));
    assertEquals("the disk is full; this server ends", EndWords.of(full));
  }

  @Test
  void theCauseStandsFirstAndThenWhatToDo() {
    assertEquals(
        "the driver failed: java.io.IOException: Input/output error; this server ends: look at the"
            + " disk, then start it again; nothing that it acknowledged is lost",
        EndWords.of(failure(/* ofDisk= */ true, new IOException("Input/output error"))));
    String own = EndWords.of(failure(/* ofDisk= */ false, new IllegalStateException("no slot 3")));
    assertTrue(
        own.startsWith("the driver failed: java.lang.IllegalStateException: no slot 3; "), own);
    assertTrue(own.contains("start it again"), own);
  }

  @Test
  void ofADamagedDatabaseItIsSaidThatTheNextStartMendsIt() {
    assertEquals(
        "the database is damaged: block checksum mismatch in 000012.sst; this server ends: start it"
            + " again, and it sets the database aside and fetches the state from the others",
        EndWords.of(
            failure(
                /* ofDisk= */ true,
                EngineFailures.damage("block checksum mismatch in 000012.sst"))));
  }

  @Test
  void theLineIsShortAndOneWhateverTheCauseSays() {
    String line =
        EndWords.of(failure(/* ofDisk= */ false, new IllegalStateException("a\nb".repeat(1_000))));
    assertTrue(line.length() < 500 && line.lines().count() == 1, line);
  }
}
