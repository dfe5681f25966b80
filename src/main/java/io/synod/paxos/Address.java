package io.synod.paxos;

import java.util.List;
import java.util.Locale;

/** Where a server listens: a host name or IP address, and a port. A hint, never an identity. */
public record Address(String host, int port) {
  private static final List<String> EVERY = List.of("0.0.0.0", "::", "0:0:0:0:0:0:0:0", "*");
  private static final List<String> LOOPBACK =
      List.of("localhost", "127.0.0.1", "::1", "0:0:0:0:0:0:0:1");

  public Address {
    if (host.isBlank()) {
      throw new IllegalArgumentException("an address has a host, as in localhost:8000");
    }
    if (port < 1 || port > 65535) {
      throw new IllegalArgumentException("a port is 1 to 65535, not " + port);
    }
  }

  /**
   * Reads {@code host:port}; an IPv6 host stands in brackets.
   *
   * @throws IllegalArgumentException saying what was wrong and what would be right
   */
  public static Address parse(String text) {
    int colon = text.lastIndexOf(':');
    if (colon <= 0 || colon == text.length() - 1) {
      throw new IllegalArgumentException(
          "'" + text + "' is not an address: want HOST:PORT, as in localhost:8000");
    }
    String host = text.substring(0, colon);
    if (host.startsWith("[") && host.endsWith("]")) {
      host = host.substring(1, host.length() - 1);
    }
    try {
      return new Address(host, Integer.parseInt(text.substring(colon + 1)));
    } catch (NumberFormatException e) {
      throw new IllegalArgumentException(
          "'" + text + "' is not an address: the port is a number from 1 to 65535", e);
    }
  }

  /**
   * Whether its host stands for all addresses of the machine: one listens on it, nobody can call it
   * from elsewhere.
   */
  public boolean isEvery() {
    return EVERY.contains(lowerCaseHost());
  }

  /** Whether its host is the machine itself to each machine. No name is looked up. */
  public boolean isThisMachine() {
    return isEvery() || LOOPBACK.contains(lowerCaseHost());
  }

  /** Whether both hosts are written alike, or are names of the machine itself. */
  boolean isSameHost(Address other) {
    return lowerCaseHost().equals(other.lowerCaseHost())
        || (isThisMachine() && other.isThisMachine());
  }

  /** Whether both are names of one port, as far as their text tells. */
  public boolean isSamePlace(Address other) {
    return port == other.port && isSameHost(other);
  }

  private String lowerCaseHost() {
    return host.toLowerCase(Locale.ROOT);
  }

  @Override
  public String toString() {
    return host.indexOf(':') >= 0 ? "[" + host + "]:" + port : host + ":" + port;
  }
}
