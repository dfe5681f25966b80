package io.synod.server;

import com.google.protobuf.ByteString;
import com.google.protobuf.UnsafeByteOperations;
import io.grpc.Metadata;
import io.grpc.ServerCall;
import io.grpc.Status;
import io.synod.node.Answer;
import io.synod.node.ClientRequest;
import io.synod.node.Submission;
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
  private final Place place;

  /** How many bytes it was given of the room for calls. */
  private final int requestBytes;

  private @Nullable Answer answer;

  /** How much of its connection's backlog is this call's: its answer, or room to read it again. */
  private int answerBytes;

  /** How large the answer was that found no room. */
  private int wantedBytes;

  /** Waits in the backlog to be read again. */
  private boolean held;

  private boolean ended;

  /**
   * Where a call belongs.
   *
   * @param outbox of its network thread
   * @param room for what calls bring
   * @param backlog of its connection
   */
  record Place(Outbox outbox, Room room, Backlog backlog) {}

  /**
   * What is asked for, and until when.
   *
   * @param bytes which it was given of the room for what calls bring
   * @param patienceNanos until when a write waits for a coordinator
   */
  record Terms(Operation operation, int bytes, long deadlineNanos, long patienceNanos) {
    Terms(Operation operation, int bytes, long deadlineNanos) {
      this(operation, bytes, deadlineNanos, deadlineNanos);
    }
  }

  private ClientCall(ServerCall<?, R> call, Place place, Terms terms) {
    super(terms.operation(), terms.deadlineNanos(), terms.patienceNanos());
    this.call = call;
    this.place = place;
    this.requestBytes = terms.bytes();
  }

  @Override
  protected final void answer(Answer given) {
    Check.that(answer == null, "a call is answered once");
    answer = given;
    place.outbox().add(this);
  }

  // ---- on its network thread
  // ----------------------------------------------------------------------

  /** Sends what the driver answered, unless the caller is gone or there is no room for it. */
  final void send() {
    Answer given = Objects.requireNonNull(answer);
    if (call.isCancelled()) {
      end();
      giveBackAnswerRoom();
      return;
    }
    if (!takeAnswerRoom(sizeBytes(given))) {
      hold();
      return;
    }
    end();
    try {
      send(given);
    } catch (RuntimeException e) {
      // One call that cannot be answered must not cost the others of the batch theirs.
      LOG.warn("an answer could not be sent", e);
    }
  }

  /** How much memory an answer takes until it has left; 0 if hardly any. */
  int sizeBytes(Answer given) {
    return 0;
  }

  private boolean takeAnswerRoom(int bytes) {
    int more = bytes - answerBytes;
    if (more > 0 && !place.backlog().take(more)) {
      wantedBytes = bytes;
      return false;
    }
    answerBytes = bytes;
    if (more < 0) {
      place.backlog().giveBack(-more);
    }
    return true;
  }

  private void hold() {
    answer = null;
    giveBackAnswerRoom();
    if (place.backlog().isEmpty()) {
      refuseForRoom();
    } else {
      held = true;
      place.backlog().hold(this, place.outbox());
    }
  }

  /** Refuses it: what was answered before it, here or elsewhere, fills the memory. */
  final void refuseForRoom() {
    held = false;
    end();
    refuse(
        call,
        Status.RESOURCE_EXHAUSTED.withDescription(
            "no room for an answer of "
                + wantedBytes
                + " bytes: clients have not read what they were answered before; try again later"),
        /* unknown= */ false);
  }

  /** Takes room for an answer as large as the one that found none. */
  final boolean takeRoomAgain() {
    return takeAnswerRoom(wantedBytes);
  }

  /** Asks once more for what was let go; returns whether it is asked. */
  final Submission readAgain(Requests requests) {
    held = false;
    return requests.submit(this);
  }

  /** It is not asked, nor answered. */
  final void refuseAgain(Status why) {
    end();
    place.backlog().release(answerBytes);
    answerBytes = 0;
    refuse(call, why, /* unknown= */ false);
  }

  /** Its last byte has left, or its caller is gone. */
  final void onClosed() {
    if (held) {
      held = false;
      place.backlog().drop(this);
      end();
    }
    giveBackAnswerRoom();
  }

  private void giveBackAnswerRoom() {
    int bytes = answerBytes;
    if (bytes > 0) {
      answerBytes = 0;
      place.backlog().giveBack(bytes);
    }
  }

  /** What it brought takes no room any more. */
  final void end() {
    if (!ended) {
      ended = true;
      place.room().giveBack(requestBytes);
    }
  }

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
    Write(ServerCall<?, EmptyMessage> call, Place place, Terms terms) {
      super(call, place, terms);
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

    Read(ServerCall<?, GetResponse> call, Place place, boolean local, Terms terms) {
      super(call, place, terms);
      this.local = local;
    }

    @Override
    int sizeBytes(Answer given) {
      return given instanceof Answer.Found found ? Backlog.ANSWER_BYTES + found.value().size() : 0;
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
    /** What a row takes in an answer beside its key and its value, at most. */
    private static final int ROW_BYTES = 64;

    private final boolean local;

    Scan(ServerCall<?, RangeResponse> call, Place place, boolean local, Terms terms) {
      super(call, place, terms);
      this.local = local;
    }

    @Override
    int sizeBytes(Answer given) {
      if (!(given instanceof Answer.Rows rows)) {
        return 0;
      }
      int bytes = Backlog.ANSWER_BYTES;
      for (Row row : rows.read().rows()) {
        bytes += ROW_BYTES + row.key().size() + row.value().size();
      }
      return bytes;
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
}
