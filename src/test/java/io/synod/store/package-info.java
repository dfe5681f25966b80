/** Tests of the state machine. */
@NullMarked
package io.synod.store;

import org.jspecify.annotations.NullMarked;
