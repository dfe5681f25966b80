package io.synod.client;

import io.grpc.Metadata;
import io.grpc.Status;
import io.grpc.stub.StreamObserver;
import io.synod.proto.EmptyMessage;
import io.synod.proto.GetResponse;
import io.synod.proto.KeyValueStoreGrpc;
import io.synod.proto.ServerConfig;
import io.synod.proto.StreamFailure;
import io.synod.proto.StreamRequest;
import io.synod.proto.StreamRequests;
import io.synod.proto.StreamResponse;
import io.synod.proto.StreamResponses;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.BiConsumer;
import java.util.function.Consumer;

/** Many operations on one call, each answered as a call of its own would be. */
final class FakeStream implements StreamObserver<StreamRequests> {
  private final KeyValueStoreGrpc.KeyValueStoreImplBase calls;
  private final StreamObserver<StreamResponses> answers;
  private final AtomicInteger messages;
  private final Consumer<StreamRequest> onRequest;
  private boolean ended;

  FakeStream(
      KeyValueStoreGrpc.KeyValueStoreImplBase calls,
      StreamObserver<StreamResponses> answers,
      AtomicInteger messages,
      Consumer<StreamRequest> onRequest) {
    this.calls = calls;
    this.answers = answers;
    this.messages = messages;
    this.onRequest = onRequest;
  }

  @Override
  public void onNext(StreamRequests message) {
    messages.incrementAndGet();
    message.getRequestList().forEach(this::onRequest);
  }

  private void onRequest(StreamRequest request) {
    onRequest.accept(request);
    switch (request.getOperationCase()) {
      case GET ->
          calls.getValue(
              request.getGet(),
              new Answer<GetResponse>(request, (value, to) -> to.setValue(value)));
      case PUT -> calls.putPair(request.getPut(), new Answer<EmptyMessage>(request, this::done));
      case DELETE ->
          calls.deletePair(request.getDelete(), new Answer<EmptyMessage>(request, this::done));
      case OPERATION_NOT_SET -> throw new AssertionError(request);
    }
  }

  private void done(EmptyMessage message, StreamResponse.Builder to) {
    to.setDone(message);
  }

  @Override
  public void onError(Throwable failure) {
    ended = true;
  }

  @Override
  public synchronized void onCompleted() {
    ended = true;
    answers.onCompleted();
  }

  /** Says that no more is wanted. */
  synchronized void stop() {
    if (!ended) {
      answers.onNext(StreamResponses.newBuilder().setStopping(true).build());
    }
  }

  private synchronized void send(StreamResponse.Builder response) {
    if (!ended) {
      answers.onNext(StreamResponses.newBuilder().addResponse(response).build());
    }
  }

  /** Ends the call. */
  synchronized void end(Status status) {
    if (!ended) {
      breakOff(status.asRuntimeException());
    }
  }

  private synchronized void breakOff(Throwable failure) {
    ended = true;
    answers.onError(failure);
  }

  private final class Answer<T> implements StreamObserver<T> {
    private final StreamResponse.Builder response;
    private final BiConsumer<T, StreamResponse.Builder> put;

    Answer(StreamRequest request, BiConsumer<T, StreamResponse.Builder> put) {
      this.response = StreamResponse.newBuilder().setId(request.getId());
      this.put = put;
      if (request.hasRead() && request.getRead() == ServerConfig.ReadMode.LOCAL) {
        response.setApplied(42);
      }
    }

    @Override
    public void onNext(T message) {
      put.accept(message, response);
    }

    @Override
    public void onCompleted() {
      send(response);
    }

    @Override
    public void onError(Throwable failure) {
      Status status = Status.fromThrowable(failure);
      Metadata trailers = Status.trailersFromThrowable(failure);
      String outcome = trailers == null ? null : trailers.get(Failure.OUTCOME);
      if (status.getCode() == Status.Code.NOT_FOUND) {
        send(response.setAbsent(EmptyMessage.getDefaultInstance()));
      } else if (outcome == null) {
        breakOff(failure);
      } else {
        send(
            response.setFailure(
                StreamFailure.newBuilder()
                    .setCode(status.getCode().value())
                    .setMessage(String.valueOf(status.getDescription()))
                    .setUnknown(outcome.equals("unknown"))));
      }
    }
  }
}
