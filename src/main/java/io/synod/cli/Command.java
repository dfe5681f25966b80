package io.synod.cli;

import com.google.protobuf.ByteString;
import io.synod.client.Control;
import io.synod.client.MembershipChange;
import io.synod.client.ReadMode;
import java.nio.file.Path;
import java.util.Optional;
import java.util.OptionalInt;

/** What one line asks for. */
sealed interface Command {
  record Get(ByteString key) implements Command {}

  record Put(ByteString key, ByteString value) implements Command {}

  record Delete(ByteString key) implements Command {}

  /**
   * Shows the keys that begin with a prefix, and their values.
   *
   * @param limit how many at most
   */
  record Listing(ByteString prefix, long limit) implements Command {}

  record Count(ByteString prefix) implements Command {}

  record Status() implements Command {}

  /** What only operators ask. */
  sealed interface Operator extends Command {}

  record Members() implements Operator {}

  record Coordinator() implements Operator {}

  /** Of the membership. */
  record Change(MembershipChange change, boolean dryRun) implements Operator {}

  /**
   * Has another server coordinate.
   *
   * @param to the best placed if none
   */
  record Move(OptionalInt to) implements Operator {}

  /** At one server. */
  record Order(int serverId, Control control) implements Operator {}

  /**
   * Copies all that is stored into a file.
   *
   * @param local whether one server's copy will do, though it hears no quorum
   */
  record Backup(Path file, boolean local) implements Operator {}

  /** No server is cut off from another any more. */
  record Heal() implements Operator {}

  /** A command that reads, and says itself how fresh what it reads is to be. */
  record Read(ReadMode mode, Command command) implements Command {}

  /** A command that reads, whose result is printed as bytes and nothing else. */
  record Raw(Command command) implements Command {}

  record Help(Optional<String> verb) implements Command {
    /** Of all verbs. */
    Help() {
      this(Optional.empty());
    }
  }

  record Exit() implements Command {}
}
