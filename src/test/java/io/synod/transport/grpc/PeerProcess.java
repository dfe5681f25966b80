package io.synod.transport.grpc;

import io.synod.paxos.Address;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.locks.LockSupport;

/** A server in a process of its own, to be killed: speaks to all others every few milliseconds. */
final class PeerProcess {
  private static final long SAY_NANOS = 2_000_000;

  private PeerProcess() {}

  /** Its id, then the founding list. Ends with its parent. */
  public static void main(String[] arguments) throws IOException {
    List<Address> listed = new ArrayList<>();
    for (int i = 1; i < arguments.length; i++) {
      listed.add(Address.parse(arguments[i]));
    }
    TestServer server =
        new TestServer(listed, Integer.parseInt(arguments[0]), Optional.empty()).start();
    long number = 0;
    while (System.in.available() == 0 && ProcessHandle.current().parent().isPresent()) {
      for (int i = 0; i < listed.size(); i++) {
        server.network.send(new io.synod.paxos.ServerId(i), TestServer.urgent(++number));
      }
      server.network.flush();
      LockSupport.parkNanos(SAY_NANOS);
    }
    server.close();
  }

  static Process start(int id, List<Address> listed) throws IOException {
    List<String> command = new ArrayList<>();
    command.add(ProcessHandle.current().info().command().orElse("java"));
    command.add("-Xmx128m");
    command.add("-cp");
    command.add(
        System.getProperty("surefire.test.class.path", System.getProperty("java.class.path")));
    command.add(PeerProcess.class.getName());
    command.add(Integer.toString(id));
    listed.forEach(address -> command.add(address.toString()));
    return new ProcessBuilder(command)
        .redirectErrorStream(true)
        .redirectOutput(ProcessBuilder.Redirect.DISCARD)
        .start();
  }
}
