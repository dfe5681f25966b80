package io.synod.journal;

import io.synod.paxos.Recovered;
import java.util.List;

/**
 * A journal, and what was found in it. All of {@code recovered} is durable.
 *
 * @param renewed votes of the directory's former incarnation are lost to damage, or forgotten: it
 *     goes on as a new one, which has no vote until the cluster replaces the former by it
 *     (protocol-rules.md, 3 and 12)
 * @param findings what was torn, damaged or repaired, in the order found; for the log
 */
public record OpenedJournal(
    Journal journal,
    Recovered recovered,
    Identity identity,
    boolean renewed,
    List<Finding> findings) {}
