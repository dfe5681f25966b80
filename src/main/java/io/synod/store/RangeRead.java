package io.synod.store;

import io.synod.paxos.Bytes;
import java.util.List;
import java.util.Optional;

/**
 * What was read of a range.
 *
 * @param revision at which
 * @param count how many rows were there, read or only counted
 * @param next where to go on; empty if the range is read to its end
 */
public record RangeRead(List<Row> rows, long revision, long count, Optional<Bytes> next) {}
