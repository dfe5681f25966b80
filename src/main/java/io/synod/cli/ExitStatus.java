package io.synod.cli;

/** How the client's process ends: the worst of what its commands met. In order, worst last. */
enum ExitStatus {
  DONE(0),
  NOT_FOUND(1),
  WRONG_INPUT(2),
  UNAVAILABLE(3),
  /** Results are lost on the way to standard output. */
  NOT_WRITTEN(4);

  private final int number;

  ExitStatus(int number) {
    this.number = number;
  }

  /** What the shell sees. */
  int number() {
    return number;
  }

  static ExitStatus worst(ExitStatus one, ExitStatus other) {
    return one.number >= other.number ? one : other;
  }
}
