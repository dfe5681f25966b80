package io.synod.paxos;

import java.util.ArrayList;
import java.util.List;

/** Gathers what a step asks to be done, in order; emptied by {@link #take} at its end. */
final class Effects {
  private List<JournalRecord> records = List.of();
  private List<Output.Send<Message.Unbound>> sendNow = List.of();
  private List<Output.Send<Message.Binding>> sendWhenDurable = List.of();
  private List<Output.ChosenValue> chosen = List.of();
  private List<Output.ReadAnswer> readPoints = List.of();
  private List<ChangeAnswer> changes = List.of();
  private List<Notice> notices = List.of();

  /** Journals a record. */
  void record(JournalRecord record) {
    if (records.isEmpty()) {
      records = new ArrayList<>(4);
    }
    records.add(record);
  }

  /** Sends a message that binds nobody. */
  void send(ServerId to, Message.Unbound message) {
    if (sendNow.isEmpty()) {
      sendNow = new ArrayList<>(8);
    }
    sendNow.add(new Output.Send<>(to, message));
  }

  /** Sends a message once everything journaled so far is durable. */
  void sendWhenDurable(ServerId to, Message.Binding message) {
    if (sendWhenDurable.isEmpty()) {
      sendWhenDurable = new ArrayList<>(4);
    }
    sendWhenDurable.add(new Output.Send<>(to, message));
  }

  /** Hands a chosen value over to be applied. */
  void choose(Slot slot, Value value) {
    if (chosen.isEmpty()) {
      chosen = new ArrayList<>(4);
    }
    chosen.add(new Output.ChosenValue(slot, value));
  }

  /** Answers waiting reads of this server. */
  void readPoint(Output.ReadAnswer answer) {
    if (readPoints.isEmpty()) {
      readPoints = new ArrayList<>(2);
    }
    readPoints.add(answer);
  }

  /** Answers an operator's request. */
  void change(ChangeAnswer answer) {
    if (changes.isEmpty()) {
      changes = new ArrayList<>(2);
    }
    changes.add(answer);
  }

  /** Tells the operator. */
  void notice(Notice notice) {
    if (notices.isEmpty()) {
      notices = new ArrayList<>(2);
    }
    notices.add(notice);
  }

  /** An input is ignored: {@code why} is one of a small fixed set of texts. */
  void ignored(String handler, String why) {
    notice(new Notice.Ignored(handler, why));
  }

  /** All that was gathered since the last call. */
  Output take() {
    Output output =
        new Output(records, sendNow, sendWhenDurable, chosen, readPoints, changes, notices);
    records = List.of();
    sendNow = List.of();
    sendWhenDurable = List.of();
    chosen = List.of();
    readPoints = List.of();
    changes = List.of();
    notices = List.of();
    return output;
  }
}
