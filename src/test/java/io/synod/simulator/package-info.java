/**
 * The deterministic simulator: the production core, journal and driver in one thread, over a
 * simulated network, clock and disk. One seed decides everything: the number of servers, timings,
 * workload and every fault.
 *
 * <p>{@link io.synod.simulator.LightSimulation} drives the protocol cores alone, with journals that
 * are lists of records: fast, and free of everything but the protocol. What both kinds share: the
 * {@link io.synod.simulator.EventLoop}, the {@link io.synod.simulator.SimulatedNetwork}, the {@link
 * io.synod.simulator.Swarm} that a seed draws its faults from, and the {@link
 * io.synod.simulator.Oracle}, which checks the invariants after every event.
 *
 * <p>Some whole servers keep their rows in files of an engine, as with RocksDB: {@link
 * io.synod.store.ModelStorage} is in its place, and {@link io.synod.simulator.ServerEngine} draws
 * what befalls it.
 *
 * <p>All in one thread; no clock but the event loop's, no random source but those of {@link
 * io.synod.simulator.Randoms}.
 */
@NullMarked
package io.synod.simulator;

import org.jspecify.annotations.NullMarked;
