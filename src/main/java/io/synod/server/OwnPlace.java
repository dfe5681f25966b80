package io.synod.server;

import io.synod.paxos.Address;
import io.synod.paxos.ServerId;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.OptionalInt;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * Which of the replicas a server is.
 *
 * <p>It is the one that is written like my_paxos. If none is, a host that stands for every address
 * of a machine (0.0.0.0) matches any host with its port, and the names of this machine (localhost,
 * 127.0.0.1, 0.0.0.0) match each other. No name is looked up: the answer must be the same at each
 * start.
 */
final class OwnPlace {
  private OwnPlace() {}

  private static String host(Address address) {
    return address.host().toLowerCase(Locale.ROOT);
  }

  /**
   * Finds it.
   *
   * @param given server_id, if it was configured
   */
  static ServerId find(Address own, List<Address> replicas, OptionalInt given)
      throws BadConfigurationException {
    List<Integer> places = places(own, replicas);
    if (given.isPresent()) {
      return check(own, replicas, places, given.getAsInt());
    }
    if (places.isEmpty()) {
      throw new BadConfigurationException(
          "my_paxos "
              + own
              + " is not in the list of replicas ("
              + list(replicas)
              + "): the list names every server, this one included");
    }
    if (places.size() > 1) {
      throw new BadConfigurationException(
          "my_paxos "
              + own
              + " may be any of the replicas "
              + numbered(places, replicas)
              + ": say which with server_id, or write my_paxos as it stands in the list");
    }
    return new ServerId(places.get(0));
  }

  private static ServerId check(
      Address own, List<Address> replicas, List<Integer> places, int given)
      throws BadConfigurationException {
    if (given < 0 || given >= replicas.size()) {
      throw new BadConfigurationException(
          "server_id "
              + Integer.toUnsignedString(given)
              + " is not a place in the list of "
              + replicas.size()
              + " replicas: it is 0 to "
              + (replicas.size() - 1));
    }
    if (!places.contains(given)) {
      String where =
          places.isEmpty() ? "is not in the list" : "is replica " + numbered(places, replicas);
      throw new BadConfigurationException(
          "server_id "
              + given
              + " is replica "
              + replicas.get(given)
              + ", and my_paxos "
              + own
              + " "
              + where
              + ": the two must agree");
    }
    return new ServerId(given);
  }

  private static List<Integer> places(Address own, List<Address> replicas) {
    List<Integer> exact = new ArrayList<>();
    List<Integer> likely = new ArrayList<>();
    for (int i = 0; i < replicas.size(); i++) {
      Address replica = replicas.get(i);
      if (replica.port() != own.port()) {
        continue;
      }
      if (host(replica).equals(host(own))) {
        exact.add(i);
      } else if (own.isEvery() || (own.isThisMachine() && replica.isThisMachine())) {
        likely.add(i);
      }
    }
    return exact.isEmpty() ? likely : exact;
  }

  /** Refuses a list that names a server twice, or that servers elsewhere could not use. */
  static void checkList(List<Address> replicas) throws BadConfigurationException {
    Set<String> seen = new HashSet<>();
    for (Address replica : replicas) {
      String machine = replica.isThisMachine() ? "this machine" : host(replica);
      if (!seen.add(machine + ":" + replica.port())) {
        throw new BadConfigurationException(
            "replica "
                + replica
                + " is in the list twice ("
                + list(replicas)
                + "): name each server once");
      }
    }
    boolean any = replicas.stream().anyMatch(Address::isEvery);
    boolean elsewhere = replicas.stream().anyMatch(replica -> !replica.isThisMachine());
    if (any && elsewhere) {
      throw new BadConfigurationException(
          "the list of replicas ("
              + list(replicas)
              + ") has both 0.0.0.0 and other machines: name the host by which the others reach each server");
    }
  }

  private static String list(List<Address> replicas) {
    return replicas.stream().map(Address::toString).collect(Collectors.joining(", "));
  }

  private static String numbered(List<Integer> places, List<Address> replicas) {
    return places.stream()
        .map(place -> place + " (" + replicas.get(place) + ")")
        .collect(Collectors.joining(", "));
  }
}
