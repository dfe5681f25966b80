package io.synod.cli;

import java.util.regex.Pattern;

/** What the client says of itself. */
final class Help {
  private Help() {}

  static final String VERBS =
      """
      GET key           the value of a key
      PUT key value     sets it; on the disks of a majority of the servers when it says done
      DELETE key        removes it, if it is there
      LIST [prefix] [limit]
                        the keys that begin with prefix, in order, with their values;
                        all as of one moment
      COUNT [prefix]    how many there are
      --local, --lease, --raw
                        at the end of GET, LIST and COUNT, as the options of these names;
                        a prefix that begins with -- stands behind one more: LIST -- --x
      STATUS            the servers, the coordinator, how far the log is, what each server
                        keeps and where, faults on purpose

      MEMBERS           the members, as they are in the log, and who is heard
      COORDINATOR       who coordinates
      ADD host:port     takes in a server that runs, by its my_paxos; it gets its vote when
                        it has caught up
      REMOVE id         lets a member go
      REPLACE id host:port
                        takes in a server; the member goes when that one gets its vote
      PROMOTE id, DEMOTE id
                        gives a member a vote, or takes it; it keeps its copy
      MOVE [id]         has another server coordinate; no request fails by it
      FAILRATE id rate  the chance that it fails as an acceptor, on purpose
      SUSPEND id seconds, RESUME id
                        it drops all traffic of servers for so long
      CUT id id,id,... and HEAL
                        nothing passes between it and these, until HEAL
      SNAPSHOT id       writes one now
      BACKUP file       copies all that is stored into a file; scripts/restore.sh starts from it
      --dry-run         at the end of ADD, REMOVE, REPLACE, PROMOTE and DEMOTE: they say what
                        would be

      HELP [verb]       this text, or what it says of one
      EXIT, QUIT        ends (so does Ctrl-D); Ctrl-C ends a command that waits

      In any case, upper or lower. Keys and values with spaces stand in quotes:
      PUT city "New York". Within quotes: \\n \\r \\t \\0 \\\\ \\" \\' and \\xHH for any byte.""";

  /** What {@link #VERBS} says of one of them: each entry that names it. */
  static String of(String verb) {
    StringBuilder found = new StringBuilder();
    StringBuilder entry = new StringBuilder();
    for (String line :
        (VERBS.substring(0, VERBS.indexOf("\nIn any case")) + "\n").split("\n", -1)) {
      if (!line.startsWith(" ")) {
        if (Pattern.compile("\\b" + verb + "\\b").matcher(entry).find()) {
          found.append(entry);
        }
        entry.setLength(0);
      }
      entry.append(line).append('\n');
    }
    return found.toString().stripTrailing();
  }

  static final String USAGE =
      """
      ./client [options] [HOST:PORT[,HOST:PORT...]]      (default localhost:8000)

      Talks to the store: on a terminal at a prompt, else by the commands on standard input.
      Given several servers, it moves on to the next when one does not answer.
      ./client admin [HOST:PORT[,HOST:PORT...]] VERB ... carries out one command, as -c does.

        -c, --command "PUT a b"   carries this out and ends; may be given several times
            --demo                fills the store with a few pairs, and shows the verbs
            --local               reads what the asked server has applied, asking no other
            --lease               reads of the newest, as without it, relying on clocks for
                                  less: the coordinator asks nobody while it has a lease
            --raw                 prints the bytes of values and nothing else; LIST: keys;
                                  MEMBERS: one a line, with tabs. Also at the end of one
                                  command that reads: GET key --raw
            --retry               tries everything again until the timeout, also a write whose
                                  outcome is unknown
            --timeout SECONDS     for one command (default 10)
            --version             which version this is, on which JDK
            --help                this text

      SYNOD_CLUSTER_TOKEN of the environment lets it change a cluster from another machine.
      What is typed at the prompt is kept in ~/.synod_history.

      Ends with status 0 if all was done, 1 if a key was not found, 2 for wrong input, 3 if the
      store was not available or the outcome of a write is unknown, 4 if results could not be
      written; of several, the highest.

      Commands:

      """
          + VERBS.indent(2).stripTrailing();
}
