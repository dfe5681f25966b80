package io.synod.mutants;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.StringWriter;
import java.io.UncheckedIOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import javax.tools.FileObject;
import javax.tools.ForwardingJavaFileManager;
import javax.tools.JavaCompiler;
import javax.tools.JavaFileManager;
import javax.tools.JavaFileObject;
import javax.tools.SimpleJavaFileObject;
import javax.tools.ToolProvider;

/** Makes the classes of a mutant from the sources as they are now; in memory. */
final class MutantCompiler {
  private static final Path SOURCES = Path.of("src", "main", "java", "io", "synod");

  /** A word, or one other character. */
  private static final Pattern TOKEN = Pattern.compile("\\w+|[^\\w\\s]");

  /** Of the class path, whose archives are opened once a thread; never closed. */
  private static final ThreadLocal<JavaFileManager> FILES =
      ThreadLocal.withInitial(
          () -> ToolProvider.getSystemJavaCompiler().getStandardFileManager(null, null, null));

  private MutantCompiler() {}

  /**
   * The classes that differ from those of production, by name.
   *
   * @throws IllegalStateException if a text to be replaced does not occur exactly once, or the
   *     result does not compile: the mutant has to be brought up to the source
   */
  static Map<String, byte[]> compile(Mutant mutant) {
    TreeMap<String, String> texts = new TreeMap<>();
    for (Mutant.Edit edit : mutant.edits()) {
      String text = texts.computeIfAbsent(edit.file(), MutantCompiler::read);
      texts.put(edit.file(), replaceOnce(mutant, edit, text));
    }
    return compile(mutant, texts);
  }

  private static String read(String file) {
    try {
      return Files.readString(SOURCES.resolve(file + ".java"));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static String replaceOnce(Mutant mutant, Mutant.Edit edit, String text) {
    Matcher matcher = patternOf(edit.original()).matcher(text);
    long count = matcher.results().count();
    if (count != 1) {
      throw new IllegalStateException(
          mutant
              + ": this occurs "
              + count
              + " times in "
              + edit.file()
              + ", and must once: "
              + edit.original());
    }
    return matcher.replaceFirst(Matcher.quoteReplacement(edit.mutated()));
  }

  /** Finds a text however it is broken into lines. */
  private static Pattern patternOf(String original) {
    StringBuilder pattern = new StringBuilder();
    boolean wordBefore = false;
    Matcher tokens = TOKEN.matcher(original);
    while (tokens.find()) {
      boolean word = Character.isJavaIdentifierPart(tokens.group().charAt(0));
      if (pattern.length() > 0) {
        pattern.append(word && wordBefore ? "\\s+" : "\\s*");
      }
      pattern.append(Pattern.quote(tokens.group()));
      wordBefore = word;
    }
    return Pattern.compile(pattern.toString());
  }

  private static Map<String, byte[]> compile(Mutant mutant, Map<String, String> texts) {
    JavaCompiler compiler = ToolProvider.getSystemJavaCompiler();
    if (compiler == null) {
      throw new IllegalStateException("this JVM is no JDK: it has no compiler");
    }
    List<JavaFileObject> sources = new ArrayList<>();
    texts.forEach((file, text) -> sources.add(new Source(file, text)));
    List<String> options =
        List.of("-proc:none", "-nowarn", "-cp", System.getProperty("java.class.path"));
    StringWriter messages = new StringWriter();
    Outputs outputs = new Outputs(FILES.get());
    if (!compiler.getTask(messages, outputs, null, options, null, sources).call()) {
      throw new IllegalStateException(mutant + " does not compile: " + messages);
    }
    TreeMap<String, byte[]> classes = new TreeMap<>();
    outputs.classes.forEach((name, bytes) -> classes.put(name, bytes.toByteArray()));
    return classes;
  }

  private static final class Source extends SimpleJavaFileObject {
    private final String text;

    Source(String file, String text) {
      super(URI.create("string:///io/synod/" + file + ".java"), Kind.SOURCE);
      this.text = text;
    }

    @Override
    public CharSequence getCharContent(boolean ignoreEncodingErrors) {
      return text;
    }
  }

  /** Keeps what the compiler writes. */
  private static final class Outputs extends ForwardingJavaFileManager<JavaFileManager> {
    private final Map<String, ByteArrayOutputStream> classes = new TreeMap<>();

    Outputs(JavaFileManager files) {
      super(files);
    }

    @Override
    public JavaFileObject getJavaFileForOutput(
        Location location, String name, JavaFileObject.Kind kind, FileObject sibling) {
      return new SimpleJavaFileObject(URI.create("memory:///" + name), kind) {
        @Override
        public OutputStream openOutputStream() {
          ByteArrayOutputStream bytes = new ByteArrayOutputStream();
          classes.put(name, bytes);
          return bytes;
        }
      };
    }
  }
}
