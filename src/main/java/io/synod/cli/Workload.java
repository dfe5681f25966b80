package io.synod.cli;

import com.google.protobuf.ByteString;
import io.synod.proto.GetRequest;
import io.synod.proto.PutRequest;
import java.util.Locale;
import java.util.SplittableRandom;

/** The requests of a run, all made beforehand. Immutable. */
final class Workload {
  private static final int VALUES = 64;
  private static final long SEED = 20_260_915;

  private final GetRequest[] gets;
  private final PutRequest[] puts;
  private final int readPercent;

  Workload(BenchOptions options) {
    SplittableRandom random = new SplittableRandom(SEED);
    ByteString[] values = new ByteString[VALUES];
    for (int i = 0; i < VALUES; i++) {
      byte[] value = new byte[options.valueBytes()];
      random.nextBytes(value);
      values[i] = ByteString.copyFrom(value);
    }
    this.gets = new GetRequest[options.keys()];
    this.puts = new PutRequest[options.keys()];
    for (int i = 0; i < options.keys(); i++) {
      ByteString key = ByteString.copyFromUtf8(String.format(Locale.ROOT, "bench-%010d", i));
      gets[i] = GetRequest.newBuilder().setKey(key).build();
      puts[i] = PutRequest.newBuilder().setKey(key).setValue(values[i % VALUES]).build();
    }
    this.readPercent = options.readPercent();
  }

  int keys() {
    return gets.length;
  }

  GetRequest get(int key) {
    return gets[key];
  }

  PutRequest put(int key) {
    return puts[key];
  }

  /** How many of a hundred operations are reads. */
  int readPercent() {
    return readPercent;
  }
}
