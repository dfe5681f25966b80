package io.synod.paxos;

import java.util.List;

/**
 * What to do after a step, in this order: hand {@code records} to the journal; send {@code
 * sendNow}; keep {@code sendWhenDurable} until all records so far are durable; apply {@code
 * chosen}; answer the rest.
 *
 * @param records to journal, in order
 * @param sendNow may leave at once; those to this server itself come back as {@link Input.Received}
 * @param sendWhenDurable leave when every record handed out so far, these included, is durable;
 *     those to this server itself come back as {@link Input.Received} then
 * @param chosen newly chosen values, in slot order without a gap from one step to the next
 * @param readPoints for {@link Input.ReadsWaiting} of this server
 * @param changes what became of {@link Input.ChangeRequested} and {@link Input.HandOverRequested}
 * @param notices what an operator would want to know, and what was ignored and why: to be logged
 *     and counted
 */
public record Output(
    List<JournalRecord> records,
    List<Send<Message.Unbound>> sendNow,
    List<Send<Message.Binding>> sendWhenDurable,
    List<ChosenValue> chosen,
    List<ReadAnswer> readPoints,
    List<ChangeAnswer> changes,
    List<Notice> notices) {

  /** A message and its receiver. */
  public record Send<M extends Message>(ServerId to, M message) {}

  /** A chosen value and its slot. */
  public record ChosenValue(Slot slot, Value value) {}

  /** The answer to {@link Input.ReadsWaiting}. */
  public sealed interface ReadAnswer {
    long id();

    /** Linearizable once this slot is applied. */
    record Ready(long id, Slot point) implements ReadAnswer {}

    /** Nobody to ask, or the coordinator changed: ask again under a new id. */
    record Refused(long id) implements ReadAnswer {}
  }
}
