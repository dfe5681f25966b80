package io.synod.node;

import io.synod.paxos.ChangeAnswer;
import io.synod.paxos.MembershipChange;
import io.synod.paxos.ServerId;
import java.util.Optional;
import java.util.function.Consumer;

/**
 * What an operator asks of this server's driver.
 *
 * <p>Each {@code answered} is called once, on the driver thread, and must not block.
 */
public sealed interface OperatorRequest {
  /** What is told what became of it. */
  Consumer<ChangeAnswer> answered();

  /** A change of the membership; only the coordinator makes one. */
  record Change(MembershipChange change, boolean dryRun, Consumer<ChangeAnswer> answered)
      implements OperatorRequest {}

  /** The coordinator is to be another server: this one, or the best placed. */
  record HandOver(Optional<ServerId> to, String why, Consumer<ChangeAnswer> answered)
      implements OperatorRequest {}
}
