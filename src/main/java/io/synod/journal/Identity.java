package io.synod.journal;

import io.synod.paxos.Incarnation;
import io.synod.paxos.ServerId;
import java.util.UUID;

/**
 * Who a data directory is: written once, when it is made, never changed, gone with it.
 *
 * @param formatVersion of everything the journal keeps in the directory
 */
public record Identity(Incarnation incarnation, ServerId server, int formatVersion) {
  /** The format that this program writes, and the newest it reads. */
  public static final int FORMAT_VERSION = 1;

  /** What every frame bears of it, to tell the files of two servers apart. */
  int mark() {
    UUID id = incarnation.id();
    long mixed = (id.getMostSignificantBits() * 31 + id.getLeastSignificantBits()) * 31;
    mixed = (mixed + server.number()) * 0x9E3779B97F4A7C15L;
    return (int) (mixed >>> 32);
  }
}
