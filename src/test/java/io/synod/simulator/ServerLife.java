package io.synod.simulator;

import io.synod.paxos.Incarnation;
import io.synod.paxos.ServerId;

/** One life of a server's disk: what a vote belongs to. */
record ServerLife(ServerId server, Incarnation incarnation) {
  @Override
  public String toString() {
    return server + "/" + incarnation;
  }
}
