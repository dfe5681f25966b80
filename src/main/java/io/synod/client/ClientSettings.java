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
 * @param streams whether GETs, PUTs and DELETEs go together, on one call to each server: many at a
 *     time cost a fraction of what they cost alone, and one alone about the same
 * @param clusterToken lets a caller on another machine change the cluster
 */
public record ClientSettings(
    List<ServerAddress> servers,
    Duration deadline,
    ReadMode readMode,
    Retries retries,
    boolean streams,
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

  /** Ten seconds a call, reads as the servers are configured, safe retries only, no streams. */
  public static ClientSettings usual(List<ServerAddress> servers) {
    return new ClientSettings(
        servers,
        Duration.ofSeconds(10),
        ReadMode.SERVER_DEFAULT,
        Retries.SAFE,
        /* streams= */ false,
        Optional.empty());
  }

  public ClientSettings withDeadline(Duration newDeadline) {
    return new ClientSettings(servers, newDeadline, readMode, retries, streams, clusterToken);
  }

  public ClientSettings withReadMode(ReadMode newReadMode) {
    return new ClientSettings(servers, deadline, newReadMode, retries, streams, clusterToken);
  }

  public ClientSettings withRetries(Retries newRetries) {
    return new ClientSettings(servers, deadline, readMode, newRetries, streams, clusterToken);
  }

  public ClientSettings withStreams(boolean newStreams) {
    return new ClientSettings(servers, deadline, readMode, retries, newStreams, clusterToken);
  }

  public ClientSettings withClusterToken(String token) {
    return new ClientSettings(servers, deadline, readMode, retries, streams, Optional.of(token));
  }
}
