package io.synod.architecture;

import static com.tngtech.archunit.base.DescribedPredicate.not;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.belongToAnyOf;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAPackage;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAnyPackage;
import static com.tngtech.archunit.core.domain.JavaModifier.SYNCHRONIZED;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.methods;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;

import com.google.common.collect.ImmutableList;
import com.tngtech.archunit.base.DescribedPredicate;
import com.tngtech.archunit.core.domain.AccessTarget.CodeUnitCallTarget;
import com.tngtech.archunit.core.domain.JavaAccess;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.lang.ArchRule;
import io.synod.journal.Disk;
import io.synod.journal.DiskFile;
import java.util.Arrays;
import java.util.Collection;
import java.util.Collections;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.UUID;
import java.util.function.Predicate;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Keeps the packages apart as their package-info files say. */
class ArchitectureTest {
  private static final String ROOT = "io.synod.";
  private static final String PROTO = ROOT + "proto";
  private static final String PAXOS = ROOT + "paxos..";

  private static JavaClasses production;

  @BeforeAll
  static void readClasses() {
    production =
        new ClassFileImporter()
            .withImportOption(ImportOption.Predefined.DO_NOT_INCLUDE_TESTS)
            .importPackages("io.synod");
  }

  /** Each package, and which others of ours it may use. Their names end at the package itself. */
  private enum Room {
    PAXOS("paxos"),
    JOURNAL("journal", "paxos"),
    STORE("store", "paxos", "journal"),
    TRANSPORT("transport", "paxos"),
    TRANSPORT_GRPC("transport.grpc", "transport", "paxos", "proto"),
    NODE("node", "paxos", "journal", "store", "transport"),
    TEXT("text"),
    SERVER(
        "server",
        "node",
        "paxos",
        "journal",
        "store",
        "transport",
        "transport.grpc",
        "proto",
        "text"),
    CLIENT("client", "proto"),
    CLI("cli", "client", "proto", "text"),
    PROTO("proto");

    private final String name;
    private final ImmutableList<String> uses;

    Room(String name, String... uses) {
      this.name = name;
      this.uses = ImmutableList.copyOf(uses);
    }

    /** It, and what it may use. */
    String[] reach() {
      return Stream.concat(Stream.of(name), uses.stream())
          .map(r -> ROOT + r)
          .toArray(String[]::new);
    }
  }

  @ParameterizedTest
  @EnumSource(Room.class)
  void usesOnlyTheRoomsBelowIt(Room room) {
    DescribedPredicate<JavaClass> elsewhere =
        resideInAPackage("io.synod..").and(not(resideInAnyPackage(room.reach())));
    check(
        noClasses()
            .that()
            .resideInAPackage(ROOT + room.name)
            .should()
            .dependOnClassesThat(elsewhere)
            .as(room.name + " uses nothing of ours but " + room.uses)
            .allowEmptyShould(true));
  }

  @Test
  void storeUsesNothingOfTheJournalButItsDisk() {
    check(
        noClasses()
            .that()
            .resideInAPackage(ROOT + "store")
            .should()
            .dependOnClassesThat(
                resideInAPackage(ROOT + "journal")
                    .and(not(belongToAnyOf(Disk.class, DiskFile.class)))));
  }

  @Test
  void everyClassIsInARoom() {
    String[] rooms = Stream.of(Room.values()).map(r -> ROOT + r.name).toArray(String[]::new);
    check(
        classes()
            .should()
            .resideInAnyPackage(rooms)
            .because("a new package needs its place in the table of this test"));
  }

  @Test
  void packagesHaveNoCycles() {
    check(slices().matching("io.synod.(**)").should().beFreeOfCycles());
  }

  @Test
  void generatedTypesStayAtTheEdges() {
    check(
        noClasses()
            .that()
            .resideOutsideOfPackages(
                PROTO, ROOT + "transport.grpc", ROOT + "server", ROOT + "client", ROOT + "cli")
            .should()
            .dependOnClassesThat()
            .resideInAnyPackage(PROTO, "com.google.protobuf..", "io.grpc..")
            .because("protobuf and gRPC belong to the codec, the services and the clients"));
  }

  @Test
  void whatAPersonTypesIntoKnowsTheClientAndNoGeneratedTypes() {
    check(
        noClasses()
            .that()
            .resideInAPackage(ROOT + "cli")
            .and()
            .haveNameNotMatching(".*\\.(Workload|GrpcCaller|EchoServer|Etcd)(\\$.*)?")
            .should()
            .dependOnClassesThat()
            .resideInAPackage(PROTO)
            .because(
                "only the load generator calls below the client library, to measure the rest"));
  }

  @Test
  void nativeCodeStaysBehindTheEngineOnRocksDb() {
    check(
        noClasses()
            .that()
            .haveNameNotMatching("io\\.synod\\.store\\.Rocks[A-Za-z]+(\\$.*)?")
            .should()
            .dependOnClassesThat()
            .resideInAPackage("org.rocksdb..")
            .because("the library is optional, and its memory is nobody else's to let go of"));
  }

  @Test
  void onlyThePublicClassesOfTheEngineOnRocksDbAreKnownElsewhere() {
    check(
        noClasses()
            .that()
            .haveNameNotMatching("io\\.synod\\.store\\.Rocks[A-Za-z]+(\\$.*)?")
            .should()
            .dependOnClassesThat(
                JavaClass.Predicates.simpleNameStartingWith("Rocks")
                    .and(resideInAPackage(ROOT + "store"))
                    .and(
                        not(
                            belongToAnyOf(
                                io.synod.store.RocksStorage.class,
                                io.synod.store.RocksLibrary.class))))
            .because("the state machine is written once, on the engine port"));
  }

  @Test
  void nodeAndBelowKnowNoNetwork() {
    check(
        noClasses()
            .that()
            .resideInAnyPackage(
                ROOT + "paxos", ROOT + "journal", ROOT + "store", ROOT + "node", ROOT + "transport")
            .should()
            .dependOnClassesThat()
            .resideInAnyPackage("java.net..", "io.netty..")
            .because("the simulator runs them over a network of its own"));
  }

  // ---- the core: a deterministic function of its inputs -----------------------------------------

  @Test
  void coreUsesNothingButValuesAndCollections() {
    check(
        classes()
            .that()
            .resideInAPackage(PAXOS)
            .should()
            .onlyDependOnClassesThat(
                resideInAnyPackage(
                    ROOT + "paxos",
                    "java.lang",
                    "java.lang.invoke",
                    "java.lang.runtime",
                    "java.nio",
                    "java.nio.charset",
                    "java.util",
                    "java.util.function",
                    "java.util.stream",
                    "org.jspecify.annotations",
                    "com.google.errorprone.annotations"))
            .because(
                "the core has no thread, lock, executor, file, socket, clock, logger or protobuf"));
  }

  @Test
  void coreHasNoThreadClockOrProcess() {
    check(
        noClasses()
            .that()
            .resideInAPackage(PAXOS)
            .should()
            .dependOnClassesThat()
            .belongToAnyOf(
                Thread.class,
                ThreadLocal.class,
                Runtime.class,
                ProcessHandle.class,
                java.util.Timer.class,
                java.util.Date.class,
                java.util.Calendar.class));
    check(
        methods()
            .that()
            .areDeclaredInClassesThat()
            .resideInAPackage(PAXOS)
            .should()
            .notHaveModifier(SYNCHRONIZED));
    checkCoreCallsNone(
        "a clock or a lock",
        access ->
            calls(
                    access,
                    System.class,
                    "nanoTime",
                    "currentTimeMillis",
                    "getenv",
                    "getProperty",
                    "exit",
                    "identityHashCode")
                || calls(access, Object.class, "wait", "notify", "notifyAll"));
  }

  @Test
  void coreHasNoRandomnessWithoutSeed() {
    check(
        noClasses()
            .that()
            .resideInAPackage(PAXOS)
            .should()
            .dependOnClassesThat()
            .belongToAnyOf(Random.class)
            .because("SplittableRandom with a seed says the same on every JDK"));
    checkCoreCallsNone(
        "randomness without a seed",
        access ->
            calls(access, UUID.class, "randomUUID")
                || calls(access, Math.class, "random")
                || calls(access, Collections.class, "shuffle")
                || (calls(access, SplittableRandom.class, "<init>")
                    && access.getTarget() instanceof CodeUnitCallTarget constructor
                    && constructor.getRawParameterTypes().isEmpty()));
  }

  @Test
  void coreHasNoOrderThatDiffersFromRunToRun() {
    check(
        noClasses()
            .that()
            .resideInAPackage(PAXOS)
            .should()
            .dependOnClassesThat()
            .belongToAnyOf(
                HashMap.class,
                HashSet.class,
                java.util.IdentityHashMap.class,
                java.util.WeakHashMap.class)
            .because("a TreeMap or a list has the same order everywhere"));
    checkCoreCallsNone(
        "a map or set in no order",
        access ->
            calls(access, Map.class, "of", "ofEntries", "copyOf")
                || calls(access, Set.class, "of", "copyOf")
                || calls(
                    access,
                    Collectors.class,
                    "toSet",
                    "toUnmodifiableSet",
                    "toMap",
                    "toUnmodifiableMap",
                    "groupingBy",
                    "partitioningBy")
                || calls(access, Collection.class, "parallelStream"));
  }

  private static boolean calls(JavaAccess<?> access, Class<?> owner, String... names) {
    return access.getTargetOwner().isAssignableTo(owner)
        && Arrays.asList(names).contains(access.getName());
  }

  private static void checkCoreCallsNone(String what, Predicate<JavaAccess<?>> forbidden) {
    check(
        noClasses()
            .that()
            .resideInAPackage(PAXOS)
            .should()
            .accessTargetWhere(DescribedPredicate.describe("call " + what, forbidden)));
  }

  private static void check(ArchRule rule) {
    rule.check(production);
  }
}
