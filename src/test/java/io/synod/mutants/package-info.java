/**
 * Planted defects, each of which the simulator must find: the proof that it can fail. A mutant is a
 * change of the source's text; it is compiled in memory and run in a class loader of its own, so
 * that production has no hook for it.
 */
@NullMarked
package io.synod.mutants;

import org.jspecify.annotations.NullMarked;
