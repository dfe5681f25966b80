package io.synod.client;

import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;

/**
 * Where a server takes clients.
 *
 * @param host a name, an IPv4 address, or an IPv6 address without brackets
 */
public record ServerAddress(String host, int port) {
  /** Of a server that is given without a port. */
  public static final int USUAL_PORT = 8000;

  public ServerAddress {
    if (host.isEmpty() || host.chars().anyMatch(c -> c <= ' ' || c == '/' || c == '@')) {
      throw new IllegalArgumentException("'" + host + "' is no host");
    }
    if (port < 1 || port > 65_535) {
      throw new IllegalArgumentException("a port is from 1 to 65535, not " + port);
    }
  }

  /**
   * Reads {@code HOST:PORT}, {@code HOST} (port 8000) or {@code [IPV6]:PORT}.
   *
   * @throws IllegalArgumentException saying what is wrong
   */
  public static ServerAddress parse(String text) {
    String trimmed = text.trim();
    if (trimmed.startsWith("[")) {
      int end = trimmed.indexOf(']');
      if (end < 0) {
        throw new IllegalArgumentException("'" + trimmed + "' lacks a ]");
      }
      String rest = trimmed.substring(end + 1);
      if (!rest.isEmpty() && !rest.startsWith(":")) {
        throw notAnAddress(trimmed);
      }
      return new ServerAddress(
          trimmed.substring(1, end), rest.isEmpty() ? USUAL_PORT : port(rest.substring(1)));
    }
    int colon = trimmed.indexOf(':');
    if (colon < 0) {
      if (trimmed.isEmpty()) {
        throw notAnAddress(trimmed);
      }
      return new ServerAddress(trimmed, USUAL_PORT);
    }
    if (trimmed.indexOf(':', colon + 1) >= 0 || colon == 0) {
      throw notAnAddress(trimmed);
    }
    return new ServerAddress(trimmed.substring(0, colon), port(trimmed.substring(colon + 1)));
  }

  /**
   * Reads addresses with commas between them; one that is named twice counts once.
   *
   * @throws IllegalArgumentException saying what is wrong
   */
  public static List<ServerAddress> parseList(String text) {
    LinkedHashSet<ServerAddress> addresses = new LinkedHashSet<>();
    for (String part : text.split(",", -1)) {
      addresses.add(parse(part));
    }
    return new ArrayList<>(addresses);
  }

  private static int port(String text) {
    try {
      return Integer.parseInt(text);
    } catch (NumberFormatException e) {
      throw new IllegalArgumentException("'" + text + "' is no port", e);
    }
  }

  private static IllegalArgumentException notAnAddress(String text) {
    return new IllegalArgumentException(
        "'" + text + "' is no address: write HOST:PORT, or [IPV6]:PORT");
  }

  /** As {@link #parse} reads it. */
  @Override
  public String toString() {
    return host.indexOf(':') < 0 ? host + ":" + port : "[" + host + "]:" + port;
  }
}
