package io.synod.simulator;

import java.util.List;

/**
 * What came of a run.
 *
 * @param answered how many operations were carried out, or values chosen
 * @param trace empty unless it was kept
 */
record Outcome(
    long traceHash,
    long events,
    long simulatedNanos,
    long answered,
    Coverage coverage,
    List<Trace.Event> trace) {}
