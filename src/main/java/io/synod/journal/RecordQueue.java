package io.synod.journal;

import io.synod.paxos.JournalRecord;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Lists of records on their way from the driver to the writer: one thread adds, one takes, neither
 * ever waits. All that is there goes with the next sync; while a disk does not sync, the driver
 * takes nothing in that would be recorded.
 */
final class RecordQueue {
  private static final class Node {
    @Nullable List<JournalRecord> records;
    volatile @Nullable Node next;

    Node(@Nullable List<JournalRecord> records) {
      this.records = records;
    }
  }

  /** The last one added; the adding thread's. */
  private Node tail = new Node(null);

  /** The last one taken; the taking thread's. */
  private Node head = tail;

  void add(List<JournalRecord> records) {
    Node node = new Node(records);
    tail.next = node;
    tail = node;
  }

  /** The oldest list, if there is one. */
  @Nullable List<JournalRecord> poll() {
    Node next = head.next;
    if (next == null) {
      return null;
    }
    List<JournalRecord> records = next.records;
    next.records = null;
    head = next;
    return records;
  }

  /** Asked by the taking thread. */
  boolean isEmpty() {
    return head.next == null;
  }
}
