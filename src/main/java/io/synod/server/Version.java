package io.synod.server;

import java.io.IOException;
import java.io.InputStream;
import java.util.Properties;

/** Which build this is. */
final class Version {
  private static final String TEXT = read();

  private Version() {}

  /** As Maven notes it in the jar; "unpackaged" if it runs from classes. */
  static String text() {
    return TEXT;
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
