/**
 * What a person types into: the REPL ({@link io.synod.cli.ClientMain}) and the load generator
 * ({@link io.synod.cli.Bench}).
 *
 * <p>The REPL is confined to one thread. The load generator's hot path runs on network threads.
 *
 * <p>Depends on {@code client}, and on generated code.
 */
@NullMarked
package io.synod.cli;

import org.jspecify.annotations.NullMarked;
