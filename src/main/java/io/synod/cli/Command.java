package io.synod.cli;

import com.google.protobuf.ByteString;

/** What one line asks for. */
sealed interface Command {
  record Get(ByteString key) implements Command {}

  record Put(ByteString key, ByteString value) implements Command {}

  record Delete(ByteString key) implements Command {}

  record Status() implements Command {}

  record Help() implements Command {}

  record Exit() implements Command {}
}
