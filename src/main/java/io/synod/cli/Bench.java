package io.synod.cli;

import com.google.protobuf.ByteString;
import io.grpc.ManagedChannel;
import io.synod.client.ChannelFactory;
import io.synod.client.ClientSettings;
import io.synod.client.ServerAddress;
import io.synod.client.SynodClient;
import io.synod.client.SynodException;
import io.synod.proto.MemberStatus;
import io.synod.proto.StatusResponse;
import java.io.IOException;
import java.io.PrintStream;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Semaphore;
import java.util.concurrent.atomic.AtomicReference;

/**
 * {@code scripts/bench}: measures the store under load, and a bare gRPC echo beside it in the same
 * run, which is what a store on gRPC could reach at most.
 */
public final class Bench {
  private static final int PRELOAD_OUTSTANDING = 64;

  private final BenchOptions options;
  private final PrintStream progress;

  private Bench(BenchOptions options, PrintStream progress) {
    this.options = options;
    this.progress = progress;
  }

  /** Runs it and ends the process. */
  public static void main(String[] args) {
    System.exit(run(List.of(args), System.out, System.err).number());
  }

  /** Runs it. Blocks until all is measured. */
  static ExitStatus run(List<String> args, PrintStream out, PrintStream progress) {
    try {
      BenchOptions options = BenchOptions.parse(args);
      if (options.help()) {
        out.println(BenchOptions.USAGE);
        return ExitStatus.DONE;
      }
      BenchReport report = new Bench(options, progress).measure();
      out.print(report.table());
      report.write(options.json());
      out.println("all figures: " + options.json());
      return report.hasResults() ? ExitStatus.DONE : ExitStatus.UNAVAILABLE;
    } catch (WrongInputException e) {
      progress.println("bench: " + e.why() + "; scripts/bench --help shows all options");
      return ExitStatus.WRONG_INPUT;
    } catch (SynodException | IOException e) {
      progress.println("bench: " + e.getMessage());
      return ExitStatus.UNAVAILABLE;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return ExitStatus.UNAVAILABLE;
    }
  }

  private BenchReport measure() throws IOException, InterruptedException {
    BenchReport report = new BenchReport(options);
    List<ServerAddress> servers = options.store() ? servers() : List.of();
    Workload workload = new Workload(options);
    if (options.store() && options.operation().reads()) {
      preload(servers, workload);
    }
    try (EchoServer.Running echo = echo()) {
      for (int round = 1; round <= options.rounds(); round++) {
        for (int outstanding : options.outstanding()) {
          if (echo != null) {
            Load load = new Load(Target.ECHO, List.of(echo.address()), echo.pids());
            report.add(one(load, workload, outstanding, round));
          }
          if (options.store()) {
            Load load = new Load(Target.STORE, servers, options.pids());
            report.add(one(load, workload, outstanding, round));
          }
        }
      }
    }
    return report;
  }

  private EchoServer.@org.jspecify.annotations.Nullable Running echo() throws IOException {
    return switch (options.echo()) {
      case NONE -> null;
      case OWN_PROCESS -> EchoServer.startProcess(options.valueBytes());
      case SAME_PROCESS -> EchoServer.startHere(options.valueBytes());
    };
  }

  /** What a run is aimed at. */
  enum Target {
    ECHO,
    STORE
  }

  /** Where a run goes, and whose processor time counts as the servers'. */
  private record Load(Target target, List<ServerAddress> servers, List<Long> pids) {}

  private Measurement one(Load load, Workload workload, int outstanding, int round)
      throws InterruptedException {
    progress.printf(
        "%s %s, %d outstanding, round %d of %d: %.1f s of warm-up, %.1f s measured ...%n",
        load.target() == Target.ECHO ? "echo" : "store",
        options.operation().word(),
        outstanding,
        round,
        options.rounds(),
        options.warmUp().toMillis() / 1e3,
        options.duration().toMillis() / 1e3);
    List<ManagedChannel> channels = new ArrayList<>();
    int count = Math.min(outstanding, Math.max(options.channels(), load.servers().size()));
    for (int i = 0; i < count; i++) {
      channels.add(ChannelFactory.plaintext(load.servers().get(i % load.servers().size())));
    }
    try (ClosedLoop loop = new ClosedLoop(channels, workload, outstanding)) {
      loop.start();
      loop.awaitAnswer();
      Thread.sleep(options.warmUp().toMillis());
      ProcessorTime servers = ProcessorTime.of(load.pids());
      ProcessorTime self = ProcessorTime.of(List.of(ProcessHandle.current().pid()));
      long began = System.nanoTime();
      loop.forget();
      Thread.sleep(options.duration().toMillis());
      ClosedLoop.Counts counts = loop.counts();
      long tookNanos = System.nanoTime() - began;
      counts.firstFailure().ifPresent(text -> progress.println("  the first failure: " + text));
      return new Measurement(
          load.target(),
          options.operation(),
          outstanding,
          round,
          Duration.ofNanos(tookNanos),
          counts,
          servers.sinceMicros(),
          self.sinceMicros());
    }
  }

  // ---- the store
  // ---------------------------------------------------------------------------------

  private List<ServerAddress> servers() {
    if (options.through() == BenchOptions.Through.ALL) {
      return options.servers();
    }
    try (SynodClient client = SynodClient.of(ClientSettings.usual(options.servers()))) {
      StatusResponse status = client.status();
      ServerAddress coordinator =
          status.getMemberList().stream()
              .filter(
                  m -> status.hasCoordinatorId() && m.getServerId() == status.getCoordinatorId())
              .findFirst()
              .map(MemberStatus::getClientAddress)
              .map(ServerAddress::parse)
              .orElse(options.servers().get(0));
      progress.println("through " + coordinator + " alone");
      return List.of(coordinator);
    }
  }

  /** Sets every key once, so that reads find them. */
  private void preload(List<ServerAddress> servers, Workload workload) throws InterruptedException {
    progress.println("setting " + options.keys() + " keys ...");
    Semaphore room = new Semaphore(PRELOAD_OUTSTANDING);
    AtomicReference<Throwable> failed = new AtomicReference<>();
    try (SynodClient client = SynodClient.of(ClientSettings.usual(servers))) {
      for (int key = 0; key < options.keys() && failed.get() == null; key++) {
        room.acquire();
        ByteString value = workload.put(key).getValue();
        CompletableFuture<?> put = client.putAsync(workload.put(key).getKey(), value);
        var unused =
            put.whenComplete(
                (done, failure) -> {
                  if (failure != null) {
                    failed.set(failure);
                  }
                  room.release();
                });
      }
      room.acquire(PRELOAD_OUTSTANDING);
    }
    if (failed.get() instanceof SynodException failure) {
      throw failure;
    }
  }
}
