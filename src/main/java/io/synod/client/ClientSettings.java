package io.synod.client;

import java.time.Duration;
import java.util.List;
import java.util.Optional;

/**
 * What a client goes by.
 *
 * @param servers any of them can answer; the first is asked first, and those after it when it does
 *     not answer
 * @param deadline of a call, all attempts together
 * @param clusterToken lets a caller on another machine change the cluster
 */
public record ClientSettings(
    List<ServerAddress> servers,
    Duration deadline,
    ReadMode readMode,
    Retries retries,
    Optional<String> clusterToken) {
  public ClientSettings {
    servers = List.copyOf(servers);
    if (servers.isEmpty()) {
      throw new IllegalArgumentException("a client needs at least one server");
    }
    if (deadline.isNegative() || deadline.isZero()) {
      throw new IllegalArgumentException("a deadline is longer than " + deadline);
    }
  }

  /** Ten seconds a call, reads as the servers are configured, safe retries only. */
  public static ClientSettings usual(List<ServerAddress> servers) {
    return new ClientSettings(
        servers, Duration.ofSeconds(10), ReadMode.SERVER_DEFAULT, Retries.SAFE, Optional.empty());
  }

  public ClientSettings withDeadline(Duration newDeadline) {
    return new ClientSettings(servers, newDeadline, readMode, retries, clusterToken);
  }

  public ClientSettings withReadMode(ReadMode newReadMode) {
    return new ClientSettings(servers, deadline, newReadMode, retries, clusterToken);
  }

  public ClientSettings withRetries(Retries newRetries) {
    return new ClientSettings(servers, deadline, readMode, newRetries, clusterToken);
  }

  public ClientSettings withClusterToken(String token) {
    return new ClientSettings(servers, deadline, readMode, retries, Optional.of(token));
  }
}
