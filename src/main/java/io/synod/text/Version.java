package io.synod.text;

import java.io.IOException;
import java.io.InputStream;
import java.util.Properties;

/** Which build this is. Any thread. */
public final class Version {
  private static final String TEXT = read();

  private Version() {}

  /** As Maven notes it in the jar; "unpackaged" if it runs from classes. */
  public static String text() {
    return TEXT;
  }

  /** What {@code --version} answers: this build, and the JDK that runs it. One line. */
  public static String line() {
    return "synod %s, JDK %s (%s)"
        .formatted(TEXT, System.getProperty("java.version"), System.getProperty("java.vendor"));
  }

  private static String read() {
    Properties properties = new Properties();
    try (InputStream in =
        Version.class.getResourceAsStream("/META-INF/maven/io.synod/synod/pom.properties")) {
      if (in != null) {
        properties.load(in);
      }
    } catch (IOException e) {
      return "unreadable";
    }
    return properties.getProperty("version", "unpackaged");
  }
}
