package io.synod.cluster;

import java.io.IOException;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.io.TempDir;

/** Tests of scripts: each has a folder and ports of its own, and leaves no process behind. */
abstract class WithScripts {
  @TempDir Path folder = Path.of("");
  Scripts scripts;

  @BeforeEach
  void begin() {
    scripts = new Scripts(folder);
  }

  @AfterEach
  void end() throws IOException {
    scripts.close();
  }
}
