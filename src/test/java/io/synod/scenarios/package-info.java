/**
 * The rules that are easy to miss, each as the execution that goes wrong without it, on protocol
 * cores with production journals on simulated disks. {@code io.synod.paxos.RulesTest} plays those
 * that need no disk: 5, 8, 16, 17, 18 and 22. Rule 7 is {@code io.synod.store.SnapshotTest}: a
 * fault at any operation leaves a whole snapshot. Rule 15 is {@code
 * io.synod.simulator.VersionsTest}.
 */
@NullMarked
package io.synod.scenarios;

import org.jspecify.annotations.NullMarked;
