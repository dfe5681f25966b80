package io.synod.client;

import io.grpc.Metadata;
import io.grpc.Status;
import java.net.ConnectException;
import java.net.UnknownHostException;
import org.jspecify.annotations.Nullable;

/**
 * Why an attempt did not succeed, and what that says of its effect.
 *
 * @param text for a person: the server and the reason
 */
record Failure(Kind kind, String text, @Nullable Throwable cause) {
  /**
   * Beside a status: whether a write that failed may still take effect, {@code unknown}, or never
   * will, {@code not-proposed}.
   */
  static final Metadata.Key<String> OUTCOME =
      Metadata.Key.of("synod-outcome", Metadata.ASCII_STRING_MARSHALLER);

  enum Kind {
    /** It had no effect and never will; another server may do better. */
    NOT_DONE,
    /** It may have had an effect, or may have one later. */
    UNKNOWN,
    /** It had no effect: the server has too much to do, or holds too much. */
    OVERLOADED,
    /** It had no effect: no server will take it. */
    REFUSED
  }

  /**
   * @param mayHaveLeft false if the request certainly never left this process
   */
  static Failure of(ServerAddress server, Status status, Metadata trailers, boolean mayHaveLeft) {
    String outcome = trailers.get(OUTCOME);
    Kind kind =
        switch (status.getCode()) {
          // Without an outcome it is gRPC itself that refuses a message as too large.
          case RESOURCE_EXHAUSTED -> outcome == null ? Kind.REFUSED : Kind.OVERLOADED;
          case UNAVAILABLE, DEADLINE_EXCEEDED, CANCELLED, ABORTED, INTERNAL, UNKNOWN, DATA_LOSS ->
              outcome == null ? withoutOutcome(mayHaveLeft) : kind(outcome);
          case OK,
              INVALID_ARGUMENT,
              NOT_FOUND,
              ALREADY_EXISTS,
              PERMISSION_DENIED,
              FAILED_PRECONDITION,
              OUT_OF_RANGE,
              UNIMPLEMENTED,
              UNAUTHENTICATED ->
              Kind.REFUSED;
        };
    return new Failure(kind, server + ": " + reason(status, mayHaveLeft), status.getCause());
  }

  /**
   * The end of a call that carried many operations: of one that was sent on it nothing is known,
   * whatever the reason says of the call.
   */
  static Failure ofShared(
      ServerAddress server, Status status, Metadata trailers, boolean mayHaveLeft) {
    Failure ofCall = of(server, status, trailers, mayHaveLeft);
    return new Failure(mayHaveLeft ? Kind.UNKNOWN : Kind.NOT_DONE, ofCall.text(), ofCall.cause());
  }

  private static Kind withoutOutcome(boolean mayHaveLeft) {
    return mayHaveLeft ? Kind.UNKNOWN : Kind.NOT_DONE;
  }

  private static Kind kind(String outcome) {
    return outcome.equals("not-proposed") ? Kind.NOT_DONE : Kind.UNKNOWN;
  }

  private static String reason(Status status, boolean mayHaveLeft) {
    for (Throwable cause = status.getCause(); cause != null; cause = cause.getCause()) {
      if (cause instanceof UnknownHostException) {
        return "there is no such host";
      }
      if (cause instanceof ConnectException) {
        String message = String.valueOf(cause.getMessage());
        return message.contains("refused")
            ? "connection refused"
            : message.contains("timed out") ? "no connection in time" : message;
      }
    }
    return switch (status.getCode()) {
      case DEADLINE_EXCEEDED, CANCELLED ->
          mayHaveLeft ? "no answer in time" : "no connection in time";
      case UNAVAILABLE -> {
        String description = status.getDescription();
        yield description == null
            ? "unavailable"
            : description.equals("io exception") || description.startsWith("Network closed")
                ? "the connection broke"
                : description;
      }
      case UNIMPLEMENTED ->
          "it does not know this call: that is a port between servers, or an older server; clients"
              + " use the port of my_addr, as in localhost:"
              + ServerAddress.USUAL_PORT;
      default -> {
        String description = status.getDescription();
        yield description == null ? status.getCode().toString() : description;
      }
    };
  }
}
