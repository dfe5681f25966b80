package io.synod.client;

import io.grpc.Metadata;
import io.grpc.StatusRuntimeException;
import io.synod.proto.BackupChunk;
import java.util.Iterator;

/** The parts of a backup, with the client's exceptions in place of gRPC's. One thread. */
final class BackupIterator implements Iterator<BackupPart> {
  private final ServerAddress server;
  private final Iterator<BackupChunk> chunks;

  BackupIterator(ServerAddress server, Iterator<BackupChunk> chunks) {
    this.server = server;
    this.chunks = chunks;
  }

  @Override
  public boolean hasNext() {
    try {
      return chunks.hasNext();
    } catch (StatusRuntimeException e) {
      Metadata trailers = e.getTrailers() == null ? new Metadata() : e.getTrailers();
      Failure failure = Failure.of(server, e.getStatus(), trailers, /* mayHaveLeft= */ true);
      throw failure.kind() == Failure.Kind.REFUSED
          ? new RefusedException(failure.text(), e)
          : new UnavailableException(failure.text(), e);
    }
  }

  @Override
  public BackupPart next() {
    return Messages.part(chunks.next());
  }
}
