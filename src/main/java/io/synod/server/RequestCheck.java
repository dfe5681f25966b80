package io.synod.server;

import com.google.protobuf.ByteString;
import io.grpc.Status;
import io.synod.node.ClientRequest.Operation;
import io.synod.node.ClientRequest.ReadMode;
import io.synod.paxos.Bytes;
import io.synod.proto.DeleteRequest;
import io.synod.proto.GetRequest;
import io.synod.proto.PutRequest;
import io.synod.proto.RangeRequest;
import io.synod.server.Configuration.Limits;
import io.synod.store.Range;
import java.util.OptionalLong;
import java.util.concurrent.atomic.LongAdder;
import org.jspecify.annotations.Nullable;

/**
 * Makes of a client's message what the node is asked, or refuses it in words that say what would be
 * right. What it lets through has its bytes of the room for calls. Network threads.
 */
final class RequestCheck {
  /** How much a page of a range holds; one row alone may exceed the bytes. */
  private static final int PAGE_ROWS = 1_000;

  private static final int PAGE_BYTES = 256 << 10;

  private final Limits limits;
  private final Room room;
  private final LongAdder rejected;

  /**
   * When something is to be answered.
   *
   * @param answerByNanos on the driver's clock
   * @param patienceNanos on the same; as {@link Terms}
   */
  record Times(long answerByNanos, long patienceNanos) {}

  /**
   * @param room for what calls bring
   * @param rejected counts what makes no sense
   */
  RequestCheck(Limits limits, Room room, LongAdder rejected) {
    this.limits = limits;
    this.room = room;
    this.rejected = rejected;
  }

  /** A GET; null if it is refused. */
  @Nullable Terms get(Caller caller, GetRequest request, ReadMode mode, Times times) {
    ByteString key = request.getKey();
    return accepts(caller, key)
        ? terms(caller, new Operation.Get(ByteStrings.toBytes(key), mode), key.size(), times)
        : null;
  }

  /** A PUT; null if it is refused. */
  @Nullable Terms put(Caller caller, PutRequest request, Times times) {
    ByteString key = request.getKey();
    ByteString value = request.getValue();
    if (!accepts(caller, key)) {
      return null;
    }
    if (value.size() > limits.valueBytes()) {
      refuseInvalid(
          caller,
          "a value of " + value.size() + " bytes: the limit is " + limits.valueBytes() + " bytes");
      return null;
    }
    return terms(
        caller,
        new Operation.Put(ByteStrings.toBytes(key), ByteStrings.toBytes(value)),
        key.size() + value.size(),
        times);
  }

  /** A DELETE; null if it is refused. */
  @Nullable Terms delete(Caller caller, DeleteRequest request, Times times) {
    ByteString key = request.getKey();
    return accepts(caller, key)
        ? terms(caller, new Operation.Delete(ByteStrings.toBytes(key)), key.size(), times)
        : null;
  }

  /** A page of a range, or its count; null if it is refused. */
  @Nullable Terms range(Caller caller, RangeRequest request, ReadMode mode, Times times) {
    int longest = limits.keyBytes();
    if (request.getPrefix().size() > longest || request.getFrom().size() > longest) {
      refuseInvalid(caller, "a prefix or a key of more than the limit of " + longest + " bytes");
      return null;
    }
    int bytes = request.getPrefix().size() + request.getFrom().size();
    return terms(caller, new Operation.Scan(range(request), mode), bytes, times);
  }

  private static Range range(RangeRequest request) {
    int rows = request.getLimit() == 0 ? PAGE_ROWS : Math.min(request.getLimit(), PAGE_ROWS);
    Range range =
        Range.ofPrefix(
            ByteStrings.toBytes(request.getPrefix()),
            request.hasRevision() ? OptionalLong.of(request.getRevision()) : OptionalLong.empty(),
            request.getCountOnly()
                ? Range.Limits.COUNT
                : new Range.Limits(rows < 1 ? PAGE_ROWS : rows, PAGE_BYTES));
    Bytes from = ByteStrings.toBytes(request.getFrom());
    return from.compareTo(range.from()) > 0
        ? new Range(from, range.until(), range.revision(), range.limits())
        : range;
  }

  private boolean accepts(Caller caller, ByteString key) {
    int limit = limits.keyBytes();
    if (key.isEmpty()) {
      refuseInvalid(caller, "the key is empty: it has 1 to " + limit + " bytes");
      return false;
    }
    if (key.size() > limit) {
      refuseInvalid(caller, "a key of " + key.size() + " bytes: the limit is " + limit + " bytes");
      return false;
    }
    return true;
  }

  private @Nullable Terms terms(Caller caller, Operation operation, int bytes, Times times) {
    if (room.take(bytes)) {
      return new Terms(operation, bytes, times.answerByNanos(), times.patienceNanos());
    }
    caller.refuse(
        Status.RESOURCE_EXHAUSTED.withDescription(
            "calls of "
                + room.bytes()
                + " bytes are under way, which is the limit: try again later"));
    return null;
  }

  /** Refuses what never makes sense. */
  void refuseInvalid(Caller caller, String why) {
    rejected.increment();
    caller.refuse(Status.INVALID_ARGUMENT.withDescription(why));
  }

  /** What a message is to hold. */
  String whatIsRight() {
    return "a key has 1 to " + limits.keyBytes() + " bytes, a value up to " + limits.valueBytes();
  }
}
