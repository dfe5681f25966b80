package io.synod.cluster;

import com.google.protobuf.ByteString;
import io.grpc.ManagedChannel;
import io.grpc.Metadata;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.netty.shaded.io.grpc.netty.NettyChannelBuilder;
import io.synod.client.ReadMode;
import io.synod.client.SynodClient;
import io.synod.client.SynodException;
import io.synod.paxos.Address;
import io.synod.proto.ClusterGrpc;
import io.synod.proto.DeleteRequest;
import io.synod.proto.GetRequest;
import io.synod.proto.KeyValueStoreGrpc;
import io.synod.proto.MemberStatus;
import io.synod.proto.PutRequest;
import io.synod.proto.StatusRequest;
import io.synod.proto.StatusResponse;
import java.io.File;
import java.io.IOException;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Supplier;
import java.util.stream.Stream;

/**
 * Some server processes, with their data in a folder that goes with them. One thread, but for
 * single attempts of clients, which any thread may make.
 */
final class RealCluster implements AutoCloseable {
  private static final AtomicInteger NEXT_PORT =
      new AtomicInteger((int) (ProcessHandle.current().pid() * 61 % 20_000));

  private static final Metadata.Key<String> OUTCOME =
      Metadata.Key.of("synod-outcome", Metadata.ASCII_STRING_MARSHALLER);

  /** How long to wait before the next attempt: the servers need the cores to get ready. */
  private static final long PAUSE_MILLIS = 5;

  private final int size;
  private final Path folder;
  private final List<Seat> seats;
  private final List<Optional<Process>> processes = new ArrayList<>();
  private final List<ManagedChannel> channels = new ArrayList<>();
  private List<String> jvm = List.of();
  private String options = "";
  private int listed;

  /**
   * Where a server runs.
   *
   * @param client where clients reach it, and {@code consensus} where the other servers do
   * @param before what its command line begins with
   */
  record Seat(Address client, Address consensus, List<String> before) {}

  /** On loopback ports that are free. */
  RealCluster(int size) throws IOException {
    this(onLoopback(size));
  }

  RealCluster(List<Seat> seats) throws IOException {
    this.size = seats.size();
    this.listed = size;
    this.seats = List.copyOf(seats);
    this.folder = Files.createTempDirectory("synod-cluster");
    for (Seat seat : seats) {
      processes.add(Optional.empty());
      channels.add(
          NettyChannelBuilder.forAddress(seat.client().host(), seat.client().port())
              .usePlaintext()
              .build());
    }
  }

  static List<Seat> onLoopback(int size) throws IOException {
    List<Seat> seats = new ArrayList<>();
    for (int i = 0; i < size; i++) {
      seats.add(
          new Seat(
              new Address("127.0.0.1", freePort()),
              new Address("127.0.0.1", freePort()),
              List.of()));
    }
    return seats;
  }

  /** Below those that connections are given, and no port twice. */
  private static int freePort() {
    while (true) {
      int port = 12_000 + NEXT_PORT.getAndIncrement() % 20_000;
      try (ServerSocket socket = new ServerSocket(port)) {
        return socket.getLocalPort();
      } catch (IOException e) {
        // Taken: the next one.
      }
    }
  }

  /** More configuration, in text format, for the servers started from now on. */
  void options(String text) {
    options = text;
  }

  /** The list of the servers started from now on: so many of the seats, from the first on. */
  void listed(int servers) {
    listed = servers;
  }

  Seat seat(int i) {
    return seats.get(i);
  }

  /** What operators call, at one server. */
  ClusterGrpc.ClusterBlockingStub operators(int i) {
    return ClusterGrpc.newBlockingStub(channels.get(i)).withDeadlineAfter(30, TimeUnit.SECONDS);
  }

  int size() {
    return size;
  }

  /** What begins the command line of the servers started from now on. */
  void jvm(List<String> command) {
    jvm = command;
  }

  void startAll() throws IOException, InterruptedException {
    for (int i = 0; i < size; i++) {
      start(i);
    }
  }

  void start(int i) throws IOException, InterruptedException {
    StringBuilder text = new StringBuilder();
    text.append("my_addr:'").append(seats.get(i).client()).append("' ");
    text.append("my_paxos:'").append(seats.get(i).consensus()).append("' ");
    for (Seat seat : seats.subList(0, listed)) {
      text.append("replica:'").append(seat.consensus()).append("' ");
    }
    text.append("data_dir:'").append(folder.resolve("server" + i)).append("' ").append(options);
    File log = folder.resolve("server" + i + ".log").toFile();
    List<String> command = new ArrayList<>(seats.get(i).before());
    command.addAll(jvm.isEmpty() ? ClassArchive.serverCommand() : jvm);
    command.add(text.toString());
    ProcessBuilder builder = new ProcessBuilder(command);
    // For a seat whose command line prepares a disk first.
    builder.environment().put("SYNOD_DATA", data(i).toString());
    builder.redirectErrorStream(true).redirectOutput(ProcessBuilder.Redirect.appendTo(log));
    processes.set(i, Optional.of(builder.start()));
  }

  /** The data directory of a server. */
  Path data(int i) {
    return folder.resolve("server" + i);
  }

  /** The process id of a server that runs. */
  long pid(int i) {
    return processes.get(i).orElseThrow().pid();
  }

  boolean isRunning(int i) {
    return processes.get(i).map(Process::isAlive).orElse(false);
  }

  /**
   * Waits until the first so many have answered: a channel that was refused while its server
   * started rests for a while, and refuses calls meanwhile.
   */
  void awaitAnswers(int servers) {
    for (int i = 0; i < servers; i++) {
      getSurely(i, "first");
    }
  }

  /** SIGKILL. */
  void kill(int i) throws InterruptedException {
    Process process = processes.get(i).orElseThrow();
    process.destroyForcibly();
    process.waitFor();
    processes.set(i, Optional.empty());
  }

  /** SIGKILL for all that run, before the first of them is waited for. */
  void killAll() throws InterruptedException {
    processes.forEach(each -> each.ifPresent(Process::destroyForcibly));
    for (int i = 0; i < size; i++) {
      if (isRunning(i)) {
        kill(i);
      }
      processes.set(i, Optional.empty());
    }
  }

  /** Waits until a server has ended by itself, for a minute at most; returns the exit status. */
  int awaitEnd(int i) throws InterruptedException {
    Process process = processes.get(i).orElseThrow();
    if (!process.waitFor(1, TimeUnit.MINUTES)) {
      throw new AssertionError("server " + i + " has not ended within a minute\n" + logs());
    }
    processes.set(i, Optional.empty());
    return process.exitValue();
  }

  /** All that a server said. */
  List<String> log(int i) throws IOException {
    return Files.readAllLines(folder.resolve("server" + i + ".log"));
  }

  /** SIGTERM, and waits for the end; returns the exit status. */
  int terminate(int i) throws InterruptedException {
    Process process = processes.get(i).orElseThrow();
    process.destroy();
    int status = process.waitFor();
    processes.set(i, Optional.empty());
    return status;
  }

  /** SIGSTOP or SIGCONT. */
  void signal(int i, String signal) throws IOException, InterruptedException {
    long pid = processes.get(i).orElseThrow().pid();
    int status = new ProcessBuilder("kill", "-" + signal, Long.toString(pid)).start().waitFor();
    if (status != 0) {
      throw new IOException("kill -" + signal + " " + pid + " ended with " + status);
    }
  }

  private KeyValueStoreGrpc.KeyValueStoreBlockingStub stub(int i, long timeoutMillis) {
    return KeyValueStoreGrpc.newBlockingStub(channels.get(i))
        .withDeadlineAfter(timeoutMillis, TimeUnit.MILLISECONDS);
  }

  /** Whether a call that failed with this certainly had no effect, as the server says. */
  static boolean isNotProposed(StatusRuntimeException e) {
    Metadata trailers = e.getTrailers();
    return trailers != null && "not-proposed".equals(trailers.get(OUTCOME));
  }

  /**
   * One attempt.
   *
   * @throws StatusRuntimeException if there was no answer
   */
  void tryPut(int i, String key, String value, long timeoutMillis) {
    PutRequest request =
        PutRequest.newBuilder()
            .setKey(ByteString.copyFromUtf8(key))
            .setValue(ByteString.copyFromUtf8(value))
            .build();
    try {
      Object unused = stub(i, timeoutMillis).putPair(request);
    } catch (StatusRuntimeException e) {
      channels.get(i).resetConnectBackoff();
      throw e;
    }
  }

  /** One attempt; OK, or why not. */
  Status put(int i, String key, String value, long timeoutMillis) {
    try {
      tryPut(i, key, value, timeoutMillis);
      return Status.OK;
    } catch (StatusRuntimeException e) {
      return e.getStatus();
    }
  }

  /** One attempt to remove a key; OK, or why not. */
  Status delete(int i, String key, long timeoutMillis) {
    try {
      DeleteRequest request =
          DeleteRequest.newBuilder().setKey(ByteString.copyFromUtf8(key)).build();
      Object unused = stub(i, timeoutMillis).deletePair(request);
      return Status.OK;
    } catch (StatusRuntimeException e) {
      channels.get(i).resetConnectBackoff();
      return e.getStatus();
    }
  }

  /**
   * One attempt at a linearizable read; empty if the key is absent.
   *
   * @throws StatusRuntimeException if there was no answer
   */
  Optional<String> get(int i, String key, long timeoutMillis) {
    try {
      GetRequest request = GetRequest.newBuilder().setKey(ByteString.copyFromUtf8(key)).build();
      return Optional.of(stub(i, timeoutMillis).getValue(request).getValue().toStringUtf8());
    } catch (StatusRuntimeException e) {
      if (e.getStatus().getCode() == Status.Code.NOT_FOUND) {
        return Optional.empty();
      }
      channels.get(i).resetConnectBackoff();
      throw e;
    }
  }

  /** Reads until there is an answer, for a minute at most. */
  Optional<String> getSurely(int i, String key) {
    return surely(i, StatusRuntimeException.class, () -> get(i, key, 2_000));
  }

  /** What this server has applied, without asking anyone; tried for a minute at most. */
  Optional<String> localSurely(int i, String key) {
    return surely(
        i,
        SynodException.class,
        () -> {
          try (SynodClient client = SynodClient.of(seats.get(i).client().toString())) {
            ByteString sought = ByteString.copyFromUtf8(key);
            return client.read(sought, ReadMode.LOCAL).value().map(ByteString::toStringUtf8);
          }
        });
  }

  /** All pairs, linearizable, as this server reads them; tried for a minute at most. */
  Map<String, String> allSurely(int i) {
    return surely(
        i,
        SynodException.class,
        () -> {
          try (SynodClient client = SynodClient.of(seats.get(i).client().toString())) {
            Map<String, String> all = new TreeMap<>();
            client
                .list(ByteString.EMPTY, Long.MAX_VALUE)
                .forEachRemaining(
                    row -> all.put(row.key().toStringUtf8(), row.value().toStringUtf8()));
            return all;
          }
        });
  }

  private <T> T surely(int i, Class<? extends RuntimeException> passing, Supplier<T> read) {
    long end = System.nanoTime() + TimeUnit.MINUTES.toNanos(1);
    while (true) {
      try {
        return read.get();
      } catch (RuntimeException e) {
        if (!passing.isInstance(e)) {
          throw e;
        }
        if (System.nanoTime() > end) {
          throw new AssertionError("no answer from server " + i + " within a minute\n" + logs(), e);
        }
        pause();
      }
    }
  }

  /**
   * Writes until it is acknowledged by one of those that run, for a minute at most; returns how
   * long that took.
   */
  long putSurely(String key, String value) {
    long began = System.nanoTime();
    long end = began + TimeUnit.MINUTES.toNanos(1);
    Status last = Status.UNKNOWN;
    for (int turn = 0; System.nanoTime() < end; turn++) {
      int i = turn % size;
      if (isRunning(i)) {
        last = put(i, key, value, 2_000);
        if (last.isOk()) {
          return System.nanoTime() - began;
        }
      }
      if (i == size - 1) {
        pause();
      }
    }
    throw new AssertionError("no acknowledgement within a minute: " + last + "\n" + logs());
  }

  /** What a server says of itself and the cluster; empty if it does not answer. */
  Optional<StatusResponse> status(int i) {
    try {
      return Optional.of(
          ClusterGrpc.newBlockingStub(channels.get(i))
              .withDeadlineAfter(2, TimeUnit.SECONDS)
              .status(StatusRequest.getDefaultInstance()));
    } catch (StatusRuntimeException e) {
      channels.get(i).resetConnectBackoff();
      return Optional.empty();
    }
  }

  /** Who coordinates, as the first that answers says; empty if none answers or knows one. */
  Optional<Integer> coordinator() {
    for (int i = 0; i < size; i++) {
      Optional<StatusResponse> status = isRunning(i) ? status(i) : Optional.empty();
      if (status.isPresent() && status.get().hasCoordinatorId()) {
        return Optional.of(status.get().getCoordinatorId());
      }
    }
    return Optional.empty();
  }

  /** Waits until the log has given this server its vote back. */
  void awaitVoter(int i) {
    boolean unused =
        awaitVote(
            i,
            () ->
                status(i)
                    .filter(said -> said.getMembershipSlot() > 0)
                    .map(said -> isVoter(said, i))
                    .filter(votes -> votes));
  }

  /** Tries until there is something, for a minute at most. */
  private <T> T awaitVote(int i, Supplier<Optional<T>> attempt) {
    long end = System.nanoTime() + TimeUnit.MINUTES.toNanos(1);
    while (System.nanoTime() < end) {
      Optional<T> result = attempt.get();
      if (result.isPresent()) {
        return result.get();
      }
      pause();
    }
    throw new AssertionError("server " + i + " has no vote within a minute\n" + logs());
  }

  private static boolean isVoter(StatusResponse status, int server) {
    return status.getMemberList().stream()
        .anyMatch(
            member ->
                member.getServerId() == server && member.getRole() == MemberStatus.Role.VOTER);
  }

  /** The incarnation of this server that has a vote, as the server itself says. */
  Optional<String> votingIncarnation(int i) {
    return status(i).stream()
        .flatMap(status -> status.getMemberList().stream())
        .filter(member -> member.getServerId() == i)
        .filter(member -> member.getRole() == MemberStatus.Role.VOTER)
        .map(MemberStatus::getIncarnation)
        .findFirst();
  }

  /** Whether the log that this server knows gives a vote to its present incarnation. */
  boolean hasOwnVote(int i) {
    String own = status(i).map(StatusResponse::getIncarnation).orElse("");
    // Members bear the beginning of their incarnations.
    return votingIncarnation(i).filter(own::startsWith).isPresent();
  }

  /** Waits for {@link #hasOwnVote}. */
  void awaitOwnVote(int i) {
    boolean unused = awaitVote(i, () -> Optional.of(hasOwnVote(i)).filter(has -> has));
  }

  /** The incarnation of a server that has a vote, as the server itself says; waits for one. */
  String awaitVotingIncarnation(int i, String otherThan) {
    return awaitVote(i, () -> votingIncarnation(i).filter(now -> !now.equals(otherThan)));
  }

  /** The ends of all logs, for a failure. */
  String logs() {
    StringBuilder all = new StringBuilder();
    for (int i = 0; i < size; i++) {
      Path log = folder.resolve("server" + i + ".log");
      try {
        List<String> lines = Files.exists(log) ? Files.readAllLines(log) : List.of();
        all.append("--- server ").append(i).append('\n');
        lines
            .subList(Math.max(0, lines.size() - 25), lines.size())
            .forEach(line -> all.append(line).append('\n'));
      } catch (IOException e) {
        all.append(e).append('\n');
      }
    }
    return all.toString();
  }

  private static void pause() {
    try {
      Thread.sleep(PAUSE_MILLIS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new AssertionError("interrupted", e);
    }
  }

  @Override
  public void close() throws IOException {
    for (Optional<Process> process : processes) {
      process.ifPresent(Process::destroyForcibly);
    }
    for (ManagedChannel channel : channels) {
      channel.shutdownNow();
    }
    delete(folder);
  }

  static void delete(Path folder) throws IOException {
    try (Stream<Path> paths = Files.walk(folder)) {
      for (Path path : paths.sorted(Comparator.reverseOrder()).toList()) {
        Files.deleteIfExists(path);
      }
    }
  }
}
