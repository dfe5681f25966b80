package io.synod.node;

import java.util.UUID;

/** Settings of a driver that are as usual but for its bounds. */
final class Bounds {
  private Bounds() {}

  static NodeSettings of(
      UUID run,
      int queueRequests,
      long queueBytes,
      int batchBytes,
      int batchCommands,
      long retryNanos) {
    NodeSettings usual = NodeSettings.usual(run, /* failRate= */ 0, /* seed= */ 1);
    return new NodeSettings(
        run,
        queueRequests,
        queueBytes,
        usual.inboxMessages(),
        batchBytes,
        batchCommands,
        retryNanos,
        usual.snapshots(),
        usual.history(),
        usual.quotaBytes(),
        usual.disk(),
        usual.failRate(),
        usual.seed());
  }

  /** The same, but for its quota and its disk. */
  static NodeSettings with(NodeSettings settings, long quotaBytes, NodeSettings.DiskMarks disk) {
    return new NodeSettings(
        settings.run(),
        settings.queueRequests(),
        settings.queueBytes(),
        settings.inboxMessages(),
        settings.batchBytes(),
        settings.batchCommands(),
        settings.retryNanos(),
        settings.snapshots(),
        settings.history(),
        quotaBytes,
        disk,
        settings.failRate(),
        settings.seed());
  }
}
