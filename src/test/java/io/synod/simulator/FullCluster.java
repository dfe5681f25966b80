package io.synod.simulator;

import java.util.ArrayList;
import java.util.List;

/** Whole servers: the production driver, journal and store. */
final class FullCluster extends World {
  private final List<FullServer> servers = new ArrayList<>();
  final ReferenceStore reference = new ReferenceStore(oracle.log());
  private boolean diverged;

  FullCluster(Swarm swarm, boolean keepsTrace) {
    super(swarm, keepsTrace);
    for (int i = 0; i < swarm.servers; i++) {
      servers.add(new FullServer(this, i));
    }
  }

  /** Whether the state of a server was ever made to differ. */
  boolean hasDiverged() {
    return diverged;
  }

  void onDiverged() {
    diverged = true;
  }

  @Override
  List<FullServer> servers() {
    return servers;
  }
}
