package io.synod.mutants;

import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** All mutants. */
final class Catalogue {
  private Catalogue() {}

  static List<Mutant> all() {
    return Stream.of(
            ProtocolMutants.all(),
            MembershipMutants.all(),
            ElectionMutants.all(),
            ReadMutants.all(),
            JournalMutants.all(),
            StoreMutants.all(),
            EngineMutants.all(),
            DriverMutants.all(),
            VersionMutants.all())
        .flatMap(List::stream)
        .toList();
  }

  static Set<String> names() {
    return all().stream().map(Mutant::name).collect(Collectors.toSet());
  }
}
