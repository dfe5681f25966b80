package io.synod.node;

import io.synod.paxos.Paxos;
import io.synod.paxos.ServerId;
import io.synod.paxos.SlotRange;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;

/** What is wrong with a server and what can be done, in words for a person. Driver thread. */
final class Warnings {
  private final Paxos paxos;

  Warnings(Paxos paxos) {
    this.paxos = paxos;
  }

  /** The one that matters most. */
  Optional<String> first() {
    if (paxos.isVoteless()) {
      return Optional.of(
          "this server forgot votes that others saw it cast, so it casts none: its directory is an"
              + " older copy, or its disk lost writes; it joins again as a new incarnation");
    }
    return paxos.obstacle().map(Warnings::election).or(() -> paxos.torn().map(Warnings::torn));
  }

  private static String election(Paxos.UnknownSlot unknown) {
    StringBuilder text =
        new StringBuilder("no coordinator can be elected: what slot ")
            .append(unknown.slot().number())
            .append(" was given is not known to a quorum;");
    if (!unknown.torn().isEmpty()) {
      text.append(" the log of ").append(names(unknown.torn())).append(" has a torn end there;");
    }
    if (!unknown.damaged().isEmpty()) {
      text.append(" the disk of ").append(names(unknown.damaged())).append(" lost it;");
    }
    text.append(" waiting for ").append(names(unknown.absent()));
    if (!unknown.torn().isEmpty()) {
      text.append(", or for --accept-torn-tail there");
    }
    return text.toString();
  }

  private static String torn(SlotRange range) {
    return "a write did not end when this server stopped: until all voters were heard, it does not"
        + " say that it accepted nothing in slots "
        + range.first().number()
        + "-"
        + range.last().number();
  }

  private static String names(List<ServerId> servers) {
    return servers.stream()
        .map(server -> "server " + server.number())
        .collect(Collectors.joining(", "));
  }
}
