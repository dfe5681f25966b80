package io.synod.cli;

import com.google.protobuf.ByteString;
import io.synod.proto.GetRequest;
import io.synod.proto.PutRequest;
import java.util.Arrays;
import java.util.Locale;
import java.util.SplittableRandom;

/** The requests of a run, all made beforehand, and which of them comes next. Immutable. */
final class Workload {
  private static final int VALUES = 64;
  private static final long SEED = 20_260_915;

  /** Of the zipfian distribution, as in YCSB. */
  private static final double ZIPF_EXPONENT = 0.99;

  private final GetRequest[] gets;
  private final PutRequest[] puts;
  private final int readPercent;

  /** The chance of a key or one before it; empty if all are alike. */
  private final double[] chances;

  /** Which keys are used how often. */
  enum Distribution {
    /** All alike. */
    UNIFORM,
    /** Few often, many seldom: the k-th with a chance like k to the power of -0.99. */
    ZIPF
  }

  Workload(int keys, int valueBytes, Distribution distribution, int readPercent) {
    SplittableRandom random = new SplittableRandom(SEED);
    ByteString[] values = new ByteString[VALUES];
    for (int i = 0; i < VALUES; i++) {
      byte[] value = new byte[valueBytes];
      random.nextBytes(value);
      values[i] = ByteString.copyFrom(value);
    }
    this.gets = new GetRequest[keys];
    this.puts = new PutRequest[keys];
    for (int i = 0; i < keys; i++) {
      ByteString key = ByteString.copyFromUtf8(String.format(Locale.ROOT, "bench-%010d", i));
      gets[i] = GetRequest.newBuilder().setKey(key).build();
      puts[i] = PutRequest.newBuilder().setKey(key).setValue(values[i % VALUES]).build();
    }
    this.chances = distribution == Distribution.ZIPF ? zipf(keys) : new double[0];
    this.readPercent = readPercent;
  }

  private Workload(Workload of, int readPercent) {
    this.gets = of.gets;
    this.puts = of.puts;
    this.chances = of.chances;
    this.readPercent = readPercent;
  }

  /** The same requests with another part of reads. */
  Workload withReads(int percent) {
    return new Workload(this, percent);
  }

  private static double[] zipf(int keys) {
    double[] chances = new double[keys];
    double sum = 0;
    for (int i = 0; i < keys; i++) {
      sum += Math.pow(i + 1, -ZIPF_EXPONENT);
      chances[i] = sum;
    }
    for (int i = 0; i < keys; i++) {
      chances[i] /= sum;
    }
    return chances;
  }

  int keys() {
    return gets.length;
  }

  /** The key of the next call. */
  int nextKey(SplittableRandom random) {
    if (chances.length == 0) {
      return random.nextInt(gets.length);
    }
    int found = Arrays.binarySearch(chances, random.nextDouble());
    return Math.min(found < 0 ? -found - 1 : found, gets.length - 1);
  }

  /** Whether the next call is a read. */
  boolean nextIsRead(SplittableRandom random) {
    return random.nextInt(100) < readPercent;
  }

  ByteString key(int key) {
    return puts[key].getKey();
  }

  ByteString value(int key) {
    return puts[key].getValue();
  }

  GetRequest get(int key) {
    return gets[key];
  }

  PutRequest put(int key) {
    return puts[key];
  }
}
