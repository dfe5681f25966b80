package io.synod.paxos;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.UUID;

/**
 * A value as a kind and a payload of bytes: the one format in which values are journaled and sent.
 * A batch's payload is its commands as they are, so that one serialization serves the journal and
 * all peers.
 */
public final class ValueFormat {
  private static final int BATCH = 1;
  private static final int NOOP = 2;
  private static final int COORDINATOR = 3;
  private static final int MEMBERSHIP = 4;
  private static final int BEHAVIOUR = 5;
  private static final int VERSION = 1;

  /** Version 1 had no {@link Member#replaces}. */
  private static final int MEMBERSHIP_VERSION = 2;

  private ValueFormat() {}

  /** A small positive number that tells the kinds apart. */
  public static int kind(Value value) {
    if (value instanceof Value.Batch) {
      return BATCH;
    } else if (value instanceof Value.Noop) {
      return NOOP;
    } else if (value instanceof Value.CoordinatorElected) {
      return COORDINATOR;
    } else if (value instanceof Value.Version) {
      return BEHAVIOUR;
    }
    return MEMBERSHIP;
  }

  /** The value's bytes; shared, not copied, for a batch. */
  public static Bytes payload(Value value) {
    if (value instanceof Value.Batch batch) {
      return batch.commands();
    } else if (value instanceof Value.Noop) {
      return Bytes.EMPTY;
    } else if (value instanceof Value.CoordinatorElected elected) {
      byte[] address = elected.clientAddress().toString().getBytes(StandardCharsets.UTF_8);
      ByteBuffer out = ByteBuffer.allocate(1 + 8 + 4 + 2 + address.length);
      out.put((byte) VERSION)
          .putLong(elected.ballot().round())
          .putInt(elected.ballot().server().number());
      putShort(out, address);
      return Bytes.wrap(out.array());
    } else if (value instanceof Value.Version version) {
      return Bytes.wrap(
          ByteBuffer.allocate(1 + 4).put((byte) VERSION).putInt(version.number()).array());
    }
    return membership((Membership) value);
  }

  /** About how many bytes the value takes, in a message or in memory. */
  public static int sizeBytes(Value value) {
    return value instanceof Value.Batch batch ? batch.commands().size() + 64 : 256;
  }

  /** A membership's bytes. */
  public static Bytes membership(Membership membership) {
    int size = 1 + 8 + 2;
    List<byte[]> texts = new ArrayList<>();
    for (Member member : membership.members()) {
      byte[] consensus = member.consensusAddress().toString().getBytes(StandardCharsets.UTF_8);
      byte[] client = member.clientAddress().toString().getBytes(StandardCharsets.UTF_8);
      texts.add(consensus);
      texts.add(client);
      size += 4 + 16 + 1 + 2 + consensus.length + 2 + client.length;
      size += 1 + (member.replaces().isPresent() ? 4 : 0);
    }
    ByteBuffer out = ByteBuffer.allocate(size);
    out.put((byte) MEMBERSHIP_VERSION).putLong(membership.predecessor().number());
    out.putShort((short) membership.members().size());
    int text = 0;
    for (Member member : membership.members()) {
      UUID id = member.incarnation().id();
      out.putInt(member.server().number());
      out.putLong(id.getMostSignificantBits()).putLong(id.getLeastSignificantBits());
      out.put(member.role().code());
      putShort(out, texts.get(text++));
      putShort(out, texts.get(text++));
      out.put((byte) (member.replaces().isPresent() ? 1 : 0));
      member.replaces().ifPresent(replaced -> out.putInt(replaced.number()));
    }
    return Bytes.wrap(out.array());
  }

  /**
   * Reads a membership.
   *
   * @throws IllegalArgumentException if the bytes are not one
   */
  public static Membership membership(Bytes payload) {
    return (Membership) value(MEMBERSHIP, payload);
  }

  /**
   * Reads a value.
   *
   * @throws IllegalArgumentException if the bytes are not one, naming what is wrong
   */
  public static Value value(int kind, Bytes payload) {
    return switch (kind) {
      case BATCH -> new Value.Batch(payload);
      case NOOP -> new Value.Noop();
      case COORDINATOR, MEMBERSHIP, BEHAVIOUR -> structured(kind, payload);
      default -> throw new IllegalArgumentException("unknown kind of value " + kind);
    };
  }

  private static Value structured(int kind, Bytes payload) {
    ByteBuffer in = payload.asByteBuffer();
    try {
      byte version = in.get();
      int newest = kind == MEMBERSHIP ? MEMBERSHIP_VERSION : VERSION;
      if (version < 1 || version > newest) {
        throw new IllegalArgumentException(
            "a value of version " + version + "; this server knows up to " + newest);
      }
      Value value =
          switch (kind) {
            case COORDINATOR -> coordinator(in);
            case MEMBERSHIP -> membershipFrom(in, version);
            default -> new Value.Version(in.getInt());
          };
      if (in.hasRemaining()) {
        throw new IllegalArgumentException(
            in.remaining() + " bytes too many in a value of kind " + kind);
      }
      return value;
    } catch (java.nio.BufferUnderflowException e) {
      throw new IllegalArgumentException("a value of kind " + kind + " ends too early", e);
    }
  }

  private static Value coordinator(ByteBuffer in) {
    Ballot ballot = new Ballot(in.getLong(), new ServerId(in.getInt()));
    return new Value.CoordinatorElected(ballot, Address.parse(text(in)));
  }

  private static Membership membershipFrom(ByteBuffer in, int version) {
    Slot predecessor = new Slot(in.getLong());
    int count = in.getShort() & 0xffff;
    List<Member> members = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      ServerId server = new ServerId(in.getInt());
      Incarnation incarnation = new Incarnation(new UUID(in.getLong(), in.getLong()));
      Member.Role role = Member.Role.of(in.get());
      Address consensus = Address.parse(text(in));
      Address client = Address.parse(text(in));
      Optional<ServerId> replaces =
          version == 1 || in.get() == 0 ? Optional.empty() : Optional.of(new ServerId(in.getInt()));
      members.add(new Member(server, incarnation, consensus, client, role, replaces));
    }
    return new Membership(predecessor, members);
  }

  private static void putShort(ByteBuffer out, byte[] bytes) {
    out.putShort((short) bytes.length).put(bytes);
  }

  private static String text(ByteBuffer in) {
    byte[] bytes = new byte[in.getShort() & 0xffff];
    in.get(bytes);
    return new String(bytes, StandardCharsets.UTF_8);
  }
}
