package io.synod.server;

import io.synod.node.NodeSettings;
import io.synod.paxos.ClusterId;
import io.synod.paxos.Founding;
import io.synod.paxos.Incarnation;
import io.synod.paxos.PaxosSettings;
import io.synod.paxos.QuorumPolicy;
import io.synod.paxos.Recovered;
import io.synod.store.KeyValueStore;
import io.synod.transport.grpc.PeerNetworkSettings;
import java.util.List;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.UUID;
import java.util.concurrent.TimeUnit;

/** What the parts of a server are told, by its configuration and by the machine it runs on. */
final class PartSettings {
  private static final int PIPELINE_SLOTS = 64;

  private final Configuration configuration;

  PartSettings(Configuration configuration) {
    this.configuration = configuration;
  }

  /** The protocol's: who this server is in this life. */
  PaxosSettings paxos(Incarnation incarnation) {
    PaxosSettings settings =
        new PaxosSettings(
                configuration.server(),
                incarnation,
                configuration.replicas(),
                configuration.clientAddress(),
                new ClusterId(UUID.randomUUID()),
                new SplittableRandom().nextLong(),
                TimeUnit.MILLISECONDS.toNanos(configuration.timings().pingIntervalMillis()),
                TimeUnit.MILLISECONDS.toNanos(configuration.timings().electionTimeoutMillis()),
                PIPELINE_SLOTS,
                /* messageBytes= */ 1 << 20,
                configuration.priority())
            .withQuorum(
                new QuorumPolicy(
                    configuration.quorum(),
                    TimeUnit.MILLISECONDS.toNanos(configuration.timings().standbyTimeoutMillis()),
                    configuration.lastVoter()))
            .withSupported(KeyValueStore.SUPPORTED);
    if (configuration.bootstrapAvailable()) {
      settings = settings.withBootstrapAvailable();
    }
    if (configuration.isWitness()) {
      settings = settings.withWitnessLog(configuration.limits().witnessLogBytes());
    }
    return configuration.cluster().map(settings::withExpectedCluster).orElse(settings);
  }

  /** Of the connections to the other servers. */
  PeerNetworkSettings peers(PaxosSettings identity, Recovered recovered) {
    Optional<ClusterId> cluster =
        recovered.opened() ? recovered.founding().map(Founding::cluster) : Optional.empty();
    return PeerNetworkSettings.ofList(
            identity.server(),
            identity.incarnation(),
            configuration.listen().servers(),
            configuration.replicas(),
            cluster)
        .withExpected(configuration.cluster());
  }

  /** The driver's; each call is of another run. */
  NodeSettings node() {
    NodeSettings usual =
        NodeSettings.usual(
            UUID.randomUUID(), configuration.failRate(), new SplittableRandom().nextLong());
    return new NodeSettings(
        usual.run(),
        configuration.limits().queueRequests(),
        usual.queueBytes(),
        usual.inboxMessages(),
        usual.batchBytes(),
        usual.batchCommands(),
        usual.retryNanos(),
        new NodeSettings.Snapshots(
            snapshotEveryBytes(),
            configuration.limits().logBytes(),
            configuration.limits().snapshotBytesASecond(),
            NodeSettings.Snapshots.USUAL_HELP_NANOS),
        history(usual.history()),
        configuration.limits().quotaBytes(),
        new NodeSettings.DiskMarks(
            configuration.dataDirectory().toString(),
            configuration.limits().disk().warnBytes(),
            configuration.limits().disk().floorBytes()),
        usual.failRate(),
        usual.seed());
  }

  /** After so much that was applied a snapshot is due, or more if it is a large one. */
  static long snapshotEveryBytes() {
    return Math.min(
        NodeSettings.Snapshots.USUAL_EVERY_BYTES, Runtime.getRuntime().maxMemory() / 64);
  }

  private NodeSettings.History history(NodeSettings.History usual) {
    return configuration.storage() == Configuration.Storage.ROCKSDB
        ? usual
        : new NodeSettings.History(
            usual.millis(), Math.min(usual.sizeBytes(), Runtime.getRuntime().maxMemory() / 8));
  }

  /** Of the service for clients. */
  CallIntake.Settings clients() {
    return new CallIntake.Settings(
        configuration.limits(),
        configuration.readMode(),
        configuration.timings().defaultDeadlineMillis(),
        Runtime.getRuntime().maxMemory() / 4);
  }

  /** What STATUS says of the server itself. */
  StatusService.Own own(Incarnation incarnation, UUID run, List<String> setAside) {
    return new StatusService.Own(
        incarnation,
        run,
        configuration.clientAddress(),
        configuration.replicas().get(configuration.server().number()),
        configuration.quorum() == QuorumPolicy.Mode.DYNAMIC,
        configuration.storage(),
        setAside,
        KeyValueStore.SUPPORTED);
  }
}
