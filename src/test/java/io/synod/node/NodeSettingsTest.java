package io.synod.node;

import static org.junit.jupiter.api.Assertions.assertDoesNotThrow;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.synod.store.Session;
import java.util.UUID;
import org.junit.jupiter.api.Test;

class NodeSettingsTest {
  private static NodeSettings withQueue(int requests) {
    return Bounds.of(new UUID(1, 2), requests, 1, 1, 1, 1);
  }

  @Test
  void noMoreIsUnderWayThanASessionRemembers() {
    assertDoesNotThrow(() -> withQueue(Session.WINDOW_SEQUENCES));
    IllegalArgumentException e =
        assertThrows(IllegalArgumentException.class, () -> withQueue(2 * Session.WINDOW_SEQUENCES));
    assertTrue(String.valueOf(e.getMessage()).contains("at most 65536"), e::getMessage);
  }

  @Test
  void theQueueIsAPowerOfTwo() {
    assertThrows(IllegalArgumentException.class, () -> withQueue(1_000));
  }
}
