package io.synod.server;

import com.google.protobuf.ByteString;
import com.google.protobuf.UnsafeByteOperations;
import io.grpc.Metadata;
import io.grpc.ServerCall;
import io.grpc.Status;
import io.synod.node.Answer;
import io.synod.node.ClientRequest;
import io.synod.paxos.Bytes;
import io.synod.paxos.Check;
import io.synod.paxos.Slot;
import io.synod.proto.EmptyMessage;
import io.synod.proto.GetResponse;
import io.synod.proto.KeyValue;
import io.synod.proto.RangeResponse;
import io.synod.store.RangeRead;
import io.synod.store.Row;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A call of a client, from its last byte to its answer: made on a network thread, answered by the
 * driver, sent by the same network thread.
 *
 * @param <R> the message that answers it
 */
abstract class ClientCall<R> extends ClientRequest {
  /**
   * Whether a write that failed may still take effect: {@code not-proposed} (never) or {@code
   * unknown}.
   */
  static final Metadata.Key<String> OUTCOME =
      Metadata.Key.of("synod-outcome", Metadata.ASCII_STRING_MARSHALLER);

  /** Up to which slot a server had applied that answered a local read. */
  static final Metadata.Key<String> APPLIED =
      Metadata.Key.of("synod-applied", Metadata.ASCII_STRING_MARSHALLER);

  private static final Logger LOG = LoggerFactory.getLogger(ClientCall.class);

  private final ServerCall<?, R> call;
  private final Outbox outbox;
  private @Nullable Answer answer;

  private ClientCall(
      ServerCall<?, R> call, Outbox outbox, Operation operation, long deadlineNanos) {
    super(operation, deadlineNanos);
    this.call = call;
    this.outbox = outbox;
  }

  @Override
  protected final void answer(Answer given) {
    Check.that(answer == null, "a call is answered once");
    answer = given;
    outbox.add(this);
  }

  /** Sends what the driver answered, unless the caller is gone. Its network thread. */
  final void send() {
    ended();
    if (call.isCancelled()) {
      return;
    }
    try {
      send(Objects.requireNonNull(answer));
    } catch (RuntimeException e) {
      // One call that cannot be answered must not cost the others of the batch theirs.
      LOG.warn("an answer could not be sent", e);
    }
  }

  /** It needs no room any more. */
  void ended() {}

  private void send(Answer given) {
    if (given instanceof Answer.RevisionUnavailable revision) {
      refuse(call, Status.OUT_OF_RANGE.withDescription(revision.why()), /* unknown= */ false);
    } else if (given instanceof Answer.Exhausted exhausted) {
      refuse(
          call, Status.RESOURCE_EXHAUSTED.withDescription(exhausted.why()), /* unknown= */ false);
    } else if (given instanceof Answer.Unavailable unavailable) {
      refuse(call, Status.UNAVAILABLE.withDescription(unavailable.why()), unavailable.unknown());
    } else {
      sendOutcome(call, given);
    }
  }

  abstract void sendOutcome(ServerCall<?, R> open, Answer given);

  /** Ends a call that was not carried out, or of which nobody knows. */
  static void refuse(ServerCall<?, ?> call, Status status, boolean unknown) {
    Metadata trailers = new Metadata();
    trailers.put(OUTCOME, unknown ? "unknown" : "not-proposed");
    call.close(status, trailers);
  }

  private static <R> void succeed(ServerCall<?, R> call, Metadata headers, R response) {
    call.sendHeaders(headers);
    call.sendMessage(response);
    call.close(Status.OK, new Metadata());
  }

  /** PUT and DELETE. */
  static final class Write extends ClientCall<EmptyMessage> {
    private final Room room;
    private final int bytes;

    /**
     * @param bytes which it was given of {@code room}
     */
    Write(ServerCall<?, EmptyMessage> call, Outbox outbox, Room room, int bytes, Terms terms) {
      super(call, outbox, terms.operation(), terms.deadlineNanos());
      this.room = room;
      this.bytes = bytes;
    }

    @Override
    void ended() {
      room.giveBack(bytes);
    }

    @Override
    void sendOutcome(ServerCall<?, EmptyMessage> open, Answer given) {
      Check.that(given instanceof Answer.Written, "a write is answered as a write");
      succeed(open, new Metadata(), EmptyMessage.getDefaultInstance());
    }
  }

  /** GET. */
  static final class Read extends ClientCall<GetResponse> {
    private final boolean local;

    Read(ServerCall<?, GetResponse> call, Outbox outbox, boolean local, Terms terms) {
      super(call, outbox, terms.operation(), terms.deadlineNanos());
      this.local = local;
    }

    @Override
    void sendOutcome(ServerCall<?, GetResponse> open, Answer given) {
      if (given instanceof Answer.Found found) {
        succeed(
            open,
            headers(found.applied()),
            GetResponse.newBuilder()
                .setValue(UnsafeByteOperations.unsafeWrap(found.value().toArray()))
                .build());
        return;
      }
      Check.that(given instanceof Answer.NotFound, "a read is answered as a read");
      if (local) {
        open.sendHeaders(headers(((Answer.NotFound) given).applied()));
      }
      open.close(Status.NOT_FOUND.withDescription("no such key"), new Metadata());
    }

    private Metadata headers(Slot applied) {
      Metadata headers = new Metadata();
      if (local) {
        headers.put(APPLIED, Long.toString(applied.number()));
      }
      return headers;
    }
  }

  /** A page of a range, or its count. */
  static final class Scan extends ClientCall<RangeResponse> {
    private final boolean local;

    Scan(ServerCall<?, RangeResponse> call, Outbox outbox, boolean local, Terms terms) {
      super(call, outbox, terms.operation(), terms.deadlineNanos());
      this.local = local;
    }

    @Override
    void sendOutcome(ServerCall<?, RangeResponse> open, Answer given) {
      Check.that(given instanceof Answer.Rows, "a range is answered as a range");
      Answer.Rows rows = (Answer.Rows) given;
      RangeRead read = rows.read();
      RangeResponse.Builder response =
          RangeResponse.newBuilder().setCount(read.count()).setRevision(read.revision());
      for (Row row : read.rows()) {
        response.addRow(
            KeyValue.newBuilder()
                .setKey(bytes(row.key()))
                .setValue(bytes(row.value()))
                .setCreateRevision(row.createRevision())
                .setModRevision(row.modRevision())
                .setVersion(row.version()));
      }
      read.next().ifPresent(next -> response.setNext(bytes(next)));
      Metadata headers = new Metadata();
      if (local) {
        headers.put(APPLIED, Long.toString(rows.applied().number()));
      }
      succeed(open, headers, response.build());
    }

    private static ByteString bytes(Bytes bytes) {
      return UnsafeByteOperations.unsafeWrap(bytes.toArray());
    }
  }

  /** What is asked for, and until when. */
  record Terms(Operation operation, long deadlineNanos) {}
}
