package io.synod.server;

import com.google.protobuf.UnsafeByteOperations;
import io.grpc.Status;
import io.synod.node.Answer;
import io.synod.paxos.Check;
import io.synod.paxos.Slot;
import io.synod.proto.EmptyMessage;
import io.synod.proto.GetResponse;
import io.synod.proto.StreamFailure;
import io.synod.proto.StreamResponse;

/** One of the many operations of a {@link ClientStream}. */
final class StreamedCall extends ClientCall {
  private final ClientStream stream;
  private final long id;

  /** Whether the answer says up to which slot this server had applied. */
  private final boolean local;

  StreamedCall(ClientStream stream, long id, boolean local, Place place, Terms terms) {
    super(place, terms);
    this.stream = stream;
    this.id = id;
    this.local = local;
  }

  @Override
  boolean isGone() {
    return stream.isGone();
  }

  @Override
  int sizeBytes(Answer given) {
    return given instanceof Answer.Found found
        ? ClientStream.RESPONSE_BYTES + found.value().size()
        : 0;
  }

  @Override
  void sendOutcome(Answer given) {
    StreamResponse.Builder response = StreamResponse.newBuilder().setId(id);
    if (given instanceof Answer.Written) {
      response.setDone(EmptyMessage.getDefaultInstance());
    } else if (given instanceof Answer.Found found) {
      response.setValue(
          GetResponse.newBuilder()
              .setValue(UnsafeByteOperations.unsafeWrap(found.value().toArray())));
      putApplied(response, found.applied());
    } else {
      Check.that(given instanceof Answer.NotFound, "a read is answered as a read");
      response.setAbsent(EmptyMessage.getDefaultInstance());
      putApplied(response, ((Answer.NotFound) given).applied());
    }
    stream.onAnswered(this, response.build());
  }

  private void putApplied(StreamResponse.Builder response, Slot applied) {
    if (local) {
      response.setApplied(applied.number());
    }
  }

  @Override
  public void refuse(Status status, boolean unknown) {
    stream.onAnswered(this, failure(id, status, unknown));
    // It may be refused without a turn: at its deadline, or because others found room.
    stream.flushSoon();
  }

  static StreamResponse failure(long id, Status status, boolean unknown) {
    String why = status.getDescription();
    return StreamResponse.newBuilder()
        .setId(id)
        .setFailure(
            StreamFailure.newBuilder()
                .setCode(status.getCode().value())
                .setMessage(why == null ? status.getCode().toString() : why)
                .setUnknown(unknown))
        .build();
  }

  @Override
  void onTurnSent() {
    stream.flush();
  }
}
