package io.synod.simulator.checker;

import java.io.IOException;
import java.nio.charset.CharacterCodingException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;

/**
 * A history that was read from a file, and the model that it is about.
 *
 * @param operations by invocation, without those that failed
 */
public record HistoryFile(
    Path file, CellModel model, List<Operation<Request, List<String>>> operations) {

  /**
   * Reads a history in one of the formats that we know: our own, Jepsen's log of a register, and
   * Porcupine's map of texts. Blocks while it reads the file, and holds all of it.
   *
   * @throws UnreadableHistoryException if the file cannot be read, a line is not what the format
   *     says, or there is no event in it: a history that says nothing is no evidence
   */
  public static HistoryFile read(Path file) throws UnreadableHistoryException {
    List<String> lines = lines(file);
    Assembler assembler = new Assembler();
    Optional<HistoryFormat> format = Optional.empty();
    long lastNanos = Long.MIN_VALUE;
    for (int number = 1; number <= lines.size(); number++) {
      String line = lines.get(number - 1);
      if (line.isBlank() || line.startsWith("#")) {
        continue;
      }
      if (format.isEmpty()) {
        format = Optional.of(HistoryFormat.of(line));
      }
      try {
        OptionalLong nanos = format.get().read(line, number, assembler);
        if (nanos.isPresent() && nanos.getAsLong() < lastNanos) {
          throw new IllegalArgumentException("a time no earlier than " + lastNanos);
        }
        lastNanos = nanos.orElse(lastNanos);
      } catch (IllegalArgumentException e) {
        throw new UnreadableHistoryException(
            String.format("%s:%d: expected %s: %s", file, number, e.getMessage(), line), e);
      }
    }
    if (format.isEmpty() || assembler.isEmpty()) {
      throw new UnreadableHistoryException(
          String.format("%s:%d: expected an event, found none", file, lines.size() + 1));
    }
    return new HistoryFile(file, format.get().model(), assembler.operations());
  }

  /** Judges it. */
  public Report<Optional<String>, Request, List<String>> check(Budget budget) {
    return new LinearizabilityChecker<>(model, budget).check(operations);
  }

  private static List<String> lines(Path file) throws UnreadableHistoryException {
    try {
      return Files.readAllLines(file);
    } catch (NoSuchFileException e) {
      throw new UnreadableHistoryException(file + ": expected a file, found none", e);
    } catch (CharacterCodingException e) {
      throw new UnreadableHistoryException(file + ": expected UTF-8 text", e);
    } catch (IOException e) {
      throw new UnreadableHistoryException(file + ": cannot be read: " + e.getMessage(), e);
    }
  }
}
