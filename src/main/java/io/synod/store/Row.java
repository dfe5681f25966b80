package io.synod.store;

import io.synod.paxos.Bytes;

/**
 * A key, its value, and how they came to be.
 *
 * @param createRevision of the put that made the key
 * @param modRevision of the put that last changed it
 * @param version how many puts since it was made, that one included
 */
public record Row(Bytes key, Bytes value, long createRevision, long modRevision, long version) {}
