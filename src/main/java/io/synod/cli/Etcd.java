package io.synod.cli;

import com.google.protobuf.CodedInputStream;
import com.google.protobuf.WireFormat;
import io.grpc.CallOptions;
import io.grpc.ManagedChannel;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.grpc.StatusRuntimeException;
import io.grpc.stub.ClientCalls;
import io.synod.client.ChannelFactory;
import io.synod.client.ServerAddress;
import io.synod.proto.EmptyMessage;
import io.synod.proto.KeyValueStoreGrpc;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;

/**
 * What the load generator has to know of etcd 3. Its PutRequest and RangeRequest begin with the
 * same fields as this project's requests, so that these are sent as they are.
 */
final class Etcd {
  private Etcd() {}

  private static final MethodDescriptor.Marshaller<byte[]> BYTES =
      new MethodDescriptor.Marshaller<>() {
        @Override
        public InputStream stream(byte[] value) {
          return new ByteArrayInputStream(value);
        }

        @Override
        public byte[] parse(InputStream stream) {
          try {
            return stream.readAllBytes();
          } catch (IOException e) {
            throw new UncheckedIOException(e);
          }
        }
      };

  static Caller caller(ServerAddress server, Workload workload) {
    return new GrpcCaller<>(
        server,
        workload,
        KeyValueStoreGrpc.getPutPairMethod().toBuilder(
                KeyValueStoreGrpc.getPutPairMethod().getRequestMarshaller(), BYTES)
            .setFullMethodName("etcdserverpb.KV/Put")
            .build(),
        KeyValueStoreGrpc.getGetValueMethod().toBuilder(
                KeyValueStoreGrpc.getGetValueMethod().getRequestMarshaller(), BYTES)
            .setFullMethodName("etcdserverpb.KV/Range")
            .build(),
        new Metadata());
  }

  /** What a member says of itself. */
  private static final class MemberSaid {
    long self;
    long leader;
  }

  /**
   * Whether this member leads. Blocks.
   *
   * @throws IOException if it does not say
   */
  static boolean leads(ServerAddress server) throws IOException {
    ManagedChannel channel = ChannelFactory.plaintext(server);
    try {
      MethodDescriptor<EmptyMessage, byte[]> status =
          MethodDescriptor.<EmptyMessage, byte[]>newBuilder()
              .setType(MethodDescriptor.MethodType.UNARY)
              .setFullMethodName("etcdserverpb.Maintenance/Status")
              .setRequestMarshaller(KeyValueStoreGrpc.getPutPairMethod().getResponseMarshaller())
              .setResponseMarshaller(BYTES)
              .build();
      MemberSaid said =
          read(
              ClientCalls.blockingUnaryCall(
                  channel, status, CallOptions.DEFAULT, EmptyMessage.getDefaultInstance()));
      return said.leader != 0 && said.leader == said.self;
    } catch (StatusRuntimeException e) {
      throw new IOException(server + ": " + e.getStatus(), e);
    } finally {
      channel.shutdownNow();
    }
  }

  /** StatusResponse: the header is field 1, its member_id field 2; the leader is field 4. */
  private static MemberSaid read(byte[] response) throws IOException {
    MemberSaid said = new MemberSaid();
    CodedInputStream in = CodedInputStream.newInstance(response);
    for (int tag = in.readTag(); tag != 0; tag = in.readTag()) {
      switch (WireFormat.getTagFieldNumber(tag)) {
        case 1 -> {
          CodedInputStream header = in.readBytes().newCodedInput();
          for (int inner = header.readTag(); inner != 0; inner = header.readTag()) {
            if (WireFormat.getTagFieldNumber(inner) == 2) {
              said.self = header.readUInt64();
            } else {
              header.skipField(inner);
            }
          }
        }
        case 4 -> said.leader = in.readUInt64();
        default -> in.skipField(tag);
      }
    }
    return said;
  }
}
