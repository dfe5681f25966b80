package io.synod.server;

import io.synod.node.ClientRequest.ReadMode;
import io.synod.server.Configuration.Disk;
import io.synod.server.Configuration.Limits;

/** What the tests of the client port have their intake take: little, so that its bounds are met. */
final class IntakeSettings {
  private IntakeSettings() {}

  static CallIntake.Settings of(int queueRequests, long deadlineMillis, long roomBytes) {
    return new CallIntake.Settings(
        new Limits(
            queueRequests,
            64 << 10,
            1 << 20,
            1 << 20,
            1 << 30,
            new Disk(0, 0),
            8 << 20,
            16 << 20,
            64 << 20,
            1 << 20),
        ReadMode.LINEARIZABLE,
        deadlineMillis,
        roomBytes);
  }
}
