/**
 * The rules that are easy to miss, each as the execution that goes wrong without it, on protocol
 * cores with production journals on simulated disks. Rules that more than the core keeps are played
 * on whole servers, by {@code io.synod.simulator.ServerRulesTest}: 7 (the cut of the log), 15, 17
 * and 24.
 */
@NullMarked
package io.synod.scenarios;

import org.jspecify.annotations.NullMarked;
