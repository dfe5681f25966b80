package io.synod.client;

import io.synod.proto.RangeRequest;
import io.synod.proto.RangeResponse;
import java.util.Iterator;
import java.util.NoSuchElementException;
import java.util.function.Function;

/** Goes through the pages of a range, all at the revision of the first. One thread. */
final class RangeIterator implements Iterator<Row> {
  /** Above what any page holds. */
  private static final int MOST_ROWS = 1 << 20;

  private final Function<RangeRequest, RangeResponse> pages;
  private RangeRequest next;
  private RangeResponse page = RangeResponse.getDefaultInstance();
  private int place;
  private boolean atLast;
  private long left;

  /**
   * @param first asks for the first page
   * @param limit how many rows at most
   */
  RangeIterator(RangeRequest first, long limit, Function<RangeRequest, RangeResponse> pages) {
    this.next = first;
    this.left = limit;
    this.pages = pages;
  }

  @Override
  public boolean hasNext() {
    while (left > 0 && place == page.getRowCount() && !atLast) {
      int limit = (int) Math.min(left, MOST_ROWS);
      page = pages.apply(next.toBuilder().setLimit(limit).build());
      place = 0;
      atLast = !page.hasNext();
      next = next.toBuilder().setFrom(page.getNext()).setRevision(page.getRevision()).build();
    }
    return left > 0 && place < page.getRowCount();
  }

  @Override
  public Row next() {
    if (!hasNext()) {
      throw new NoSuchElementException();
    }
    left--;
    return Messages.row(page.getRow(place++));
  }
}
