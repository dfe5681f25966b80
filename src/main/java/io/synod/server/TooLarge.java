package io.synod.server;

import io.grpc.Metadata;
import io.grpc.ServerStreamTracer;
import io.grpc.Status;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Messages that gRPC refuses to read since they exceed its bound. gRPC ends such a call before a
 * service sees it; a call's listener learns here why it ends, and can say so in the store's own
 * words.
 *
 * <p>gRPC tells the tracer and then the listener on the same network thread, one after the other,
 * which holds as long as the server runs its calls on those threads.
 */
final class TooLarge {
  private static final ThreadLocal<@Nullable String> REASON = new ThreadLocal<>();

  /** Keeps nothing of a call, so that all calls share it. */
  private static final ServerStreamTracer TRACER =
      new ServerStreamTracer() {
        @Override
        public void streamClosed(Status status) {
          if (status.getCode() == Status.Code.RESOURCE_EXHAUSTED) {
            REASON.set(inOurWords(String.valueOf(status.getDescription())));
          } else if (!status.isOk()) {
            REASON.remove();
          }
        }
      };

  /** For the server whose calls ask {@link #takeReason}. */
  static final ServerStreamTracer.Factory TRACING =
      new ServerStreamTracer.Factory() {
        @Override
        public ServerStreamTracer newServerStreamTracer(String fullMethodName, Metadata headers) {
          return TRACER;
        }
      };

  private static final Pattern OF_GRPC = Pattern.compile("exceeds maximum size (\\d+): (\\d+)");

  private TooLarge() {}

  private static String inOurWords(String description) {
    Matcher sizes = OF_GRPC.matcher(description);
    return sizes.find()
        ? "a message of " + sizes.group(2) + " bytes: the limit is " + sizes.group(1) + " bytes"
        : description;
  }

  /** Why the call that is cancelled on this thread just now was refused; null if it was not. */
  static @Nullable String takeReason() {
    String reason = REASON.get();
    if (reason != null) {
      REASON.remove();
    }
    return reason;
  }
}
