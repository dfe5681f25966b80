package io.synod.server;

import com.google.protobuf.ByteString;
import com.google.protobuf.UnsafeByteOperations;
import io.grpc.Metadata;
import io.grpc.ServerCall;
import io.grpc.Status;
import io.synod.node.Answer;
import io.synod.paxos.Bytes;
import io.synod.paxos.Check;
import io.synod.paxos.Slot;
import io.synod.proto.EmptyMessage;
import io.synod.proto.GetResponse;
import io.synod.proto.KeyValue;
import io.synod.proto.RangeResponse;
import io.synod.store.RangeRead;
import io.synod.store.Row;

/**
 * A call of its own, with one message each way.
 *
 * @param <R> the message that answers it
 */
abstract class UnaryCall<R> extends ClientCall {
  /**
   * Whether a write that failed may still take effect: {@code not-proposed} (never) or {@code
   * unknown}.
   */
  static final Metadata.Key<String> OUTCOME =
      Metadata.Key.of("synod-outcome", Metadata.ASCII_STRING_MARSHALLER);

  /** Up to which slot a server had applied that answered a local read. */
  static final Metadata.Key<String> APPLIED =
      Metadata.Key.of("synod-applied", Metadata.ASCII_STRING_MARSHALLER);

  private final ServerCall<?, R> call;

  private UnaryCall(ServerCall<?, R> call, Place place, Terms terms) {
    super(place, terms);
    this.call = call;
  }

  @Override
  boolean isGone() {
    return call.isCancelled();
  }

  @Override
  public void refuse(Status status, boolean unknown) {
    refuse(call, status, unknown);
  }

  /** Ends a call that was not carried out, or of which nobody knows. */
  static void refuse(ServerCall<?, ?> call, Status status, boolean unknown) {
    Metadata trailers = new Metadata();
    trailers.put(OUTCOME, unknown ? "unknown" : "not-proposed");
    call.close(status, trailers);
  }

  @Override
  int sizeBytes(Answer given) {
    return 0;
  }

  final void succeed(Metadata headers, R response) {
    call.sendHeaders(headers);
    call.sendMessage(response);
    call.close(Status.OK, new Metadata());
  }

  final ServerCall<?, R> call() {
    return call;
  }

  /** PUT and DELETE. */
  static final class Write extends UnaryCall<EmptyMessage> {
    Write(ServerCall<?, EmptyMessage> call, Place place, Terms terms) {
      super(call, place, terms);
    }

    @Override
    void sendOutcome(Answer given) {
      Check.that(given instanceof Answer.Written, "a write is answered as a write");
      succeed(new Metadata(), EmptyMessage.getDefaultInstance());
    }
  }

  /** GET. */
  static final class Read extends UnaryCall<GetResponse> {
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
    void sendOutcome(Answer given) {
      if (given instanceof Answer.Found found) {
        succeed(
            headers(found.applied()),
            GetResponse.newBuilder()
                .setValue(UnsafeByteOperations.unsafeWrap(found.value().toArray()))
                .build());
        return;
      }
      Check.that(given instanceof Answer.NotFound, "a read is answered as a read");
      if (local) {
        call().sendHeaders(headers(((Answer.NotFound) given).applied()));
      }
      call().close(Status.NOT_FOUND.withDescription("no such key"), new Metadata());
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
  static final class Scan extends UnaryCall<RangeResponse> {
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
    void sendOutcome(Answer given) {
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
      succeed(headers, response.build());
    }

    private static ByteString bytes(Bytes bytes) {
      return UnsafeByteOperations.unsafeWrap(bytes.toArray());
    }
  }
}
