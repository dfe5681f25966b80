package io.synod.client;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ServerAddressTest {
  @Test
  void readsNamesNumbersAndIpv6() {
    assertEquals(new ServerAddress("localhost", 8001), ServerAddress.parse("localhost:8001"));
    assertEquals(new ServerAddress("10.0.0.1", 8000), ServerAddress.parse(" 10.0.0.1 "));
    assertEquals(new ServerAddress("::1", 8002), ServerAddress.parse("[::1]:8002"));
    assertEquals(new ServerAddress("::1", 8000), ServerAddress.parse("[::1]"));
    assertEquals("[::1]:8002", ServerAddress.parse("[::1]:8002").toString());
  }

  @Test
  void countsRepeatedServerOnce() {
    assertEquals(
        List.of(new ServerAddress("a", 1), new ServerAddress("b", 2)),
        ServerAddress.parseList("a:1,b:2, a:1"));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "", "a:", "a:b", ":8000", "a:0", "a:65536", "::1", "[::1", "[::1]8", "a b:1", "a,"
      })
  void refusesWhatIsNoAddress(String text) {
    assertThrows(IllegalArgumentException.class, () -> ServerAddress.parseList(text));
  }
}
