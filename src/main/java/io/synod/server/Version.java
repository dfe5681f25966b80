package io.synod.server;

/** Which build this is. */
final class Version {
  private Version() {}

  /** As in the jar's manifest; "unpackaged" if it runs from classes. */
  static String text() {
    String version = Version.class.getPackage().getImplementationVersion();
    return version == null ? "unpackaged" : version;
  }
}
