package io.synod.cli;

import io.synod.client.ClientSettings;
import io.synod.client.ServerAddress;
import io.synod.client.SynodClient;
import java.util.List;
import java.util.concurrent.CompletableFuture;

/** The client library with streams, as an application has it: operations of one server together. */
final class StreamCaller implements Caller {
  private final SynodClient client;
  private final Workload workload;

  private StreamCaller(SynodClient client, Workload workload) {
    this.client = client;
    this.workload = workload;
  }

  static Caller open(ServerAddress server, Workload workload) {
    return new StreamCaller(
        SynodClient.of(ClientSettings.usual(List.of(server)).withStreams(true)), workload);
  }

  @Override
  public void put(int key, Outcome outcome) {
    tell(client.putAsync(workload.key(key), workload.value(key)), outcome);
  }

  @Override
  public void get(int key, Outcome outcome) {
    tell(client.getAsync(workload.key(key)), outcome);
  }

  private static void tell(CompletableFuture<?> call, Outcome outcome) {
    var unused =
        call.whenComplete(
            (answer, failure) -> {
              if (failure == null) {
                outcome.done();
              } else {
                outcome.failed(failure.toString());
              }
            });
  }

  @Override
  public void close() {
    client.close();
  }
}
