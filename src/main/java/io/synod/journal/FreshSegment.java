package io.synod.journal;

import io.synod.paxos.Bytes;
import io.synod.paxos.JournalRecord;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;

/**
 * The segment that a recovery begins. Its frames are durable before its header is written: the
 * header's being there is what puts it in force, and until then the log is what it was.
 */
final class FreshSegment {
  private static final int PIECE_BYTES = 1 << 20;

  private final Disk disk;
  private final JournalSettings settings;
  private final Identity identity;
  private final JournalState state;
  private List<SegmentHeader.Extent> before = List.of();
  private long sizeBytes;
  private long end;

  FreshSegment(Disk disk, JournalSettings settings, Identity identity, JournalState state) {
    this.disk = disk;
    this.settings = settings;
    this.identity = identity;
    this.state = state;
  }

  /** Writes it as a new file with this number. Blocks; durable on return. */
  LogWriter.Start write(int number, long use, List<Segment.Full> kept, List<JournalRecord> records)
      throws IOException {
    before = new ArrayList<>();
    long lastSlot = 0;
    for (Segment.Full segment : kept) {
      before.add(segment.extent());
    }
    Frame.Place place = new Frame.Place(identity.mark(), use);
    long bytes = Frame.paddedBytes(header().encode().size());
    long first = bytes;
    int largest = 0;
    for (JournalRecord record : records) {
      int frame = frameBytes(record);
      largest = Math.max(largest, frame);
      bytes += frame;
    }
    long least = Math.max(bytes + 2 * Frame.HEADER_BYTES, LogWriter.HEADERS_A_SEGMENT * first);
    sizeBytes = Math.max(settings.segmentBytes(), Frame.align(least));
    end = bytes;
    DiskFile file = disk.open(LogFiles.segment(number));
    try {
      file.truncate(sizeBytes);
      Writer writer = new Writer(file, first, Math.max(PIECE_BYTES, largest));
      for (JournalRecord record : records) {
        writer.put(record, place);
        if (record instanceof JournalRecord.ValueAccepted accepted) {
          lastSlot = Math.max(lastSlot, accepted.accepted().slot().number());
        }
      }
      writer.flush();
      file.sync();
      disk.syncDirectory();
      Bytes header = header().encode();
      ByteBuffer buffer = ByteBuffer.allocate(Frame.paddedBytes(header.size()));
      buffer.position(Frame.HEADER_BYTES);
      header.writeTo(buffer);
      Frame.seal(buffer, 0, Frame.typeAndFlags(Frame.SEGMENT, 0), place, 0, 0);
      file.write(0, buffer.flip());
      file.sync();
    } catch (IOException e) {
      try (file) {
        throw e;
      }
    }
    Segment segment = new Segment(LogFiles.segment(number), file, sizeBytes, /* filled= */ false);
    return new LogWriter.Start(segment, use, end, lastSlot);
  }

  /** As written. */
  SegmentHeader header() {
    return new SegmentHeader(
        identity, sizeBytes, /* filled= */ false, settings.recordsPerSync(), end, before, state);
  }

  private static int frameBytes(JournalRecord record) {
    return Frame.paddedBytes(
        RecordFormat.fixedBytes(RecordFormat.type(record)) + RecordFormat.tail(record).size());
  }

  /** Gathers frames into large writes. */
  private static final class Writer {
    private final DiskFile file;
    private final ByteBuffer buffer;
    private long at;

    Writer(DiskFile file, long at, int bufferBytes) {
      this.file = file;
      this.at = at;
      this.buffer = ByteBuffer.allocate(bufferBytes);
    }

    void put(JournalRecord record, Frame.Place place) throws IOException {
      if (buffer.remaining() < frameBytes(record)) {
        flush();
      }
      int start = buffer.position();
      buffer.position(start + Frame.HEADER_BYTES);
      RecordFormat.putFixed(record, buffer);
      RecordFormat.tail(record).writeTo(buffer);
      int type = Frame.typeAndFlags(RecordFormat.type(record), Frame.RECOVERED);
      Frame.seal(buffer, start, type, place, at + start, 0);
    }

    void flush() throws IOException {
      buffer.flip();
      int bytes = buffer.remaining();
      file.write(at, buffer);
      buffer.clear();
      at += bytes;
    }
  }
}
