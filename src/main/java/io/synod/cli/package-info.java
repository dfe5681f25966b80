/**
 * What a person types into: the REPL and the load generator.
 *
 * <p>Depends on {@code client}.
 */
@NullMarked
package io.synod.cli;

import org.jspecify.annotations.NullMarked;
