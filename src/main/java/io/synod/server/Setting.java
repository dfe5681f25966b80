package io.synod.server;

import com.google.protobuf.Descriptors.FieldDescriptor;
import io.synod.proto.ServerConfig;
import java.util.Locale;

/**
 * The fields of {@link ServerConfig} as a person sees them: one for each field, each of them an
 * option too.
 */
enum Setting {
  MY_ADDR("HOST:PORT", "where clients reach this server"),
  MY_PAXOS("HOST:PORT", "where the other servers reach it"),
  REPLICA(
      "HOST:PORT",
      "my_paxos of every server, in the same order on all; once for each, or with commas"),
  FAIL_RATE("0..1", "the chance that it fails as an acceptor, on purpose (default 0)"),
  DATA_DIR("DIR", "where it keeps its data (default data/<client port> in the project's folder)"),
  SERVER_ID("NUMBER", "which of the replicas it is, from 0, where my_paxos does not tell"),
  CLUSTER_ID(
      "ID",
      "its directory must be of this cluster; it joins and founds no other; STATUS and the log say the"
          + " id"),
  READ_MODE(
      "MODE",
      "linearizable, lease: the same for less if clocks run alike, or local: what this server has"
          + " applied, without asking (default linearizable)"),
  PING_INTERVAL_MILLIS("N", "how often servers ping each other (default 50)"),
  ELECTION_TIMEOUT_MILLIS("N", "the silence after which a server counts as gone (default 1000)"),
  QUORUM(
      "KIND",
      "majority: of all voters; dynamic: voters follow who is there, down to the last two (default"
          + " majority; the same on all servers)"),
  PRIORITY(
      "N",
      "higher is preferred as coordinator among those that are equally caught up, 0 to 1000 (default"
          + " 0)"),
  STANDBY_TIMEOUT_MILLIS(
      "N",
      "with quorum dynamic: the silence after which a member loses its vote (default 5 election"
          + " timeouts)"),
  LAST_VOTER(
      "NUMBER",
      "with quorum dynamic: the server that votes alone where one other is left beside it (default:"
          + " none; the same on all servers)"),
  DEFAULT_DEADLINE_MILLIS("N", "the deadline of a call that comes without one (default 10000)"),
  QUEUE_REQUESTS(
      "N", "how many calls may wait or be under way, a power of two up to 65536 (default 16384)"),
  VALUE_LIMIT_BYTES("N", "the largest value (default and most 1048576)"),
  JOURNAL_SEGMENT_MIB("N", "the length of a segment of the journal (default 16)"),
  QUOTA_MIB(
      "N",
      "how much the store may hold, then puts are refused (default 2/5 of the heap; with rocksdb 1/4 of"
          + " the file system)"),
  DISK_FLOOR_MIB(
      "N",
      "how much must be free on the disk, besides what the state takes to be written anew, or puts"
          + " are refused; 0: never (default 256, a tenth of the file system at most)"),
  DISK_WARN_MIB("N", "the same for a warning (default twice disk_floor_mib)"),
  LOG_MIB(
      "N",
      "how much of the log is kept at most, in memory and on disk (default 384, or 3/16 of the heap if"
          + " that is less)"),
  SNAPSHOT_MIB_PER_SECOND(
      "N",
      "how much a second is sent at most to servers that fetch a snapshot, all together, and about how much of an own one is written (default 64)"),
  BOOTSTRAP_AVAILABLE(
      "",
      "a majority may found a new cluster without the others, after a while; wants --new-cluster"),
  NEW_CLUSTER("", "there is no cluster of these replicas yet, also not on those that are down"),
  STORAGE(
      "KIND",
      "heap: state in memory, journal and snapshots on disk; rocksdb: state on disk too, for more"
          + " than memory holds; memory: nothing on disk (default heap)"),
  WITNESS(
      "",
      "it votes and keeps the log, and has no store: for a third server that is small; never server 0"),
  WITNESS_LOG_MIB(
      "N",
      "of a witness: how large its log may grow while a voter is away, which then loses its vote until it is"
          + " back (default 64, at most 1/8 of the heap)"),
  BLOCK_CACHE_MIB(
      "N", "with rocksdb: the memory of its cache, beside the heap (default 1/4 of the heap)"),
  ACCEPT_TORN_TAIL(
      "FIRST-LAST",
      "an operator's word that the write that did not end accepted nothing in these slots, as STATUS says"),
  CLUSTER_TOKEN(
      "SECRET", "who has it may change the cluster from another machine; the same on all servers");

  private final String argument;
  private final String help;

  Setting(String argument, String help) {
    this.argument = argument;
    this.help = help;
  }

  /** As in the configuration's text. */
  String fieldName() {
    return name().toLowerCase(Locale.ROOT);
  }

  /** As on the command line, without the dashes. */
  String optionName() {
    return fieldName().replace('_', '-');
  }

  /** Whether it is true where it stands, without a value. */
  boolean isFlag() {
    return argument.isEmpty();
  }

  /** What stands for its value in the help; nothing for a flag. */
  String argument() {
    return argument;
  }

  String help() {
    return help;
  }

  FieldDescriptor field() {
    return ServerConfig.getDescriptor().findFieldByName(fieldName());
  }
}
