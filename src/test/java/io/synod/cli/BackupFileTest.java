package io.synod.cli;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.protobuf.ByteString;
import io.synod.client.BackupPart;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.MessageDigest;
import java.util.List;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class BackupFileTest {
  private static final int CHUNK_BYTES = 100_000;

  @TempDir private Path folder = Path.of("");

  /** The head of the last chunk of a snapshot is of no matter here. */
  private static byte[] snapshot() throws Exception {
    byte[] content = new byte[250_000];
    new SplittableRandom(1).nextBytes(content);
    ByteArrayOutputStream all = new ByteArrayOutputStream();
    all.write(content);
    all.write(new byte[9]);
    all.write(MessageDigest.getInstance("SHA-256").digest(content));
    return all.toByteArray();
  }

  private static List<BackupPart> chunks(byte[] bytes, long saidBytes) {
    return Stream.iterate(0, at -> at < bytes.length, at -> at + CHUNK_BYTES)
        .map(
            at -> {
              int size = Math.min(CHUNK_BYTES, bytes.length - at);
              return new BackupPart(
                  at == 0 ? Optional.of(new BackupPart.Head(7, saidBytes)) : Optional.empty(),
                  ByteString.copyFrom(bytes, at, size));
            })
        .toList();
  }

  private static BackupFile.Written write(Path file, List<BackupPart> chunks) throws IOException {
    try (BackupFile begun = BackupFile.begin(file)) {
      return begun.write(chunks.iterator());
    }
  }

  private void assertRefused(List<BackupPart> chunks, String why) throws IOException {
    Path file = folder.resolve("backup");
    IOException e = assertThrows(IOException.class, () -> write(file, chunks));
    assertTrue(String.valueOf(e.getMessage()).contains(why), e.getMessage());
    try (Stream<Path> left = Files.list(folder)) {
      assertEquals(0, left.count(), "nothing is left");
    }
  }

  @Test
  void whatCameWholeIsThere() throws Exception {
    byte[] bytes = snapshot();
    Path file = folder.resolve("backup");
    BackupFile.Written written = write(file, chunks(bytes, bytes.length));
    assertEquals(new BackupFile.Written(7, bytes.length), written);
    assertArrayEquals(bytes, Files.readAllBytes(file));
    assertEquals(
        PosixFilePermissions.fromString("rw-------"),
        Files.getPosixFilePermissions(file),
        "it holds all that is stored");
    try (Stream<Path> left = Files.list(folder)) {
      assertEquals(List.of(file), left.toList());
    }
  }

  @Test
  void whatChangedOnTheWayIsRefused() throws Exception {
    byte[] bytes = snapshot();
    for (int at : new int[] {0, 123_456, bytes.length - 42, bytes.length - 1}) {
      bytes[at] ^= 1;
      assertRefused(chunks(bytes, bytes.length), "not whole");
      bytes[at] ^= 1;
    }
  }

  @Test
  void whatEndsTooEarlyIsRefused() throws Exception {
    byte[] bytes = snapshot();
    assertRefused(chunks(bytes, bytes.length).subList(0, 2), "200000 of 250041 bytes");
    assertRefused(List.of(), "0 of 0 bytes");
  }

  @Test
  void aFileThatIsThereIsNotOverwritten() throws Exception {
    Path file = folder.resolve("backup");
    Files.writeString(file, "mine");
    IOException refused = assertThrows(IOException.class, () -> BackupFile.begin(file));
    assertTrue(BackupFile.why(refused).contains("is there already"), refused::toString);
    Files.delete(file);
    byte[] bytes = snapshot();
    try (BackupFile begun = BackupFile.begin(file)) {
      Files.writeString(file, "mine");
      refused =
          assertThrows(
              IOException.class, () -> begun.write(chunks(bytes, bytes.length).iterator()));
      assertTrue(BackupFile.why(refused).contains("is there already"), refused::toString);
    }
    assertEquals("mine", Files.readString(file));
    try (Stream<Path> left = Files.list(folder)) {
      assertEquals(List.of(file), left.toList());
    }
  }
}
