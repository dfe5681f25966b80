/**
 * A disk in memory that fails as disks do, decided by one seed. For the journal's tests and the
 * simulator.
 */
@NullMarked
package io.synod.simulator.disk;

import org.jspecify.annotations.NullMarked;
