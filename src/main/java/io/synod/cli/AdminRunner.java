package io.synod.cli;

import com.google.protobuf.ByteString;
import io.synod.client.ReadMode;
import io.synod.client.ServerAddress;
import io.synod.client.SynodClient;
import io.synod.client.SynodException;
import io.synod.proto.ChangeRequest;
import io.synod.proto.ChangeResponse;
import io.synod.proto.ControlRequest;
import io.synod.proto.MemberStatus;
import io.synod.proto.MoveCoordinatorRequest;
import io.synod.proto.StatusResponse;
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
      StatusResponse status = client.status();
      output.members(status);
      return of(status);
    } else if (command instanceof Command.Coordinator) {
      return coordinator(began);
    } else if (command instanceof Command.Change change) {
      change(change.request(), began);
    } else if (command instanceof Command.Move move) {
      MoveCoordinatorRequest.Builder request = MoveCoordinatorRequest.newBuilder();
      move.to().ifPresent(request::setTo);
      int now = client.moveCoordinator(request.build()).getCoordinatorId();
      output.result("server " + now + " coordinates now", "", System.nanoTime() - began);
    } else if (command instanceof Command.Control control) {
      client.control(control.request());
      output.result(done(control.request()), "", System.nanoTime() - began);
    } else if (command instanceof Command.Backup backup) {
      return backup(backup, began);
    } else {
      heal(began);
    }
    return ExitStatus.DONE;
  }

  private ExitStatus backup(Command.Backup backup, long began) {
    Optional<ServerAddress> from = Optional.empty();
    if (!backup.local()) {
      // What was acknowledged before by any server is applied then at the one that answers.
      from =
          Optional.of(
              client.read(ByteString.copyFromUtf8("backup"), ReadMode.LINEARIZABLE).server());
    }
    try {
      BackupFile.Written written = new BackupFile(backup.file()).write(client.backup(from));
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
    StatusResponse status = client.status();
    Optional<String> outside = StatusTable.outside(status);
    if (outside.isPresent()) {
      output.error(outside.get());
      return ExitStatus.UNAVAILABLE;
    }
    boolean acts = status.hasCoordinatorId() && status.getCoordinatorHeard();
    if (!acts) {
      output.result(
          "none that server " + status.getServerId() + " hears", "", System.nanoTime() - began);
      return ExitStatus.NOT_FOUND;
    }
    output.coordinator(status.getCoordinatorId(), System.nanoTime() - began);
    return ExitStatus.DONE;
  }

  /** One that has no part in the cluster does not know how it is. */
  static ExitStatus of(StatusResponse status) {
    return StatusTable.outside(status).isPresent() ? ExitStatus.UNAVAILABLE : ExitStatus.DONE;
  }

  private void change(ChangeRequest request, long began) {
    ChangeResponse response = client.change(request);
    long took = System.nanoTime() - began;
    if (request.getDryRun()) {
      output.result("a dry run: nothing was changed; it would be so", "", took);
    } else {
      output.result("done: in force since slot " + response.getSlot(), "", took);
    }
    output.plan(plan(request, response));
  }

  private static String plan(ChangeRequest request, ChangeResponse response) {
    long voters =
        response.getMemberList().stream()
            .filter(
                m ->
                    m.getRole() == MemberStatus.Role.VOTER
                        || m.getRole() == MemberStatus.Role.WITNESS)
            .count();
    String before =
        " (before: %d of %d)".formatted(response.getQuorumBefore(), response.getVotersBefore());
    StringBuilder text = new StringBuilder(MembersTable.ofPlan(response.getMemberList()));
    text.append("quorum: ").append(response.getQuorum()).append(" of ").append(voters);
    text.append(before).append("; ").append(StatusTable.tolerance(voters - response.getQuorum()));
    Optional<MemberStatus> moved = moved(request, response);
    if (moved.isPresent()) {
      text.append("\nserver ")
          .append(moved.get().getServerId())
          .append(" was a member already: only its address is another now");
    } else if (request.hasAdd() || request.hasReplace()) {
      text.append("\na learner gets its vote by itself when it has caught up: MEMBERS shows it");
      if (request.hasReplace()) {
        text.append("; server ")
            .append(request.getReplace().getServerId())
            .append(" leaves in that moment");
      }
    } else if (request.hasRemove() && !request.getDryRun()) {
      text.append("\nserver ")
          .append(request.getRemove())
          .append(" may be stopped now, and its directory deleted");
    }
    return text.toString();
  }

  /** The member that ADD gave another address; a server that is new comes as a learner. */
  private static Optional<MemberStatus> moved(ChangeRequest request, ChangeResponse response) {
    return response.getMemberList().stream()
        .filter(member -> request.hasAdd() && member.getConsensusAddress().equals(request.getAdd()))
        .filter(member -> member.getRole() != MemberStatus.Role.LEARNER)
        .findFirst();
  }

  private static String done(ControlRequest request) {
    String server = "server " + request.getServerId();
    return switch (request.getActionCase()) {
      case FAIL_RATE ->
          request.getFailRate() == 0
              ? server + " fails no more on purpose"
              : String.format(
                  Locale.ROOT, "%s fails at a rate of %s", server, request.getFailRate());
      case SUSPEND_MILLIS ->
          request.getSuspendMillis() == 0
              ? server + " takes part again"
              : String.format(
                  Locale.ROOT,
                  "%s drops all traffic of servers for %.1f s",
                  server,
                  request.getSuspendMillis() / 1e3);
      case SNAPSHOT -> server + " writes a snapshot, if there is anything new";
      case CUT ->
          server
              + " is cut off from "
              + Output.servers(request.getCut().getServerIdList())
              + " until HEAL";
      case ACTION_NOT_SET -> throw new IllegalArgumentException("no action");
    };
  }

  private void heal(long began) {
    List<MemberStatus> members = client.status().getMemberList();
    int healed = 0;
    for (MemberStatus member : members) {
      try {
        client.control(
            ControlRequest.newBuilder()
                .setServerId(member.getServerId())
                .setCut(ControlRequest.Cut.getDefaultInstance())
                .build());
        healed++;
      } catch (SynodException e) {
        // One that is down is cut off from nobody when it starts.
        output.error("server " + member.getServerId() + ": " + e.getMessage());
      }
    }
    output.result(
        "%d of %d %s cut off from none now"
            .formatted(healed, members.size(), members.size() == 1 ? "server is" : "servers are"),
        "",
        System.nanoTime() - began);
  }
}
