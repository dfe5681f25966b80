package io.synod.cluster;

import io.synod.paxos.Address;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/**
 * A network of its own for each server, so that a server can be cut off from the others as by a
 * pulled cable: packets vanish, and nobody is told. Clients reach every server all the time.
 *
 * <p>Each server is in a network namespace with two cables: one to the test, one to a switch that
 * all servers share. Needs root and {@code ip}. One thread.
 */
final class Wires implements AutoCloseable {
  private static final int CLIENT_PORT = 8000;
  private static final int CONSENSUS_PORT = 9000;

  /** Interfaces have short names; the process's id tells the networks of several runs apart. */
  private final String tag = "sy" + Long.toString(ProcessHandle.current().pid() % 46_656, 36);

  private final int subnet = (int) (ProcessHandle.current().pid() % 125);
  private final int size;

  /**
   * Lays them.
   *
   * @throws IOException saying what this machine does not allow
   */
  Wires(int size) throws IOException, InterruptedException {
    this.size = size;
    try {
      lay();
    } catch (IOException e) {
      close();
      throw e;
    }
  }

  private void lay() throws IOException, InterruptedException {
    for (int i = 0; i < size; i++) {
      run("", "ip", "netns", "add", namespace(i));
    }
    StringBuilder host = new StringBuilder("link add " + hub() + " type bridge\n");
    host.append("link set ").append(hub()).append(" up\n");
    for (int i = 0; i < size; i++) {
      String toClients = tag + "c" + i;
      add(host, "link add", toClients, "type veth peer name clients netns", namespace(i));
      add(host, "addr add", clientNet(i, 1) + "/30 dev", toClients);
      add(host, "link set", toClients, "up");
      add(host, "link add", cable(i), "type veth peer name servers netns", namespace(i));
      add(host, "link set", cable(i), "master", hub(), "up");
    }
    run(host.toString(), "ip", "-batch", "-");
    for (int i = 0; i < size; i++) {
      StringBuilder inside = new StringBuilder();
      add(inside, "addr add", clientNet(i, 2) + "/30 dev clients");
      add(inside, "addr add", consensus(i).host() + "/24 dev servers");
      for (String device : List.of("lo", "clients", "servers")) {
        add(inside, "link set", device, "up");
      }
      run(inside.toString(), "ip", "-netns", namespace(i), "-batch", "-");
    }
  }

  private static void add(StringBuilder batch, String... words) {
    batch.append(String.join(" ", words)).append('\n');
  }

  private String namespace(int i) {
    return tag + "n" + i;
  }

  private String hub() {
    return tag + "hub";
  }

  private String cable(int i) {
    return tag + "s" + i;
  }

  private String clientNet(int i, int end) {
    return "10.213." + 2 * subnet + "." + (4 * i + end);
  }

  private Address consensus(int i) {
    return new Address("10.213." + (2 * subnet + 1) + "." + (i + 1), CONSENSUS_PORT);
  }

  List<RealCluster.Seat> seats() {
    List<RealCluster.Seat> seats = new ArrayList<>();
    for (int i = 0; i < size; i++) {
      seats.add(
          new RealCluster.Seat(
              new Address(clientNet(i, 2), CLIENT_PORT),
              consensus(i),
              List.of("ip", "netns", "exec", namespace(i))));
    }
    return seats;
  }

  /** From now on no packet goes between this server and any other. */
  void cut(int i) throws IOException, InterruptedException {
    run("", "ip", "link", "set", cable(i), "nomaster");
  }

  void mend(int i) throws IOException, InterruptedException {
    run("", "ip", "link", "set", cable(i), "master", hub());
  }

  /** From now on what this one sends to that one vanishes; the other way is as it was. */
  void lose(int from, int to) throws IOException, InterruptedException {
    // To a network card that does not exist: nobody is told.
    neighbour(from, "replace", to, "lladdr", "02:00:00:00:00:01", "nud", "permanent");
  }

  /** Ends what {@link #lose} did to any. */
  void loseNothing() throws IOException, InterruptedException {
    for (int i = 0; i < size; i++) {
      run("", "ip", "-netns", namespace(i), "neigh", "flush", "dev", "servers", "nud", "permanent");
    }
  }

  private void neighbour(int from, String verb, int to, String... words)
      throws IOException, InterruptedException {
    List<String> command = new ArrayList<>(List.of("ip", "-netns", namespace(from), "neigh"));
    command.addAll(List.of(verb, consensus(to).host(), "dev", "servers"));
    command.addAll(List.of(words));
    run("", command.toArray(new String[0]));
  }

  /** The cables go with the namespaces; servers in them must have ended. */
  @Override
  public void close() {
    for (int i = 0; i < size; i++) {
      tryRun("ip", "link", "delete", cable(i));
      tryRun("ip", "link", "delete", tag + "c" + i);
      tryRun("ip", "netns", "delete", namespace(i));
    }
    tryRun("ip", "link", "delete", hub());
  }

  private static void tryRun(String... command) {
    try {
      run("", command);
    } catch (IOException e) {
      // It was never laid.
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private static void run(String input, String... command)
      throws IOException, InterruptedException {
    Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
    try (var out = process.getOutputStream()) {
      out.write(input.getBytes(StandardCharsets.UTF_8));
    }
    String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    if (!process.waitFor(10, TimeUnit.SECONDS) || process.exitValue() != 0) {
      throw new IOException(String.join(" ", command) + ": " + said.strip());
    }
  }
}
