package io.synod.transport.grpc;

/** A peer sent what is not a valid message. The message is dropped and counted; nothing breaks. */
final class MessageRejected extends Exception {
  private static final long serialVersionUID = 1L;

  private final String why;

  /** Without a stack trace: peers decide how often this is made. */
  MessageRejected(String why) {
    super(why, null, false, false);
    this.why = why;
  }

  /** What was wrong. */
  String why() {
    return why;
  }
}
