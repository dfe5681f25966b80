package io.synod.node;

import io.synod.node.ClientRequest.Operation;
import io.synod.store.KeyValueStore;
import io.synod.store.Range;
import io.synod.store.RangeRead;
import io.synod.store.RevisionUnavailableException;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Optional;
import java.util.function.Supplier;

/**
 * Reads of ranges, which may take long: some keys of one of them in each turn, one after the other,
 * all of one at the revision at which it began. Driver thread only.
 */
final class Scans {
  /** How many keys are looked at in a turn. */
  private static final int TURN_KEYS = 2_000;

  private final KeyValueStore store;
  private final Supplier<Optional<String>> unfit;
  private final ArrayDeque<Scan> waiting = new ArrayDeque<>();

  /** A read, and what it counted so far. */
  private record Scan(ClientRequest request, Range range, long counted) {}

  /**
   * @param unfit why the state is not to be shown to anybody any more, if it is not
   */
  Scans(KeyValueStore store, Supplier<Optional<String>> unfit) {
    this.store = store;
    this.unfit = unfit;
  }

  int count() {
    return waiting.size();
  }

  /** A read that is allowed to see the present state. */
  void add(ClientRequest request, Operation.Scan scan) {
    waiting.add(new Scan(request, scan.range(), 0));
  }

  /** Goes on with the next; false if there is none. */
  boolean turn() {
    Scan scan = waiting.poll();
    if (scan == null) {
      return false;
    }
    Optional<String> why = unfit.get();
    if (why.isPresent()) {
      scan.request().answer(new Answer.Unavailable(false, why.get()));
      return true;
    }
    try {
      onRead(scan, store.range(scan.range(), TURN_KEYS));
    } catch (RevisionUnavailableException e) {
      boolean compacted = e.why() == RevisionUnavailableException.Why.COMPACTED;
      scan.request()
          .answer(new Answer.RevisionUnavailable(compacted, String.valueOf(e.getMessage())));
    }
    return true;
  }

  private void onRead(Scan scan, RangeRead read) {
    long count = scan.counted() + read.count();
    if (read.next().isPresent() && read.rows().isEmpty()) {
      Range rest = scan.range().continued(read.next().get(), read.revision());
      waiting.add(new Scan(scan.request(), rest, count));
      return;
    }
    RangeRead whole = new RangeRead(read.rows(), read.revision(), count, read.next());
    scan.request().answer(new Answer.Rows(whole, store.applied()));
  }

  /** Takes out those whose deadline has come. */
  List<ClientRequest> expired(long nowNanos) {
    List<ClientRequest> expired = new ArrayList<>();
    for (Iterator<Scan> each = waiting.iterator(); each.hasNext(); ) {
      ClientRequest request = each.next().request();
      if (request.deadlineNanos() - nowNanos <= 0) {
        each.remove();
        expired.add(request);
      }
    }
    return expired;
  }

  /** Takes out all: the server stops. */
  List<ClientRequest> all() {
    List<ClientRequest> all = new ArrayList<>();
    waiting.forEach(scan -> all.add(scan.request()));
    waiting.clear();
    return all;
  }
}
