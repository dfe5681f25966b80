package io.synod.paxos;

/**
 * Votes that one life of another server was seen to have cast, all of them durable there; or that
 * this server's own life may have cast before its log lost records.
 */
public record PeerVotes(ServerId server, Incarnation incarnation, Votes votes) {
  Life life() {
    return new Life(server, incarnation);
  }
}
