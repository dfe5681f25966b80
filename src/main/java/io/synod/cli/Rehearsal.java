package io.synod.cli;

import io.synod.client.ChannelFactory;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.List;

/**
 * Does once what {@code ./client} does, against a server of its own that keeps nothing, so that the
 * JVM can note which classes are needed and start from an archive of them.
 */
public final class Rehearsal {
  private Rehearsal() {}

  /** Runs it and ends the process. */
  public static void main(String[] args) throws IOException {
    PrintStream nowhere =
        new PrintStream(OutputStream.nullOutputStream(), false, StandardCharsets.UTF_8);
    byte[] lines = "PUT a \"b\"\nGET a\nDELETE a\n".getBytes(StandardCharsets.UTF_8);
    try (EchoServer.Running server = EchoServer.startHere(8)) {
      String address = server.address().toString();
      ClientMain.Streams streams =
          new ClientMain.Streams(new ByteArrayInputStream(lines), nowhere, nowhere);
      ClientMain.run(List.of(address), streams, false, ChannelFactory::plaintext);
      // What is not there, and a server that is not there.
      ClientMain.run(
          List.of("localhost:1," + address, "-c", "STATUS"),
          streams,
          false,
          ChannelFactory::plaintext);
    }
    System.exit(ExitStatus.DONE.number());
  }
}
