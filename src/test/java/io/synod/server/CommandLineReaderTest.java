package io.synod.server;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.protobuf.Descriptors.FieldDescriptor;
import io.synod.node.ClientRequest.ReadMode;
import io.synod.paxos.Address;
import io.synod.paxos.ClusterId;
import io.synod.paxos.QuorumPolicy;
import io.synod.paxos.ServerId;
import io.synod.paxos.Slot;
import io.synod.paxos.SlotRange;
import io.synod.proto.ServerConfig;
import io.synod.server.CommandLineReader.Wish;
import io.synod.server.Configuration.Disk;
import io.synod.server.Configuration.Limits;
import io.synod.server.Configuration.Listen;
import io.synod.server.Configuration.Timings;
import io.synod.text.Version;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

class CommandLineReaderTest {
  private static final Path HOME = Path.of("/srv/synod");
  private static final String THREE =
      "my_addr:'0.0.0.0:8001' my_paxos:'0.0.0.0:9001' "
          + "replica:'0.0.0.0:9000' replica:'0.0.0.0:9001' replica:'0.0.0.0:9002'";

  private static Configuration read(String... arguments) throws BadConfigurationException {
    return ((Wish.Run) CommandLineReader.read(List.of(arguments), Optional.of(HOME)))
        .configuration();
  }

  @Test
  void readsTheTextOfOldConfigurationsAndFillsInTheRest() throws BadConfigurationException {
    Configuration configuration = read(THREE + " fail_rate:0.3");

    assertEquals(
        new Configuration(
            new ServerId(1),
            Optional.empty(),
            List.of(
                new Address("0.0.0.0", 9000),
                new Address("0.0.0.0", 9001),
                new Address("0.0.0.0", 9002)),
            new Listen(new Address("0.0.0.0", 8001), new Address("0.0.0.0", 9001)),
            new Address("localhost", 8001),
            HOME.resolve("data/8001"),
            ReadMode.LINEARIZABLE,
            0.3,
            /* bootstrapAvailable= */ false,
            new Timings(50, 1_000, 5_000, 10_000),
            new Limits(
                16_384,
                65_536,
                1_048_576,
                16 << 20,
                ((Runtime.getRuntime().maxMemory() >> 20) * 2 / 5) << 20,
                new Disk(512 << 20, 256 << 20),
                ((Runtime.getRuntime().maxMemory() >> 20) / 4) << 20,
                (12 * Math.min(32 << 20, Runtime.getRuntime().maxMemory() / 64)) >> 20 << 20,
                64 << 20,
                Math.min(64 << 20, ((Runtime.getRuntime().maxMemory() >> 20) / 8) << 20)),
            Configuration.Storage.HEAP,
            Optional.empty(),
            /* priority= */ 0,
            QuorumPolicy.Mode.MAJORITY,
            Optional.empty(),
            Optional.empty()),
        configuration);
  }

  @Test
  void whatIsKeptOfTheLogAndSentASecondIsGivenInMib() throws BadConfigurationException {
    Limits limits = read(THREE, "--log-mib", "8", "--snapshot-mib-per-second", "2").limits();
    assertEquals(8 << 20, limits.logBytes());
    assertEquals(2 << 20, limits.snapshotBytesASecond());
  }

  @Test
  void aClusterIsGivenByItsId() throws BadConfigurationException {
    UUID id = new UUID(3, 4);
    assertEquals(
        Optional.of(new ClusterId(id)), read(THREE, "--cluster-id", id.toString()).cluster());
    String why =
        String.valueOf(
            assertThrows(BadConfigurationException.class, () -> read(THREE, "--cluster-id", "mine"))
                .getMessage());
    assertTrue(why.startsWith("cluster_id mine is no id of a cluster"), why);
  }

  @Test
  void aWitnessIsAKindOfStorage() throws BadConfigurationException {
    Configuration configuration = read(THREE, "--witness", "--witness-log-mib", "8");
    assertTrue(configuration.isWitness());
    assertEquals(8 << 20, configuration.limits().witnessLogBytes());
    assertEquals(configuration, read(THREE + " witness:true witness_log_mib:8"));
    assertFalse(read(THREE).isWitness());
  }

  @Test
  void aCheckIsNoRun() throws BadConfigurationException {
    Wish wish = CommandLineReader.read(List.of(THREE, "--check"), Optional.of(HOME));
    assertEquals(read(THREE), ((Wish.Check) wish).configuration());
    assertThrows(
        BadConfigurationException.class,
        () -> CommandLineReader.read(List.of(THREE, "--check", "--storge"), Optional.of(HOME)));
  }

  @Test
  void aTokenIsASecret() throws BadConfigurationException {
    assertEquals(
        Optional.of("correct-horse"),
        read(THREE, "--cluster-token", "correct-horse").clusterToken());
    for (String bad : List.of("short", "two words here", "sch\u00f6n-geheim")) {
      String why =
          String.valueOf(
              assertThrows(
                      BadConfigurationException.class, () -> read(THREE, "--cluster-token", bad))
                  .getMessage());
      assertTrue(why.startsWith("cluster_token is no secret"), why);
    }
  }

  @Test
  void aMajorityMayFoundOnlyWhereTheClusterIsSaidToBeNew() throws BadConfigurationException {
    Configuration configuration = read(THREE, "--bootstrap-available", "--new-cluster");

    assertTrue(configuration.bootstrapAvailable());
    assertEquals(configuration, read(THREE + " bootstrap_available:true new_cluster:true"));
    assertFalse(read(THREE, "--new-cluster").bootstrapAvailable());
  }

  @Test
  void readsTheSameFromTextAndFileAndOptions(@TempDir Path folder) throws Exception {
    Path file =
        Files.writeString(
            folder.resolve("server.textproto"), "# the middle one\n" + THREE.replace(" ", "\n"));
    Configuration configuration = read(THREE);

    assertEquals(configuration, read("--config", file.toString()));
    assertEquals(
        configuration,
        read(
            "--my-addr=0.0.0.0:8001",
            "--my_paxos",
            "0.0.0.0:9001",
            "--replica",
            "0.0.0.0:9000,0.0.0.0:9001",
            "--replica",
            "0.0.0.0:9002"));
  }

  @Test
  void optionsWinOverTextAndFile(@TempDir Path folder) throws Exception {
    Path file =
        Files.writeString(folder.resolve("server.textproto"), THREE + " fail_rate:0.1 server_id:1");

    assertEquals(0.5, read(THREE + " fail_rate:0.1", "--fail-rate", "0.5").failRate());
    Configuration configuration =
        read(
            "--config",
            file.toString(),
            "--fail-rate=1",
            "--read-mode",
            "local",
            "--data-dir",
            "/tmp/x/../y");
    assertEquals(1, configuration.failRate());
    assertEquals(ReadMode.LOCAL, configuration.readMode());
    assertEquals(ReadMode.LEASE, read(THREE, "--read-mode", "lease").readMode());
    assertEquals(Path.of("/tmp/y"), configuration.dataDirectory());
    assertEquals(
        List.of(new Address("0.0.0.0", 9001), new Address("0.0.0.0", 9005)),
        read(THREE, "--replica", "0.0.0.0:9001", "--replica", "0.0.0.0:9005").replicas());
  }

  static Stream<Arguments> places() {
    String three = "h0:9000,h1:9000,h2:9000";
    return Stream.of(
        Arguments.of("localhost:9001", "localhost:9000,localhost:9001", new String[0], 1),
        Arguments.of("0.0.0.0:9001", "h0:9000,h1:9001", new String[0], 1),
        Arguments.of("127.0.0.1:9001", "0.0.0.0:9000,localhost:9001", new String[0], 1),
        Arguments.of("0.0.0.0:9000", "localhost:9000,localhost:9001", new String[0], 0),
        Arguments.of("[::1]:9001", "localhost:9000,localhost:9001", new String[0], 1),
        Arguments.of("H2:9000", three, new String[0], 2),
        Arguments.of("0.0.0.0:9000", three, new String[] {"--server-id", "2"}, 2));
  }

  @ParameterizedTest
  @MethodSource("places")
  void findsItselfInTheList(String own, String replicas, String[] more, int place)
      throws BadConfigurationException {
    Stream<String> arguments =
        Stream.concat(
            Stream.of("--my-addr", "0.0.0.0:8000", "--my-paxos", own, "--replica", replicas),
            Arrays.stream(more));

    assertEquals(new ServerId(place), read(arguments.toArray(String[]::new)).server());
  }

  @Test
  void tellsOthersAnAddressThatTheyCanCall() throws BadConfigurationException {
    String elsewhere = "--my-paxos 0.0.0.0:9001 --replica h0:9000,h1:9001 --my-addr";

    assertEquals(
        new Address("h1", 8000), read((elsewhere + " 0.0.0.0:8000").split(" ")).clientAddress());
    assertEquals(
        new Address("front", 8000), read((elsewhere + " front:8000").split(" ")).clientAddress());
  }

  static Stream<Arguments> mistakes() {
    return Stream.of(
        bad(
            "there is no field my_adr (did you mean my_addr?); there are my_addr, my_paxos",
            THREE + " my_adr:'x'"),
        bad("my_addr is given twice", THREE + " my_addr:'localhost:8000'"),
        bad("the argument cannot be read at line 1, column 1: Expected identifier", "{"),
        bad("my_addr: its value stands in straight quotes: write my_addr:'8000'", "my_addr:8000"),
        bad("quotes: write my_addr:'h:8000'", "my_addr:\u201ch:8000\u201d"),
        bad("my_addr: the quote before h:8000 is not closed", "my_addr:'h:8000 fail_rate:0.1"),
        bad("my_addr: a colon is missing behind it: write my_addr:'HOST:PORT'", "my_addr 'x'"),
        bad("my_addr: its value is missing: write my_addr:'HOST:PORT'", "my_addr:"),
        bad("data_dir: a backslash in quotes is written twice", "data_dir:'C:\\q'"),
        bad("argument: fail_rate: 'abc' is not a number: write fail_rate:0.3", "fail_rate:abc"),
        bad("fail_rate: '0,3' is not a number: write fail_rate:0.3", "fail_rate:0,3"),
        bad("fail_rate: '0,3' is not a number", "fail_rate:0,3 " + THREE),
        bad("fail_rate: '0.3' is not a number: write fail_rate:0.3", "fail_rate: '0.3' "),
        bad("argument, line 2: fail_rate: 'abc' is not a number", "my_addr:'x'\nfail_rate:abc"),
        bad("argument, line 2: there is no field my_adr", THREE + "\nmy_adr:'x'"),
        bad("argument, line 2: my_addr is given twice", THREE + "\nmy_addr:'localhost:8000'"),
        bad("quota_mib: '1.5' is not a whole number from 0 to 4294967295", "quota_mib:1.5"),
        bad("quota_mib: '99999999999' is not a whole number", "quota_mib:99999999999"),
        bad(
            "quorum: there is no 'DYNAMC' (did you mean DYNAMIC?); there are MAJORITY, DYNAMIC",
            THREE + " quorum:DYNAMC"),
        bad("there is no 'dynamic' (did you mean DYNAMIC?)", THREE + " quorum:dynamic"),
        bad("storage: its value stands without quotes: write storage:ROCKSDB", "storage:'ROCKSDB'"),
        bad("new_cluster: 'maybe' is neither true nor false", THREE + " new_cluster:maybe"),
        bad("replica: its value stands in straight quotes: write replica:'a:1'", "replica:[a:1]"),
        bad("is out of range: it is 1 to 60000", THREE + " ping_interval_millis:0"),
        bad(
            "ping_interval_millis: '-1' is not a whole number from 0 to 4294967295: write"
                + " ping_interval_millis:N (how often servers ping each other (default 50))",
            THREE + " ping_interval_millis:-1"),
        bad("my_addr is missing", THREE.replaceFirst("my_addr:'[^']*'", "")),
        bad("my_paxos is missing", THREE.replaceFirst("my_paxos:'[^']*'", "")),
        bad("replica is missing", THREE.replaceAll("replica:'[^']*'", "")),
        bad(
            "my_addr localhost: 'localhost' is not an address: want HOST:PORT",
            THREE,
            "--my-addr",
            "localhost"),
        bad("a port is 1 to 65535, not 70000", THREE, "--my-addr", "localhost:70000"),
        bad("a port is 1 to 65535, not 0", THREE, "--my-addr", "localhost:0"),
        bad("have the same port 9001", THREE, "--my-addr", "localhost:9001"),
        bad(
            "is not in the list of replicas (0.0.0.0:9000, 0.0.0.0:9001",
            THREE,
            "--my-paxos",
            "0.0.0.0:9009"),
        bad("is not in the list of replicas", THREE, "--my-paxos", "elsewhere:9001"),
        bad("is in the list twice", THREE + " replica:'localhost:9002'"),
        bad("has both 0.0.0.0 and other machines", THREE + " replica:'elsewhere:9003'"),
        bad(
            "may be any of the replicas 0 (h0:9001), 1 (h1:9001): say which",
            THREE,
            "--replica",
            "h0:9001,h1:9001"),
        bad(
            "server_id 3 is not a place in the list of 3 replicas: it is 0 to 2",
            THREE + " server_id:3"),
        bad(
            "server_id 0 is replica 0.0.0.0:9000, and my_paxos 0.0.0.0:9001 is replica 1",
            THREE + " server_id:0"),
        bad("fail_rate 1.5 is no chance: it is 0 (never) to 1 (always)", THREE + " fail_rate:1.5"),
        bad("fail_rate -0.1 is no chance", THREE, "--fail-rate", "-0.1"),
        bad("fail_rate NaN is no chance", THREE, "--fail-rate", "NaN"),
        bad("--fail-rate: 'often' is not a number", THREE, "--fail-rate", "often"),
        bad("--server-id: '1.5' is not a whole number", THREE, "--server-id", "1.5"),
        bad(
            "--read-mode: there is no 'fresh': linearizable, lease: the same for less",
            THREE,
            "--read-mode",
            "fresh"),
        bad("--fail-rate is given twice", THREE, "--fail-rate", "0.1", "--fail_rate", "0.2"),
        bad("at least three intervals, 1200", THREE, "--ping-interval-millis", "400"),
        bad(
            "queue_requests 1000 is not a power of two: the next one is 1024",
            THREE,
            "--queue-requests",
            "1000"),
        bad(
            "queue_requests 131072 is out of range: it is 16 to 65536",
            THREE,
            "--queue-requests",
            "131072"),
        bad(
            "witness with storage ROCKSDB: a witness has no store",
            THREE,
            "--witness",
            "--storage",
            "rocksdb"),
        bad(
            "witness with storage MEMORY: a witness has no store",
            THREE + " witness:true storage:MEMORY"),
        bad(
            "witness: server 0 founds the cluster",
            THREE.replace("paxos:'0.0.0.0:9001", "paxos:'0.0.0.0:9000"),
            "--witness"),
        bad(
            "witness_log_mib is of a witness, and this server is none",
            THREE,
            "--witness-log-mib",
            "8"),
        bad("bootstrap_available without new_cluster: ", THREE, "--bootstrap-available"),
        bad("bootstrap_available without new_cluster: ", THREE + " bootstrap_available:true"),
        bad(
            "bootstrap_available with storage memory: ",
            THREE + " bootstrap_available:true new_cluster:true storage:MEMORY"),
        bad(
            "value_limit_bytes 2000000 is out of range: it is 1 to 1048576",
            THREE,
            "--value-limit-bytes",
            "2000000"),
        bad("there is no option --no-such; --help", THREE, "--no-such"),
        bad("no option --storge (did you mean --storage?); --help", THREE, "--storge", "heap"),
        bad("--fail-rate wants a value", THREE, "--fail-rate"),
        bad("there are 2 arguments, 'my_paxos:x' among them", "my_addr:x", "my_paxos:x"),
        bad("there is no file /no/such/file", "--config", "/no/such/file"),
        bad("/ is a folder: name a file", "--config", "/"),
        bad("quota_mib 1048576 does not fit into the heap of", THREE, "--quota-mib", "1048576"),
        bad(
            "disk_warn_mib 10 is less than disk_floor_mib 11: the warning comes before",
            THREE,
            "--disk-warn-mib",
            "10",
            "--disk-floor-mib",
            "11"),
        bad("log_mib 1048576 does not fit into the heap of", THREE, "--log-mib", "1048576"),
        bad("log_mib 3 is out of range: it is 4 to 16777216", THREE, "--log-mib", "3"),
        bad(
            "snapshot_mib_per_second 0 is out of range: it is 1 to 1048576",
            THREE,
            "--snapshot-mib-per-second",
            "0"),
        bad("the configuration is given twice", THREE, "--config", "/no/such/file"));
  }

  private static Arguments bad(String reason, String... arguments) {
    return Arguments.of(reason, arguments);
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("mistakes")
  void saysInOneLineWhatIsWrong(String reason, String[] arguments) {
    BadConfigurationException e =
        assertThrows(BadConfigurationException.class, () -> read(arguments));

    String message = String.valueOf(e.getMessage());
    assertTrue(message.contains(reason), message);
    assertFalse(message.contains("\n"), message);
  }

  @Test
  void wantsADataDirectoryWhereItKnowsNoHome() {
    assertThrows(
        BadConfigurationException.class,
        () -> CommandLineReader.read(List.of(THREE), Optional.empty()));
  }

  @Test
  void helpNamesEveryOptionInReadableLines() throws BadConfigurationException, IOException {
    String help = ((Wish.Print) CommandLineReader.read(List.of("--help"), Optional.empty())).text();

    for (Setting setting : Setting.values()) {
      assertTrue(
          help.contains("--" + setting.optionName() + " " + setting.argument()), setting.name());
    }
    assertTrue(help.lines().allMatch(line -> line.length() <= 100), help);
    assertEquals(
        new Wish.Print(help, /* asked= */ false),
        CommandLineReader.read(List.of(), Optional.empty()));
  }

  @Test
  void saysWhichVersionItIsAndOnWhichJdk() throws BadConfigurationException {
    Wish.Print said = (Wish.Print) CommandLineReader.read(List.of("--version"), Optional.empty());
    assertTrue(said.asked());
    assertEquals(Version.line() + System.lineSeparator(), said.text());
    assertTrue(said.text().startsWith("synod " + Version.text() + ", JDK "), said.text());
    assertTrue(said.text().contains(System.getProperty("java.version")), said.text());
  }

  @Test
  void namesWhatThereIsInPlaceOfATypo() {
    assertSays(
        "storage: DISC " + THREE, "storage: there is no 'DISC'; there are ", "HEAP", "MEMORY");
    BadConfigurationException e =
        assertThrows(
            BadConfigurationException.class,
            () -> CommandLineReader.read(List.of("--config", "no-such-file"), Optional.empty()));
    assertEquals("--config: there is no file no-such-file", e.getMessage());
  }

  private static void assertSays(String text, String... parts) {
    BadConfigurationException e =
        assertThrows(
            BadConfigurationException.class,
            () -> CommandLineReader.read(List.of(text), Optional.empty()));
    for (String part : parts) {
      assertTrue(String.valueOf(e.getMessage()).contains(part), e::getMessage);
    }
  }

  @Test
  void everyFieldIsASetting() {
    assertEquals(
        ServerConfig.getDescriptor().getFields().stream()
            .map(FieldDescriptor::getName)
            .collect(Collectors.toSet()),
        Arrays.stream(Setting.values()).map(Setting::fieldName).collect(Collectors.toSet()));
  }

  @Test
  void readsHowMuchAServerIsPreferred() throws BadConfigurationException {
    assertEquals(7, read(THREE, "--priority", "7").priority());
    assertSays(
        THREE + " data_dir:'d' priority:1001", "priority 1001 is out of range: it is 0 to 1000");
  }

  @Test
  void readsAStorageThatKeepsNothing() throws BadConfigurationException {
    assertEquals(Configuration.Storage.MEMORY, read(THREE, "--storage", "memory").storage());
    assertEquals(Configuration.Storage.MEMORY, read(THREE + " storage:MEMORY").storage());
  }

  @Test
  void readsAQuorumThatFollowsWhoIsThere() throws BadConfigurationException {
    Configuration configuration =
        read(THREE, "--quorum", "dynamic", "--election-timeout-millis", "300");
    assertEquals(QuorumPolicy.Mode.DYNAMIC, configuration.quorum());
    assertEquals(1_500, configuration.timings().standbyTimeoutMillis());
    assertEquals(
        2_000,
        read(THREE + " quorum:DYNAMIC standby_timeout_millis:2000")
            .timings()
            .standbyTimeoutMillis());
    assertEquals(Optional.empty(), configuration.lastVoter());
    assertEquals(
        Optional.of(new ServerId(2)),
        read(THREE, "--quorum", "dynamic", "--last-voter", "2").lastVoter());
    assertSays(THREE + " data_dir:'d' last_voter:1", "last_voter is of quorum dynamic");
    assertSays(
        THREE + " data_dir:'d' quorum:DYNAMIC last_voter:3",
        "last_voter 3 is out of range: it is 0 to 2");
    assertSays("quorum:MOST " + THREE, "there is no 'MOST'; there are MAJORITY, DYNAMIC");
    assertSays(
        THREE + " data_dir:'/srv/d' standby_timeout_millis:999",
        "standby_timeout_millis 999 is shorter than the election timeout",
        "1000 ms");
    assertSays(
        THREE + " data_dir:'/srv/d' standby_timeout_millis:0",
        "standby_timeout_millis 0 is out of range");
  }

  @Test
  void readsAnOperatorsWordOnATornTail() throws BadConfigurationException {
    assertEquals(
        Optional.of(new SlotRange(new Slot(26), new Slot(97))),
        read(THREE, "--accept-torn-tail", "26-97").acceptedTornTail());
    for (String wrong : new String[] {"26", "97-26", "0-3", "26-", "a-b", "-1-4"}) {
      BadConfigurationException refused =
          assertThrows(
              BadConfigurationException.class, () -> read(THREE, "--accept-torn-tail=" + wrong));
      assertTrue(String.valueOf(refused.getMessage()).contains(wrong), refused::toString);
    }
  }
}
