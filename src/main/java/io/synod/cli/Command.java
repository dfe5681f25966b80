package io.synod.cli;

import com.google.protobuf.ByteString;

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

  record Help() implements Command {}

  record Exit() implements Command {}
}
