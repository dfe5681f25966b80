/**
 * What a process is: configuration, the client service, the http port, logging and {@code main}.
 *
 * <p>Depends on everything but {@code client} and {@code cli}.
 */
@NullMarked
package io.synod.server;

import org.jspecify.annotations.NullMarked;
