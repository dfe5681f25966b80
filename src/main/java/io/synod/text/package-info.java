/**
 * Words for persons that more than one of the others need: what a person meant who mistyped, and
 * which build this is.
 *
 * <p>Without state. Depends on nothing of ours; what persons call, {@code server} and {@code cli},
 * may depend on it.
 */
@NullMarked
package io.synod.text;

import org.jspecify.annotations.NullMarked;
