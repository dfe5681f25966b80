/**
 * The linearizability checker: was every answer that clients got one that a single, sequential copy
 * of the store could have given, in an order that respects real time?
 *
 * <ul>
 *   <li>{@link io.synod.simulator.checker.History} records what clients do and is told; one history
 *       is shared by all clients of a run.
 *   <li>{@link io.synod.simulator.checker.LinearizabilityChecker} judges it: one search a key, by
 *       Wing and Gong's algorithm with Lowe's improvements, within a {@link
 *       io.synod.simulator.checker.Budget}. What the budget does not cover is {@link
 *       io.synod.simulator.checker.Verdict#UNDECIDED}, never a pass.
 *   <li>{@link io.synod.simulator.checker.FailingWindow} is the evidence when a history fails.
 *   <li>{@link io.synod.simulator.checker.CheckHistory} does the same to a file, behind {@code
 *       scripts/check_history}.
 * </ul>
 *
 * <p>To add an operation to what is checked, add a constant to {@link
 * io.synod.simulator.checker.KeyValueOperation}: recorder, file format, checker and printing
 * follow.
 *
 * <h2>The text of a history</h2>
 *
 * One event a line, in the order in which the events happened; nanoseconds never decrease. Empty
 * lines and lines that begin with {@code #} are skipped.
 *
 * <pre>
 * &lt;nanos&gt; &lt;client&gt; invoke  &lt;operation&gt; &lt;key&gt; [argument ...]
 * &lt;nanos&gt; &lt;client&gt; ok      &lt;operation&gt; &lt;key&gt; [result ...]
 * &lt;nanos&gt; &lt;client&gt; fail    &lt;operation&gt; &lt;key&gt;      it never took effect and never will
 * &lt;nanos&gt; &lt;client&gt; unknown &lt;operation&gt; &lt;key&gt;      it may take effect at any later time, or never
 * </pre>
 *
 * Operations: {@code PUT key value}, {@code GET key} (one result, or none if the key was absent),
 * {@code DELETE key}. A client has one operation under way at a time and may go on after {@code
 * unknown}; an operation without a last line is unknown. Words are separated by blanks; a word that
 * is empty or holds a blank, a quote, a backslash, {@code #} or a control character stands in
 * double quotes, with {@code \"}, {@code \\} and <code>&#92;uXXXX</code> inside.
 *
 * <p>Thread rule: {@link io.synod.simulator.checker.History} may be used by any thread; everything
 * else is confined to one. Depends on nothing of ours.
 */
@NullMarked
package io.synod.simulator.checker;

import org.jspecify.annotations.NullMarked;
