package io.synod.mutants;

import java.util.ArrayList;
import java.util.List;

/**
 * A planted defect.
 *
 * @param name what it does, in CamelCase
 * @param breaks the rule of protocol-rules.md, the section of a paper, or the property that it
 *     breaks
 */
record Mutant(String name, String breaks, Harness harness, List<Edit> edits) {

  /** On which servers it is run. */
  enum Harness {
    /** The cores in duels of coordinators, {@code io.synod.paxos.Duel}: the quickest. */
    CORE,
    /** The same with reads that rely on leases. */
    LEASE,
    /** The protocol cores alone: quick. */
    LIGHT,
    /** Whole servers with disks and clients. */
    FULL,
    /** The same with seeds of which most have servers with rows in files of an engine. */
    ENGINE,
    /** Directed tests, {@link DirectedTests}: what no schedule of the others comes upon soon. */
    DIRECTED
  }

  /**
   * A change of a source file.
   *
   * @param file below {@code src/main/java/io/synod}, without its ending
   * @param original what is replaced: it occurs exactly once, white space aside
   */
  record Edit(String file, String original, String mutated) {}

  static Mutant core(String name, String breaks) {
    return new Mutant(name, breaks, Harness.CORE, List.of());
  }

  static Mutant lease(String name, String breaks) {
    return new Mutant(name, breaks, Harness.LEASE, List.of());
  }

  static Mutant light(String name, String breaks) {
    return new Mutant(name, breaks, Harness.LIGHT, List.of());
  }

  static Mutant full(String name, String breaks) {
    return new Mutant(name, breaks, Harness.FULL, List.of());
  }

  static Mutant engine(String name, String breaks) {
    return new Mutant(name, breaks, Harness.ENGINE, List.of());
  }

  static Mutant directed(String name, String breaks) {
    return new Mutant(name, breaks, Harness.DIRECTED, List.of());
  }

  /** The same with one more change. */
  Mutant in(String file, String original, String mutated) {
    List<Edit> more = new ArrayList<>(edits);
    more.add(new Edit(file, original, mutated));
    return new Mutant(name, breaks, harness, List.copyOf(more));
  }

  @Override
  public String toString() {
    return name;
  }
}
