package io.synod.store;

import io.synod.paxos.Bytes;
import io.synod.paxos.ServerId;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.UUID;

/**
 * Commands as the log may hold them after loss, retries and restarts: repeated, reordered, of
 * sessions that are gone, given up.
 */
final class RandomCommands {
  private static final int SERVERS = 4;

  private final Random random;
  private final int keys;
  private final List<Command> sent = new ArrayList<>();
  private final long[] next;
  private final long[] lowestOpen;
  private long sessions = 1;
  private int writes;

  RandomCommands(Random random, int keys) {
    this(random, keys, 64);
  }

  /**
   * @param mostSessions after about so many, all commands are of sessions that are gone
   */
  RandomCommands(Random random, int keys, int mostSessions) {
    this.random = random;
    this.keys = keys;
    this.next = new long[mostSessions];
    this.lowestOpen = new long[mostSessions];
  }

  List<Command> batch() {
    List<Command> batch = new ArrayList<>();
    for (int count = random.nextInt(30); count > 0; count--) {
      batch.add(next());
    }
    return batch;
  }

  private Command next() {
    int dice = random.nextInt(100);
    if (!sent.isEmpty() && dice < 15) {
      int back = Math.min(sent.size(), 1 + random.nextInt(200));
      return sent.get(sent.size() - back);
    }
    Command command = dice < 17 ? open() : write();
    sent.add(command);
    return command;
  }

  private Command open() {
    if (sessions < next.length - 2) {
      sessions++;
    }
    return new Command.OpenSession(
        new ServerId(random.nextInt(SERVERS)), new UUID(random.nextLong(), random.nextLong()));
  }

  private Command write() {
    // Mostly of one that is open: one of the last that were opened.
    int back = random.nextInt(random.nextInt(20) == 0 ? (int) sessions : SERVERS);
    int session = (int) Math.max(1, sessions - back);
    if (next[session] == 0) {
      next[session] = 1;
      lowestOpen[session] = 1;
    }
    int dice = random.nextInt(1_000);
    next[session] += dice < 5 ? Session.WINDOW_SEQUENCES : random.nextInt(3);
    if (dice > 800) {
      lowestOpen[session] += random.nextInt((int) (next[session] - lowestOpen[session]) + 1);
    }
    long sequence = next[session] - random.nextInt(5);
    Command.Stamp stamp =
        new Command.Stamp(
            session, Math.max(sequence, 1), Math.max(1, Math.min(sequence, lowestOpen[session])));
    writes++;
    int kind = random.nextInt(100);
    if (kind == 0) {
      return new Command.Compact(stamp, 1 + random.nextInt(writes));
    } else if (kind < 4) {
      return new Command.Writes(stamp, changes());
    }
    Bytes key = key();
    return random.nextInt(4) == 0
        ? new Command.Delete(stamp, key)
        : new Command.Put(stamp, key, value());
  }

  private List<Command.Change> changes() {
    Map<Bytes, Optional<Bytes>> changes = new LinkedHashMap<>();
    for (int count = 1 + random.nextInt(5); count > 0; count--) {
      changes.put(key(), random.nextInt(3) == 0 ? Optional.empty() : Optional.of(value()));
    }
    List<Command.Change> list = new ArrayList<>();
    changes.forEach((key, value) -> list.add(new Command.Change(key, value)));
    return list;
  }

  private Bytes key() {
    // Of different lengths, many a prefix of another, with bytes above and below 0x80.
    int number = random.nextInt(keys);
    byte[] key = new byte[1 + number % 5];
    for (int i = 0, rest = number; i < key.length; i++, rest /= 7) {
      key[i] = (byte) (rest * 37);
    }
    return Bytes.wrap(key);
  }

  private Bytes value() {
    byte[] value = new byte[random.nextInt(20) == 0 ? 5_000 : random.nextInt(40)];
    random.nextBytes(value);
    return Bytes.wrap(value);
  }
}
