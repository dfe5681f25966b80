package io.synod.store;

import java.io.IOException;
import java.util.List;

/**
 * What was set aside because it is damaged, for a person to look at: it goes when the whole state
 * of the cluster is to come in its place, and there is no room.
 */
interface SetAside {
  /** Nothing. */
  SetAside NOTHING =
      new SetAside() {
        @Override
        public List<String> names() {
          return List.of();
        }

        @Override
        public long sizeBytes() {
          return 0;
        }

        @Override
        public void delete() {}
      };

  /** Of what there is. */
  List<String> names() throws IOException;

  /** Of all of it. */
  long sizeBytes() throws IOException;

  /** Deletes all of it. */
  void delete() throws IOException;
}
