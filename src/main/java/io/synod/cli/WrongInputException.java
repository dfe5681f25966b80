package io.synod.cli;

/** What was typed cannot be carried out; the message says what to type instead. */
final class WrongInputException extends Exception {
  private final String why;

  WrongInputException(String why) {
    super(why);
    this.why = why;
  }

  WrongInputException(String why, Throwable cause) {
    super(why, cause);
    this.why = why;
  }

  /** For a person to read. */
  String why() {
    return why;
  }
}
