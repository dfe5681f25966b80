package io.synod.cli;

import io.grpc.netty.shaded.io.netty.channel.EventLoopGroup;
import io.grpc.netty.shaded.io.netty.channel.MultiThreadIoEventLoopGroup;
import io.grpc.netty.shaded.io.netty.channel.nio.NioIoHandler;
import io.grpc.netty.shaded.io.netty.util.concurrent.DefaultThreadFactory;
import io.synod.client.ClientSettings;
import io.synod.client.ServerAddress;
import io.synod.client.SynodClient;
import io.synod.client.SynodException;
import java.io.IOException;
import java.io.PrintStream;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.Semaphore;
import org.jspecify.annotations.Nullable;

/**
 * {@code scripts/bench}: measures the store under load, and a bare gRPC echo beside it in the same
 * run, which is what a store on gRPC could reach at most.
 */
public final class Bench implements AutoCloseable {
  private static final String ECHO = "echo";
  private static final int PRELOAD_OUTSTANDING = 64;

  private final BenchOptions options;
  private final BenchProgress progress;
  private final BenchReport report;
  private final Workload workload;

  /** Of the clients that are not gRPC's. */
  private final EventLoopGroup threads =
      new MultiThreadIoEventLoopGroup(
          1, new DefaultThreadFactory("bench-network", true), NioIoHandler.newFactory());

  /** The most that a system reached in a closed loop of this round, by subject without pace. */
  private final Map<String, Double> reached = new HashMap<>();

  private Bench(BenchOptions options, PrintStream out) {
    this.options = options;
    int runs =
        options.runs()
            + (options.echo() == BenchOptions.Echo.NONE
                ? 0
                : options.rounds() * options.operations().size() * closedPaces(options));
    this.progress = new BenchProgress(out, isTerminal(), runs);
    this.report = new BenchReport(options);
    this.workload =
        new Workload(
            options.keys().count(), options.keys().valueBytes(), options.keys().distribution(), 0);
  }

  private static int closedPaces(BenchOptions options) {
    return (int) options.paces().stream().filter(p -> p.kind() == Pace.Kind.CLOSED).count();
  }

  /** The script knows it: a JVM can tell this of standard output only. */
  private static boolean isTerminal() {
    return System.getProperty("synod.terminal", "no").equals("yes");
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
      BenchReport report;
      try (Bench bench = new Bench(options, progress)) {
        report = bench.measure();
      }
      out.print(report.table());
      report.write(options.json());
      out.println("all figures: " + options.json());
      if (options.figures().isPresent()) {
        new BenchFigures(report, options).replaceIn(options.figures().get());
        out.println("tables and charts: " + options.figures().get());
      }
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

  @Override
  public void close() {
    var unused = threads.shutdownGracefully();
  }

  private BenchReport measure() throws IOException, InterruptedException {
    boolean reads = options.operations().stream().anyMatch(BenchOptions.Operation::reads);
    for (BenchSystem system : options.systems()) {
      if (reads || system.kind() == BenchSystem.Kind.ZOOKEEPER) {
        preload(system);
      }
    }
    try (EchoServer.@Nullable Running echo = echo()) {
      if (!options.warmSystems().isZero()) {
        for (BenchSystem system : options.systems()) {
          warm(system);
        }
        if (echo != null) {
          warm(echoSystem(echo));
        }
      }
      for (int round = 1; round <= options.rounds(); round++) {
        reached.clear();
        // Nobody always follows the same.
        List<BenchSystem> inTurn = new ArrayList<>(options.systems());
        Collections.rotate(inTurn, 1 - round);
        for (BenchOptions.Operation operation : options.operations()) {
          for (Pace pace : options.paces()) {
            if (echo != null && pace.kind() == Pace.Kind.CLOSED) {
              // It is one server: through which one calls go is no question.
              one(echoSystem(echo), operation, options.throughs().get(0), pace, round);
            }
            for (BenchOptions.Through through : options.throughs()) {
              for (BenchSystem system : inTurn) {
                one(system, operation, through, pace, round);
              }
            }
          }
        }
      }
    }
    progress.end();
    return report;
  }

  private EchoServer.@Nullable Running echo() throws IOException {
    return switch (options.echo()) {
      case NONE -> null;
      case OWN_PROCESS -> EchoServer.startProcess(options.keys().valueBytes());
      case SAME_PROCESS -> EchoServer.startHere(options.keys().valueBytes());
    };
  }

  private static BenchSystem echoSystem(EchoServer.Running echo) {
    return new BenchSystem(ECHO, BenchSystem.Kind.ECHO, List.of(echo.address()), echo.pids());
  }

  /** Lets a system, and this process, compile what they run often. */
  private void warm(BenchSystem system) throws IOException, InterruptedException {
    progress.say("warming " + system.name() + " ...");
    Tally unused = new Tally();
    Workload mixed = workload.withReads(readPercent(options.operations().get(0)));
    int most =
        options.paces().stream()
            .filter(pace -> pace.kind() == Pace.Kind.CLOSED)
            .mapToInt(Pace::number)
            .max()
            .orElse(PRELOAD_OUTSTANDING);
    List<Caller> callers = callers(system, system.servers(), mixed);
    try (LoadLoop loop = new ClosedLoop(callers, mixed, unused, most)) {
      loop.start();
      Thread.sleep(options.warmSystems().toMillis());
    }
  }

  /** One run; one that cannot be made is said, and none of the others is lost by it. */
  private void one(
      BenchSystem system,
      BenchOptions.Operation operation,
      BenchOptions.Through through,
      Pace pace,
      int round)
      throws InterruptedException {
    Measurement.Subject subject = new Measurement.Subject(system.name(), operation, through, pace);
    String what = system.name() + " " + operation.word() + " " + pace.text();
    progress.begin(what + ", round " + round + " of " + options.rounds());
    try {
      List<ServerAddress> servers =
          through == BenchOptions.Through.ALL ? system.servers() : system.coordinator();
      Measurement measured = run(system, servers, subject, what, round);
      if (through == BenchOptions.Through.COORDINATOR && !servers.equals(system.coordinator())) {
        throw new IOException("another server coordinates since");
      }
      report.add(measured);
      if (pace.kind() == Pace.Kind.CLOSED) {
        reached.merge(key(subject), measured.perSecond(), Math::max);
      }
    } catch (SynodException | IOException e) {
      report.addLost();
      progress.say("  not counted: " + e.getMessage());
    }
  }

  private Measurement run(
      BenchSystem system,
      List<ServerAddress> servers,
      Measurement.Subject subject,
      String what,
      int round)
      throws IOException, InterruptedException {
    long offered = offered(subject);
    Tally tally = new Tally();
    try (LoadLoop loop = loop(system, servers, subject, tally, offered)) {
      loop.start();
      tally.awaitAnswer();
      long all = options.warmUp().plus(options.duration()).toMillis();
      double before = (double) options.warmUp().toMillis() / all;
      progress.await(what, tally, new BenchProgress.Span(options.warmUp().toMillis(), 0, before));
      ProcessorTime server = ProcessorTime.of(system.pids());
      ProcessorTime self = ProcessorTime.of(List.of(ProcessHandle.current().pid()));
      long began = System.nanoTime();
      tally.take();
      progress.await(what, tally, new BenchProgress.Span(options.duration().toMillis(), before, 1));
      Tally.Counts counts = tally.take();
      long tookNanos = System.nanoTime() - began;
      counts.firstFailure().ifPresent(text -> progress.say("  the first failure: " + text));
      return new Measurement(
          subject,
          round,
          offered,
          Duration.ofNanos(tookNanos),
          counts,
          server.sinceMicros(),
          self.sinceMicros());
    }
  }

  private long offered(Measurement.Subject subject) throws IOException {
    if (subject.pace().kind() != Pace.Kind.HALF) {
      return subject.pace().number();
    }
    Double most = reached.get(key(subject));
    if (most == null || most < 2) {
      throw new IOException("no closed loop of this round reached anything to take the half of");
    }
    return Math.round(most / 2);
  }

  private static String key(Measurement.Subject subject) {
    return subject.system() + " " + subject.operation() + " " + subject.through();
  }

  private LoadLoop loop(
      BenchSystem system,
      List<ServerAddress> servers,
      Measurement.Subject subject,
      Tally tally,
      long offered)
      throws IOException {
    Workload mixed = workload.withReads(readPercent(subject.operation()));
    List<Caller> callers = callers(system, servers, mixed);
    return subject.pace().kind() == Pace.Kind.CLOSED
        ? new ClosedLoop(callers, mixed, tally, Math.toIntExact(offered))
        : new OpenLoop(callers, mixed, tally, offered);
  }

  /** As many as there are to be, or some more: the same number for each server. */
  private List<Caller> callers(BenchSystem system, List<ServerAddress> servers, Workload mixed)
      throws IOException {
    int each = (options.channels() + servers.size() - 1) / servers.size();
    List<Caller> callers = new ArrayList<>();
    try {
      for (int i = 0; i < each * servers.size(); i++) {
        callers.add(system.open(servers.get(i % servers.size()), mixed, threads));
      }
      return callers;
    } catch (IOException | RuntimeException e) {
      callers.forEach(Caller::close);
      throw e;
    }
  }

  private int readPercent(BenchOptions.Operation operation) {
    return switch (operation) {
      case PUT -> 0;
      case GET -> 100;
      case MIXED -> options.readPercent();
    };
  }

  /** Sets every key once, so that reads find them. */
  private void preload(BenchSystem system) throws IOException, InterruptedException {
    progress.say("setting " + workload.keys() + " keys of " + system.name() + " ...");
    if (system.isSynod()) {
      // Goes to another server if one is not there, and says what is wrong if none is.
      try (SynodClient client = SynodClient.of(ClientSettings.usual(system.servers()))) {
        client.put(workload.key(0), workload.value(0));
      }
    }
    Semaphore room = new Semaphore(PRELOAD_OUTSTANDING);
    List<String> failed = new CopyOnWriteArrayList<>();
    Caller.Outcome outcome =
        new Caller.Outcome() {
          @Override
          public void done() {
            room.release();
          }

          @Override
          public void failed(String why) {
            failed.add(why);
            room.release();
          }
        };
    try (Caller caller = system.open(system.servers().get(0), workload, threads)) {
      for (int key = 0; key < workload.keys() && failed.isEmpty(); key++) {
        room.acquire();
        if (caller instanceof ZooKeeperCaller zooKeeper) {
          zooKeeper.create(key, outcome);
        } else {
          caller.put(key, outcome);
        }
      }
      room.acquire(PRELOAD_OUTSTANDING);
    }
    if (!failed.isEmpty()) {
      throw new IOException(system.name() + ": " + failed.get(0));
    }
  }
}
