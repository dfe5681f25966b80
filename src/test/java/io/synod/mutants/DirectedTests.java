package io.synod.mutants;

import java.lang.reflect.Constructor;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.TreeMap;
import java.util.stream.LongStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/**
 * Tests of one execution or one damage each, run by reflection with the classes of a mutant. Each
 * goes by a number made of its name, so that more tests do not change it.
 */
final class DirectedTests {
  private static final List<String> CLASSES =
      List.of(
          "io.synod.scenarios.VoteRulesTest",
          "io.synod.scenarios.LogRulesTest",
          "io.synod.scenarios.LivenessRulesTest",
          "io.synod.paxos.RulesTest",
          "io.synod.paxos.BarrierTest",
          "io.synod.paxos.LeaseTest",
          "io.synod.paxos.UpgradeTest",
          "io.synod.paxos.MembershipTest",
          "io.synod.paxos.DynamicQuorumTest",
          "io.synod.paxos.StandbyTest",
          "io.synod.paxos.LastVoterTest",
          "io.synod.paxos.VoteMemoryTest",
          "io.synod.paxos.LostVotersTest",
          "io.synod.paxos.BootstrapTest",
          "io.synod.journal.JournalDamageTest",
          "io.synod.node.ReadsTest",
          "io.synod.node.LeaseReadsTest",
          "io.synod.node.WritesTest",
          "io.synod.store.KeyValueStoreTest",
          "io.synod.store.SnapshotTest",
          "io.synod.store.VersionInForceTest",
          "io.synod.simulator.ServerRulesTest",
          "io.synod.simulator.LackingSnapshotTest",
          "io.synod.simulator.EngineFilesTest",
          "io.synod.simulator.ConnectivityTest");

  /** These take minutes. */
  private static final List<String> EXHAUSTIVE =
      List.of(
          "goesOnWhereverOneOfFiveReachesAQuorum", "goesOnWhereverOneOfFourReachesAQuorumBothWays");

  private static final int NUMBERS = 1_000_000;

  private final TreeMap<Long, Method> byNumber = new TreeMap<>();
  private final List<Long> inOrder = new ArrayList<>();

  DirectedTests(ClassLoader loader) throws ClassNotFoundException {
    for (String name : CLASSES) {
      Stream.of(loader.loadClass(name).getDeclaredMethods())
          .filter(method -> method.isAnnotationPresent(Test.class))
          .filter(method -> method.getParameterCount() == 0)
          .filter(method -> !EXHAUSTIVE.contains(method.getName()))
          .sorted(Comparator.comparing(Method::getName))
          .forEach(this::add);
    }
  }

  private void add(Method method) {
    String name = method.getDeclaringClass().getSimpleName() + "." + method.getName();
    long number = Math.floorMod(name.hashCode(), NUMBERS);
    if (byNumber.put(number, method) != null) {
      throw new IllegalStateException("two tests have the number of " + name);
    }
    inOrder.add(number);
  }

  LongStream numbers() {
    return inOrder.stream().mapToLong(Long::longValue);
  }

  /** Runs a test; its name if it fails. */
  Optional<String> failed(long number) {
    Method method = byNumber.get(number);
    if (method == null) {
      return Optional.empty();
    }
    try {
      Constructor<?> made = method.getDeclaringClass().getDeclaredConstructor();
      made.setAccessible(true);
      method.setAccessible(true);
      method.invoke(made.newInstance());
      return Optional.empty();
    } catch (InvocationTargetException e) {
      return Optional.of(method.getDeclaringClass().getSimpleName() + "." + method.getName());
    } catch (ReflectiveOperationException e) {
      throw new IllegalStateException(e);
    }
  }
}
