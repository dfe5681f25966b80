package io.synod.server;

import io.grpc.Metadata;
import io.grpc.ServerCall;
import io.grpc.ServerCallHandler;
import io.synod.proto.StreamRequests;
import io.synod.proto.StreamResponses;
import io.synod.server.ClientCall.Place;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/** The calls with many operations, each a {@link ClientStream} on its network thread. */
final class StreamHandler implements ServerCallHandler<StreamRequests, StreamResponses> {
  private final CallIntake intake;

  /** Those that are open, each with the outbox of its thread. */
  private final Map<ClientStream, Outbox> open = new ConcurrentHashMap<>();

  StreamHandler(CallIntake intake) {
    this.intake = intake;
  }

  @Override
  public ServerCall.Listener<StreamRequests> startCall(
      ServerCall<StreamRequests, StreamResponses> call, Metadata headers) {
    Place place = intake.place(call);
    ClientStream stream = new ClientStream(call, intake, place, open::remove);
    open.put(stream, place.outbox());
    stream.start();
    if (intake.isStopping()) {
      stream.stop();
    }
    return stream;
  }

  /** Callers are told to send no more; what they have sent is answered. Any thread. */
  void stop() {
    open.forEach((stream, outbox) -> outbox.run(stream::stop));
  }
}
