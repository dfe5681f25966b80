package io.synod.journal;

import io.synod.paxos.Recovered;
import java.util.List;

/**
 * A journal, and what was found in it. All of {@code recovered} is durable.
 *
 * @param promiseLost what this server promised, or a ballot that it took, is lost to damage: it
 *     must neither vote nor campaign until it is replaced as a new incarnation (protocol-rules.md,
 *     3). Survives a restart.
 * @param findings what was torn, damaged or repaired, in the order found; for the log
 */
public record OpenedJournal(
    Journal journal,
    Recovered recovered,
    Identity identity,
    boolean promiseLost,
    List<Finding> findings) {}
