package io.synod.cluster;

import io.synod.server.Main;
import java.io.File;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.jar.JarEntry;
import java.util.jar.JarOutputStream;
import java.util.stream.Stream;

/**
 * The command line of a server process, with an archive of the classes that it loads: the tests
 * start some hundreds of servers, each in less than half the time with it. Made by the first that
 * asks; without it, if it cannot be made, all goes its slower way. Any thread.
 */
final class ClassArchive {
  private static List<String> command = List.of();

  private ClassArchive() {}

  /** What begins the command line of a server; the program's arguments come behind it. */
  static synchronized List<String> serverCommand() throws IOException, InterruptedException {
    if (command.isEmpty()) {
      command = prepare();
    }
    return command;
  }

  private static List<String> prepare() throws IOException, InterruptedException {
    Path folder = Files.createTempDirectory("synod-classes");
    Runtime.getRuntime().addShutdownHook(new Thread(() -> deleteSurely(folder)));
    String classPath = classPath(folder);
    Path archive = folder.resolve("archive.jsa");
    List<String> without = jvm(classPath, "-Xshare:auto");
    train(jvm(classPath, "-XX:ArchiveClassesAtExit=" + archive), without);
    return Files.exists(archive) ? jvm(classPath, "-XX:SharedArchiveFile=" + archive) : without;
  }

  private static void deleteSurely(Path folder) {
    try {
      RealCluster.delete(folder);
    } catch (IOException e) {
      // Left in the folder for temporary files.
    }
  }

  private static List<String> jvm(String classPath, String archive) {
    return List.of(
        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
        "-Xmx256m",
        "-XX:+UseSerialGC",
        "-XX:TieredStopAtLevel=1",
        // Half of what a start costs would be compilation.
        "-XX:CompileThresholdScaling=10",
        archive,
        "-Xlog:disable",
        "-Xlog:all=error:stderr",
        "-cp",
        classPath,
        Main.class.getName());
  }

  /** Jars only, since an archive is of jars: the program's own classes, then what it needs. */
  private static String classPath(Path folder) throws IOException {
    List<String> jars = new ArrayList<>();
    jars.add(jar(folder).toString());
    try (Stream<Path> libraries = Files.list(Path.of("target/lib"))) {
      libraries.map(Path::toString).sorted().forEach(jars::add);
    }
    return String.join(File.pathSeparator, jars);
  }

  private static Path jar(Path folder) throws IOException {
    Path classes =
        Path.of(Main.class.getProtectionDomain().getCodeSource().getLocation().getPath());
    if (!Files.isDirectory(classes)) {
      return classes;
    }
    Path jar = folder.resolve("synod.jar");
    try (OutputStream file = Files.newOutputStream(jar);
        JarOutputStream out = new JarOutputStream(file);
        Stream<Path> all = Files.walk(classes)) {
      for (Path each : all.filter(Files::isRegularFile).sorted().toList()) {
        out.putNextEntry(new JarEntry(classes.relativize(each).toString().replace('\\', '/')));
        Files.copy(each, out);
        out.closeEntry();
      }
    }
    return jar;
  }

  /** Two servers of one cluster run until both answer; one notes what it loads. */
  private static void train(List<String> noting, List<String> other)
      throws IOException, InterruptedException {
    try (RealCluster cluster = new RealCluster(2)) {
      cluster.jvm(noting);
      cluster.start(0);
      cluster.jvm(other);
      cluster.start(1);
      cluster.awaitAnswers(2);
      cluster.terminate(1);
      cluster.terminate(0);
    }
  }
}
