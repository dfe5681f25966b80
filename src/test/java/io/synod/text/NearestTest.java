package io.synod.text;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class NearestTest {
  private static final List<String> WORDS =
      List.of("GET", "PUT", "DELETE", "LIST", "COUNT", "STATUS", "--storage", "fail_rate");

  @ParameterizedTest
  @CsvSource({
    "GTE, GET",
    "PU, PUT",
    "PUTT, PUT",
    "stauts, STATUS",
    "STTS, STATUS",
    "DELTE, DELETE",
    "--storge, --storage",
    "--Storage, --storage",
    "fail-rates, fail_rate"
  })
  void findsWhatIsAtMostTwoMistakesAway(String typed, String meant) {
    assertEquals(Optional.of(meant), Nearest.to(typed, WORDS));
  }

  @ParameterizedTest
  @CsvSource({"''", "x", "CAR", "SELECT", "STATISTICS", "--stage-of-it"})
  void isSilentAboutWhatIsFurtherAway(String typed) {
    assertEquals(Optional.empty(), Nearest.to(typed, WORDS));
    assertEquals("", Nearest.question(typed, WORDS));
  }

  @Test
  void asks() {
    assertEquals(" (did you mean COUNT?)", Nearest.question("CUONT", WORDS));
  }

  @Test
  void takesTheOneWithTheFewestMistakes() {
    assertEquals(Optional.of("CUT"), Nearest.to("CUR", List.of("GET", "PUT", "CUT")));
    assertEquals(Optional.of("COUNT"), Nearest.to("COUNTS", List.of("CUT", "COUNT", "MOUNTS")));
  }
}
