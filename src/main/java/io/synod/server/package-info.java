/**
 * What a process is: configuration, the client service, the http port, logging and {@code main}.
 *
 * <p>Calls of clients and peers come on the driver's thread, which is a network thread too; calls
 * of operators on threads of their own. Each class says which it is for.
 *
 * <p>Depends on everything but {@code client} and {@code cli}.
 */
@NullMarked
package io.synod.server;

import org.jspecify.annotations.NullMarked;
