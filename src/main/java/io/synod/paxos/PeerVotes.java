package io.synod.paxos;

/** Votes that one life of another server was seen to have cast, all of them durable there. */
public record PeerVotes(ServerId server, Incarnation incarnation, Votes votes) {
  Life life() {
    return new Life(server, incarnation);
  }
}
