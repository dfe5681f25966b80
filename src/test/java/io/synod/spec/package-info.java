/** Runs the TLA+ specification in docs/spec through TLC, in processes of their own. */
@NullMarked
package io.synod.spec;

import org.jspecify.annotations.NullMarked;
