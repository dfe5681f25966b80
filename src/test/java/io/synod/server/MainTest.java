package io.synod.server;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.protobuf.ByteString;
import io.grpc.CallOptions;
import io.grpc.ClientCall;
import io.grpc.ManagedChannel;
import io.grpc.Metadata;
import io.grpc.Status;
import io.grpc.netty.shaded.io.grpc.netty.NettyChannelBuilder;
import io.synod.journal.FileDisk;
import io.synod.journal.Journal;
import io.synod.journal.JournalOwner;
import io.synod.journal.JournalSettings;
import io.synod.journal.OpenedJournal;
import io.synod.paxos.AcceptedValue;
import io.synod.paxos.Incarnation;
import io.synod.paxos.JournalRecord;
import io.synod.paxos.Recovered;
import io.synod.paxos.ServerId;
import io.synod.paxos.Slot;
import io.synod.paxos.Value;
import io.synod.proto.ClusterGrpc;
import io.synod.proto.EmptyMessage;
import io.synod.proto.GetRequest;
import io.synod.proto.GetResponse;
import io.synod.proto.KeyValueStoreGrpc;
import io.synod.proto.KeyValueStoreGrpc.KeyValueStoreBlockingStub;
import io.synod.proto.PutRequest;
import io.synod.proto.StatusRequest;
import io.synod.proto.StatusResponse;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Servers as real processes: how they end, and what is left. */
@Timeout(120)
class MainTest {
  private static final int CLIENTS = 0;
  private static final int SERVERS = 1;
  private static final int NOBODY = 2;

  @TempDir private Path data = Path.of("");
  private final int[] ports = freePorts(3);
  private final List<Process> processes = new ArrayList<>();
  private final ManagedChannel channel =
      NettyChannelBuilder.forAddress("127.0.0.1", ports[CLIENTS]).usePlaintext().build();

  @AfterEach
  void stop() {
    channel.shutdownNow();
    processes.forEach(Process::destroyForcibly);
  }

  private static int[] freePorts(int count) {
    List<ServerSocket> sockets = new ArrayList<>();
    int[] ports = new int[count];
    try {
      for (int i = 0; i < count; i++) {
        sockets.add(new ServerSocket(0, 1, InetAddress.getLoopbackAddress()));
        ports[i] = sockets.get(i).getLocalPort();
      }
      for (ServerSocket socket : sockets) {
        socket.close();
      }
    } catch (IOException e) {
      throw new IllegalStateException(e);
    }
    return ports;
  }

  /** A process, and what it says. */
  private record Running(Process process, BufferedReader output) {
    /** Reads on until a line has this; returns the line. */
    String until(String part) throws IOException {
      StringBuilder seen = new StringBuilder();
      for (String line = output.readLine(); line != null; line = output.readLine()) {
        seen.append(line).append('\n');
        if (line.contains(part)) {
          return line;
        }
      }
      throw new AssertionError("no '" + part + "' in:\n" + seen);
    }

    int status() throws InterruptedException {
      return process.waitFor();
    }
  }

  private Running run(String... arguments) throws IOException {
    return launch("exec \"$0\" \"$@\"", arguments);
  }

  /** Runs a server by way of a shell. */
  private Running launch(String shell, String... arguments) throws IOException {
    List<String> command = new ArrayList<>(List.of("bash", "-c", shell));
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(List.of("-Xmx256m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1"));
    command.add("-XX:CompileThresholdScaling=10");
    command.addAll(List.of("-cp", System.getProperty("java.class.path"), Main.class.getName()));
    command.addAll(List.of(arguments));
    Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
    processes.add(process);
    return new Running(
        process,
        new BufferedReader(
            new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8)));
  }

  /** A server that is a cluster of its own. */
  private String[] alone() {
    return new String[] {
      "--my-addr", "127.0.0.1:" + ports[CLIENTS],
      "--my-paxos", "127.0.0.1:" + ports[SERVERS],
      "--replica", "127.0.0.1:" + ports[SERVERS],
      "--data-dir", data.toString(),
      "--journal-segment-mib", "1"
    };
  }

  private static PutRequest put(String key, ByteString value) {
    return PutRequest.newBuilder().setKey(ByteString.copyFromUtf8(key)).setValue(value).build();
  }

  /** More than its memory is asked for and not read: it goes on, and answers those that read. */
  @Test
  void clientsThatDoNotReadDoNotEndIt() throws Exception {
    KeyValueStoreBlockingStub stub = KeyValueStoreGrpc.newBlockingStub(channel).withWaitForReady();
    ByteString mebibyte = ByteString.copyFrom(new byte[1 << 20]);
    ByteString key = ByteString.copyFromUtf8("k");
    List<String> arguments = new ArrayList<>(List.of(alone()));
    arguments.addAll(List.of("--default-deadline-millis", "3000"));
    Running running = run(arguments.toArray(String[]::new));
    running.until("the store answers");
    assertEquals(EmptyMessage.getDefaultInstance(), stub.putPair(put("k", mebibyte)));
    List<ManagedChannel> stuck = new ArrayList<>();
    try {
      for (int client = 0; client < 4; client++) {
        ManagedChannel each =
            NettyChannelBuilder.forAddress("127.0.0.1", ports[CLIENTS])
                .usePlaintext()
                .flowControlWindow(65_535)
                .build();
        stuck.add(each);
        for (int i = 0; i < 200; i++) {
          ClientCall<GetRequest, GetResponse> call =
              each.newCall(KeyValueStoreGrpc.getGetValueMethod(), CallOptions.DEFAULT);
          call.start(new ClientCall.Listener<>() {}, new Metadata());
          call.sendMessage(GetRequest.newBuilder().setKey(key).build());
          call.halfClose();
        }
      }
      // Longer than the deadline of those calls.
      long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(5);
      while (System.nanoTime() - end < 0) {
        GetResponse response =
            stub.withDeadlineAfter(10, TimeUnit.SECONDS)
                .getValue(GetRequest.newBuilder().setKey(key).build());
        assertEquals(mebibyte, response.getValue());
      }
      assertTrue(running.process().isAlive());
    } finally {
      stuck.forEach(ManagedChannel::shutdownNow);
    }
  }

  @Test
  void aSignalEndsItInOrderAndItsDataIsThereAgain() throws Exception {
    KeyValueStoreBlockingStub stub = KeyValueStoreGrpc.newBlockingStub(channel).withWaitForReady();
    ByteString value = ByteString.copyFromUtf8("v");
    Running first = run(alone());
    first.until("the store answers");
    assertEquals(EmptyMessage.getDefaultInstance(), stub.putPair(put("k", value)));

    first.process().toHandle().destroy();
    first.until("stopped in");
    assertEquals(0, first.status());

    Running second = run(alone());
    second.until("the store answers");
    assertEquals(
        value,
        stub.getValue(GetRequest.newBuilder().setKey(ByteString.copyFromUtf8("k")).build())
            .getValue());
  }

  /** A directory of another cluster, though of a server with the same id. */
  @Test
  void aDirectoryOfAnotherClusterIsRefusedByName() throws Exception {
    Running first = run(alone());
    String cluster = cluster(first.until(" is open with "));
    first.until("the store answers");
    first.process().destroyForcibly().waitFor();

    String other = new UUID(3, 4).toString();
    Running refused = run(aloneIn(other));
    String why = refused.until("belongs to cluster");
    assertTrue(why.contains(cluster) && why.contains(other), why);
    assertEquals(1, refused.status());

    Running again = run(aloneIn(cluster));
    again.until("the store answers");
  }

  /** As after a newer release ran on it, and the cluster had gone over to what only that knows. */
  private Slot behaveByASecondVersion() throws IOException {
    try (FileDisk disk = FileDisk.open(data)) {
      OpenedJournal opened =
          Journal.open(
              disk,
              JournalSettings.DEFAULT.withSegmentBytes(1 << 20),
              new JournalOwner(
                  new ServerId(0), () -> new Incarnation(new UUID(5, 6)), Optional.empty()),
              System::nanoTime);
      Recovered has = opened.recovered();
      Slot slot = has.cut().plus(has.accepted().size() + 1);
      try (Journal journal = opened.journal()) {
        long unused =
            journal.append(
                List.of(
                    new JournalRecord.ValueAccepted(
                        new AcceptedValue(slot, has.promised(), new Value.Version(2))),
                    new JournalRecord.ChosenUpTo(slot)));
        while (journal.write()) {
          // The next records.
        }
      }
      return slot;
    }
  }

  /** One line says which program it takes, and nothing is applied by another. */
  @Test
  void aClusterThatBehavesByANewerVersionIsLeftAlone() throws Exception {
    Running first = run(alone());
    first.until("the store answers");
    first.process().destroyForcibly().waitFor();
    Slot slot = behaveByASecondVersion();
    for (int i = 0; i < 2; i++) {
      Running refused = run(alone());
      assertEquals(
          "synod: cannot start: this cluster behaves by version 2 since slot "
              + slot.number()
              + "; this program knows up to 1: start the newer release",
          refused.until("cannot start"));
      assertEquals(2, refused.status());
    }
  }

  /** One that is told its cluster founds no other when its directory is empty. */
  @Test
  void oneThatIsToldItsClusterWaitsForItAndFoundsNoOther() throws Exception {
    String other = new UUID(3, 4).toString();
    Running waiting = run(aloneIn(other));
    waiting.until("waiting for a server of cluster " + other);
    waiting.until("listening for clients on");
    // Alone without a cluster_id it is open by its first turns.
    StatusResponse status;
    do {
      status =
          ClusterGrpc.newBlockingStub(channel)
              .withDeadlineAfter(20, TimeUnit.SECONDS)
              .status(StatusRequest.getDefaultInstance());
      assertEquals("waiting for a server of cluster " + other, status.getWaitingFor());
      assertFalse(status.hasClusterId());
    } while (status.getUptimeMillis() < 1_500);
    waiting.process().destroyForcibly().waitFor();

    Running founding = run(alone());
    founding.until(" is open with ");
  }

  /** One with nothing of its own would call them for ever. */
  @Test
  void oneThatIsToldItsClusterDoesNotCallAnotherForEver() throws Exception {
    Running first = run(alone());
    String cluster = cluster(first.until(" is open with "));

    String other = new UUID(3, 4).toString();
    int[] own = freePorts(2);
    Running second =
        run(
            "--my-addr",
            "127.0.0.1:" + own[CLIENTS],
            "--my-paxos",
            "127.0.0.1:" + own[SERVERS],
            "--replica",
            "127.0.0.1:" + ports[SERVERS] + ",127.0.0.1:" + own[SERVERS],
            "--data-dir",
            data.resolve("second").toString(),
            "--journal-segment-mib",
            "1",
            "--cluster-id",
            other);
    String why = second.until("synod: cannot start: ");
    assertTrue(why.contains(cluster) && why.contains(other), why);
    assertEquals(2, second.status());
  }

  private static String cluster(String opened) {
    return opened.replaceAll(".*cluster (\\S+) is open with .*", "$1");
  }

  private String[] aloneIn(String cluster) {
    List<String> arguments = new ArrayList<>(List.of(alone()));
    arguments.addAll(List.of("--cluster-id", cluster));
    return arguments.toArray(String[]::new);
  }

  @Test
  void aCallUnderWayIsAnsweredBeforeItEnds() throws Exception {
    String[] arguments = alone();
    arguments[5] += ",127.0.0.1:" + ports[NOBODY];
    Running waits = run(arguments);
    waits.until("to join their cluster, or to found one with them");
    Future<EmptyMessage> call =
        KeyValueStoreGrpc.newFutureStub(channel)
            .withWaitForReady()
            .putPair(put("k", ByteString.EMPTY));
    // A call that the server answers at once, on the same connection, shows that the one before has
    // arrived.
    assertThrows(
        io.grpc.StatusRuntimeException.class,
        () ->
            KeyValueStoreGrpc.newBlockingStub(channel)
                .withWaitForReady()
                .putPair(PutRequest.getDefaultInstance()));

    waits.process().toHandle().destroy();
    ExecutionException e =
        assertThrows(ExecutionException.class, () -> call.get(30, TimeUnit.SECONDS));
    assertEquals(Status.Code.UNAVAILABLE, Status.fromThrowable(e).getCode());
    Metadata trailers = Status.trailersFromThrowable(e);
    assertEquals(
        "not-proposed", trailers == null ? "no trailers" : trailers.get(UnaryCall.OUTCOME));
    assertEquals(0, waits.status());
  }

  @Test
  void aWrongConfigurationEndsItWithStatusTwo() throws Exception {
    Running wrong = run("my_addr:'localhost:8000' my_paxis:'localhost:9000'");

    assertTrue(wrong.until("synod: ").contains("there is no field my_paxis"));
    assertEquals(2, wrong.status());
  }

  @Test
  void aPortInUseEndsItWithStatusOne() throws Exception {
    try (ServerSocket other =
        new ServerSocket(ports[CLIENTS], 1, InetAddress.getLoopbackAddress())) {
      Running refused = run(alone());

      String line = refused.until("synod: cannot start");
      assertTrue(line.contains("port " + other.getLocalPort()), line);
      assertEquals(1, refused.status());
    }
  }

  @Test
  void aDirectoryThatCannotBeOneEndsItWithStatusOneAndSaysWhy() throws Exception {
    Path file = Files.createFile(data.resolve("file"));
    String[] arguments = alone();
    for (Path wrong : List.of(file, file.resolve("below"))) {
      arguments[7] = wrong.toString();
      Running refused = run(arguments);
      String line = refused.until("synod: cannot start");
      assertTrue(
          line.contains("the data directory " + wrong + " cannot be used: " + file), () -> line);
      assertTrue(
          line.contains("is a file, not a folder") || line.contains("Not a directory"), line);
      assertEquals(1, refused.status());
    }
  }

  @Test
  void aDirectoryInUseEndsItWithStatusOne() throws Exception {
    Running first = run(alone());
    first.until("the store answers");
    String[] arguments = alone();
    arguments[1] = "127.0.0.1:" + ports[NOBODY];

    Running second = run(arguments);
    String line = second.until("synod: cannot start");
    assertTrue(line.contains("in use by process " + first.process().pid()), line);
    assertEquals(1, second.status());
  }

  @Test
  void aDiskThatFailsEndsItWithStatusSeventyFour() throws Exception {
    // No file may be longer than 1 MiB: a frame of that length fits in no segment.
    Running full = launch("ulimit -f 1024; exec \"$0\" \"$@\"", alone());
    full.until("the store answers");

    assertThrows(
        io.grpc.StatusRuntimeException.class,
        () ->
            KeyValueStoreGrpc.newBlockingStub(channel)
                .withWaitForReady()
                .putPair(put("k", ByteString.copyFrom(new byte[1 << 20]))));
    assertTrue(full.until("the journal failed").contains("ERROR"));
    assertEquals(74, full.status());
  }
}
