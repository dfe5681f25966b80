package io.synod.mutants;

import java.io.IOException;
import java.io.InputStream;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Loads this project's classes, the simulator's too, anew, so that all of them meet the mutated
 * one; all others come from its parent. Any thread.
 */
final class MutantLoader extends ClassLoader {
  private static final String OURS = "io.synod.";
  private static final ClassLoader PARENT = MutantLoader.class.getClassLoader();

  /** Unmutated classes as they are on the disk; the same for all loaders. */
  private static final Map<String, Optional<byte[]>> ORIGINALS = new ConcurrentHashMap<>();

  private final Map<String, byte[]> mutated;

  MutantLoader(Map<String, byte[]> mutated) {
    super(PARENT);
    this.mutated = mutated;
  }

  @Override
  protected Class<?> loadClass(String name, boolean resolve) throws ClassNotFoundException {
    if (!name.startsWith(OURS)) {
      return super.loadClass(name, resolve);
    }
    synchronized (getClassLoadingLock(name)) {
      Class<?> loaded = findLoadedClass(name);
      return loaded == null ? define(name) : loaded;
    }
  }

  private Class<?> define(String name) throws ClassNotFoundException {
    byte[] bytes = mutated.get(name);
    if (bytes == null) {
      bytes =
          ORIGINALS
              .computeIfAbsent(name, MutantLoader::read)
              .orElseThrow(() -> new ClassNotFoundException(name));
    }
    return defineClass(name, bytes, 0, bytes.length);
  }

  private static Optional<byte[]> read(String name) {
    try (InputStream in = PARENT.getResourceAsStream(name.replace('.', '/') + ".class")) {
      return in == null ? Optional.empty() : Optional.of(in.readAllBytes());
    } catch (IOException e) {
      return Optional.empty();
    }
  }
}
