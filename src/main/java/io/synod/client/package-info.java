/**
 * The client library. Thread-safe unless a class says otherwise.
 *
 * <p>Depends on generated code only.
 */
@NullMarked
package io.synod.client;

import org.jspecify.annotations.NullMarked;
