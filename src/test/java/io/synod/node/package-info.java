/** The parts of the driver, one by one; the simulator runs them together. */
@NullMarked
package io.synod.node;

import org.jspecify.annotations.NullMarked;
