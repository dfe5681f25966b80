/**
 * Real clusters: processes on loopback ports that are killed, stopped and started again. Short in
 * CI; {@code scripts/survive} runs the same at the size that the README states.
 */
@NullMarked
package io.synod.cluster;

import org.jspecify.annotations.NullMarked;
