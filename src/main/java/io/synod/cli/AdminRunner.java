package io.synod.cli;

import com.google.protobuf.ByteString;
import io.synod.client.ChangeOutcome;
import io.synod.client.ClusterStatus;
import io.synod.client.Control;
import io.synod.client.MemberState;
import io.synod.client.MembershipChange;
import io.synod.client.ReadMode;
import io.synod.client.ServerAddress;
import io.synod.client.SynodClient;
import io.synod.client.SynodException;
import io.synod.client.UnavailableException;
import java.io.IOException;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/** Carries out what operators ask. One thread; blocks. */
final class AdminRunner {
  private final SynodClient client;
  private final Output output;

  AdminRunner(SynodClient client, Output output) {
    this.client = client;
    this.output = output;
  }

  ExitStatus run(Command.Operator command, long began) {
    if (command instanceof Command.Members) {
      // For a person it says how many failures are tolerated, which faults on purpose lessen.
      ClusterStatus status = output.isRaw() ? client.status() : client.statusWithFaults();
      output.members(status);
      return of(status);
    } else if (command instanceof Command.Coordinator) {
      return coordinator(began);
    } else if (command instanceof Command.Change change) {
      change(change, began);
    } else if (command instanceof Command.Move move) {
      int now = client.moveCoordinator(move.to());
      output.result("server " + now + " coordinates now", "", System.nanoTime() - began);
    } else if (command instanceof Command.Order order) {
      client.control(order.serverId(), order.control());
      output.result(done(order), "", System.nanoTime() - began);
    } else if (command instanceof Command.Backup backup) {
      return backup(backup, began);
    } else {
      return heal(began);
    }
    return ExitStatus.DONE;
  }

  private ExitStatus backup(Command.Backup backup, long began) {
    // First what is here: whether there is room for it at all is no matter of the servers.
    try (BackupFile file = BackupFile.begin(backup.file())) {
      Optional<ServerAddress> from = Optional.empty();
      if (!backup.local()) {
        // What was acknowledged before by any server is applied then at the one that answers.
        from =
            Optional.of(
                client.read(ByteString.copyFromUtf8("backup"), ReadMode.LINEARIZABLE).server());
      }
      BackupFile.Written written = file.write(client.backup(from));
      output.result(
          String.format(
              Locale.ROOT,
              "%s: %,d bytes, all up to slot %d, whole",
              backup.file(),
              written.sizeBytes(),
              written.slot()),
          "",
          System.nanoTime() - began);
      return ExitStatus.DONE;
    } catch (BackupFile.NotWholeException e) {
      output.error(String.valueOf(e.getMessage()));
      return ExitStatus.UNAVAILABLE;
    } catch (IOException e) {
      output.error(backup.file() + " cannot be written: " + BackupFile.why(e));
      return ExitStatus.WRONG_INPUT;
    }
  }

  private ExitStatus coordinator(long began) {
    ClusterStatus status = client.status();
    Optional<String> outside = StatusTable.outside(status);
    if (outside.isPresent()) {
      output.error(outside.get());
      return ExitStatus.UNAVAILABLE;
    }
    ClusterStatus.Coordination coordination = status.coordination();
    if (coordination.coordinatorId().isEmpty() || !coordination.heard()) {
      output.result(
          "none that server " + status.server().id() + " hears", "", System.nanoTime() - began);
      return ExitStatus.NOT_FOUND;
    }
    int coordinator = coordination.coordinatorId().getAsInt();
    output.coordinator(
        coordinator, StatusTable.address(status, coordinator), System.nanoTime() - began);
    return ExitStatus.DONE;
  }

  /** One that has no part in the cluster does not know how it is. */
  static ExitStatus of(ClusterStatus status) {
    return StatusTable.outside(status).isPresent() ? ExitStatus.UNAVAILABLE : ExitStatus.DONE;
  }

  private void change(Command.Change command, long began) {
    ChangeOutcome outcome =
        command.dryRun() ? client.dryRun(command.change()) : client.change(command.change());
    String done =
        outcome.slot().isPresent()
            ? "done: in force since slot " + outcome.slot().getAsLong()
            : "a dry run: nothing was changed; it would be so";
    output.result(done, "", System.nanoTime() - began);
    output.plan(plan(command, outcome));
  }

  private static String plan(Command.Change command, ChangeOutcome outcome) {
    StringBuilder text = new StringBuilder(MembersTable.ofPlan(outcome.members()));
    text.append(quorum(outcome));
    String joins = "\na learner gets its vote by itself when it has caught up: MEMBERS shows it";
    if (command.change() instanceof MembershipChange.Add add) {
      Optional<MemberState> moved = moved(add, outcome);
      text.append(
          moved.isPresent()
              ? "\nserver "
                  + moved.get().serverId()
                  + " was a member already: only its address is another now"
              : joins);
    } else if (command.change() instanceof MembershipChange.Replace replace) {
      text.append(joins).append("; server ").append(replace.serverId()).append(" leaves then");
    } else if (command.change() instanceof MembershipChange.Remove remove && !command.dryRun()) {
      text.append("\nserver ")
          .append(remove.serverId())
          .append(" has no part any more: stop it if it runs; its directory may be deleted then");
    }
    return text.toString();
  }

  /** What was, is and will be, once the servers have votes that get them by themselves. */
  private static String quorum(ChangeOutcome outcome) {
    long voters = outcome.members().stream().filter(m -> m.role().votes()).count();
    List<Integer> awaited = outcome.outlook().map(ChangeOutcome.Outlook::awaited).orElse(List.of());
    String now = "quorum: %d of %d".formatted(outcome.quorum(), voters);
    String before = " (before: %d of %d)".formatted(outcome.quorumBefore(), outcome.votersBefore());
    String tolerates =
        outcome.outlook().map(then -> "; " + StatusTable.tolerance(then.spare())).orElse("");
    if (awaited.isEmpty()) {
      return now + before + tolerates;
    }
    ChangeOutcome.Outlook then = outcome.outlook().orElseThrow();
    return "%s now%s, %d of %d once %s %s%s then"
        .formatted(
            now,
            before,
            then.quorum(),
            then.voters(),
            Output.servers(awaited),
            awaited.size() == 1 ? "has its vote" : "have their votes",
            tolerates);
  }

  /** The member that ADD gave another address; a server that is new comes as a learner. */
  private static Optional<MemberState> moved(MembershipChange.Add add, ChangeOutcome outcome) {
    return outcome.members().stream()
        .filter(member -> member.consensusAddress().equals(add.consensusAddress()))
        .filter(member -> member.role() != MemberState.Role.LEARNER)
        .findFirst();
  }

  private static String done(Command.Order order) {
    String server = "server " + order.serverId();
    if (order.control() instanceof Control.FailRate failRate) {
      return failRate.chance() == 0
          ? server + " fails no more on purpose"
          : String.format(Locale.ROOT, "%s fails at a rate of %s", server, failRate.chance());
    } else if (order.control() instanceof Control.Suspend suspend) {
      return suspend.millis() == 0
          ? server + " drops no traffic of servers now"
          : String.format(
              Locale.ROOT,
              "%s drops all traffic of servers for %.1f s",
              server,
              suspend.millis() / 1e3);
    } else if (order.control() instanceof Control.Cut cut) {
      return server + " is cut off from " + Output.servers(cut.serverIds()) + " until HEAL";
    }
    return server + " writes a snapshot, if there is anything new";
  }

  private ExitStatus heal(long began) {
    List<MemberState> members = client.status().members();
    int healed = 0;
    ExitStatus status = ExitStatus.DONE;
    for (MemberState member : members) {
      String server = "server " + member.serverId();
      try {
        client.control(member.serverId(), new Control.Cut(List.of()));
        healed++;
      } catch (SynodException e) {
        if (e instanceof UnavailableException && !member.live()) {
          output.error(
              server + " is down, and cut off from none when it starts: " + e.getMessage());
        } else {
          // One that hangs may go on, and is cut off then as it was.
          output.error(server + " may be cut off still, HEAL again: " + e.getMessage());
          status = ExitStatus.UNAVAILABLE;
        }
      }
    }
    output.result(
        "%d of %d %s answered; none of them is cut off now"
            .formatted(healed, members.size(), members.size() == 1 ? "server" : "servers"),
        "",
        System.nanoTime() - began);
    return status;
  }
}
