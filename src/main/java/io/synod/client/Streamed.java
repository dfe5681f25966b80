package io.synod.client;

import io.synod.proto.DeleteRequest;
import io.synod.proto.EmptyMessage;
import io.synod.proto.GetRequest;
import io.synod.proto.GetResponse;
import io.synod.proto.PutRequest;
import io.synod.proto.ServerConfig;
import io.synod.proto.StreamRequest;
import io.synod.proto.StreamResponse;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * How an operation goes on a call that carries many.
 *
 * @param request without its id and its times
 * @param message what would answer it on a call of its own; null if the key is absent
 * @param fits whether an answer is one to this operation
 * @param <R> the response
 */
record Streamed<R>(
    StreamRequest request,
    Function<StreamResponse, @Nullable R> message,
    Function<StreamResponse, Boolean> fits) {

  /** More goes on a call of its own: a server may refuse it, and that ends the call. */
  private static final int MOST_BYTES = 512 << 10;

  /** Whether it may go together with others. */
  boolean isSmall() {
    return request.getSerializedSize() <= MOST_BYTES;
  }

  static Streamed<GetResponse> get(GetRequest request, ReadMode mode) {
    StreamRequest.Builder get = StreamRequest.newBuilder().setGet(request);
    switch (mode) {
      case SERVER_DEFAULT -> {}
      case LINEARIZABLE -> get.setRead(ServerConfig.ReadMode.LINEARIZABLE);
      case LEASE -> get.setRead(ServerConfig.ReadMode.LEASE);
      case LOCAL -> get.setRead(ServerConfig.ReadMode.LOCAL);
    }
    return new Streamed<>(
        get.build(),
        response -> response.hasValue() ? response.getValue() : null,
        response -> response.hasValue() || response.hasAbsent());
  }

  static Streamed<EmptyMessage> put(PutRequest request) {
    return write(StreamRequest.newBuilder().setPut(request));
  }

  static Streamed<EmptyMessage> delete(DeleteRequest request) {
    return write(StreamRequest.newBuilder().setDelete(request));
  }

  private static Streamed<EmptyMessage> write(StreamRequest.Builder request) {
    return new Streamed<>(request.build(), StreamResponse::getDone, StreamResponse::hasDone);
  }
}
