package io.synod.paxos;

/**
 * One life of a server: what a vote belongs to. Votes of two lives of a server are never added up,
 * nor taken for each other.
 */
record Life(ServerId server, Incarnation incarnation) implements Comparable<Life> {
  static Life of(Member member) {
    return new Life(member.server(), member.incarnation());
  }

  @Override
  public int compareTo(Life other) {
    int byServer = server.compareTo(other.server);
    return byServer != 0 ? byServer : incarnation.compareTo(other.incarnation);
  }
}
