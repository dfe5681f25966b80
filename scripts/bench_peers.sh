#!/usr/bin/env bash
# Measures Synod beside etcd, ZooKeeper and a bare gRPC echo, three servers each on this machine, in turn, then many operations on one
# call beside single ones, then clusters of three, five and seven, and puts the figures into docs/benchmarks.md.
set -u
ROOT=$(cd "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/.." && pwd)
. "$ROOT/scripts/lib.sh"

ZOOKEEPER_VERSION=3.9.3
PORT=21000
HEAP_MIB=1024
CACHE=$ROOT/target/peers
WORK=$ROOT/target/peers/data
PAGE=$ROOT/docs/benchmarks.md
ONLY=synod,synod-rocksdb,etcd,zookeeper
PARTS=writes,reads,streams,sizes
ROUNDS=5 WARM_SYSTEMS=30 DURATION=5 WARM_UP=2 OUTSTANDING=1,64,256 RATE=half,4000
STATUS=0 PIDS=() SYSTEMS=() LEASES=() LEFT_OUT=()

usage() {
  cat <<'END'
scripts/bench_peers.sh [options]

Measures Synod, etcd, ZooKeeper and a bare gRPC echo in turn: three servers each, all on this machine's loopback,
all with their durable defaults on the same disk. Takes about an hour; a peer that cannot be had is left out.

  --parts NAME,..   of writes, reads, streams (many operations on one call), sizes (3, 5 and 7 servers); default all
  --rounds R        each run so many times, in turn (default 5)
  --duration S      seconds counted (default 5), after 30 s of load for each system before the first round
  --warm-up S       seconds not counted (default 2)
  --outstanding N,..  of writes; reads go without one that is neither first nor last (default 1,64,256)
  --rate R,..       open loops of writes (default half,4000; half: half of what each system reached)
  --only NAME,..    of synod, synod-rocksdb, etcd, zookeeper
  --page FILE       where the figures go (default docs/benchmarks.md); none: only target/peers/PART.json
END
}

while [ $# -gt 0 ]; do
  case $1 in
    -h | --help) usage && exit 0 ;;
    --parts | --rounds | --duration | --warm-up | --outstanding | --rate | --only | --page)
      [ $# -ge 2 ] || wrong_call "$1 wants a value"
      case $1 in
        --parts) PARTS=$2 ;;
        --rounds) ROUNDS=$2 ;;
        --duration) DURATION=$2 ;;
        --warm-up) WARM_UP=$2 ;;
        --outstanding) OUTSTANDING=$2 ;;
        --rate) RATE=$2 ;;
        --only) ONLY=$2 ;;
        --page) PAGE=$2 ;;
      esac
      shift 2
      ;;
    *) wrong_word "$1" ;;
  esac
done

wanted() {
  [[ ",$ONLY," == *",$1,"* ]]
}

has_part() {
  [[ ",$PARTS," == *",$1,"* ]]
}

# Ends the script if a list has a word that is not one of the others.
check_words() {
  local option=$1 list=$2 word
  shift 2
  for word in ${list//,/ }; do
    [[ " $* " == *" $word "* ]] || wrong_call "$option: '$word' is none of $*"
  done
}
check_words --parts "$PARTS" writes reads streams sizes
check_words --only "$ONLY" synod synod-rocksdb etcd zookeeper

leave_out() {
  echo "left out: $*" >&2
  LEFT_OUT+=("$*")
}

# Ends all that runs.
stop() {
  if [ ${#PIDS[@]} -gt 0 ]; then
    kill -TERM "${PIDS[@]}" 2>/dev/null
    wait "${PIDS[@]}" 2>/dev/null
  fi
  PIDS=() SYSTEMS=() LEASES=()
  rm -rf "$WORK"
}

# Starts a process in the background, with its output in a file. Sets PID.
start() {
  local log=$1
  shift
  "$@" >"$log" 2>&1 </dev/null &
  PID=$!
  PIDS+=("$PID")
}

await_port() {
  local i
  for ((i = 0; i < 300; i++)); do
    ! port_in_use "$1" || return 0
    sleep 0.1
  done
  return 1
}

# Sets SYSTEM to what runs now: its name, what it speaks, its first port, its processes.
describe() {
  local name=$1 kind=$2 port=$3 i addresses=
  shift 3
  for ((i = 0; i < $#; i++)); do addresses=$addresses,127.0.0.1:$((port + i)); done
  SYSTEM=$name=$kind@${addresses#,}+$(IFS=, && echo "$*")
}

# Adds it to what is measured.
add() {
  describe "$@"
  SYSTEMS+=(--system "$SYSTEM")
}

# Starts so many servers of Synod. Sets SYNOD_PIDS.
start_synod() {
  local name=$1 servers=$2 port=$3 i replicas=()
  shift 3
  SYNOD_PIDS=()
  for ((i = 0; i < servers; i++)); do replicas+=(--replica "127.0.0.1:$((port + 10 + i))"); done
  jvm $HEAP_MIB
  for ((i = 0; i < servers; i++)); do
    mkdir -p "$WORK/$name"
    start "$WORK/$name/$i.log" "${JVM[@]}" "-Dsynod.state=$WORK/$name/$i.state" io.synod.server.Main \
      --my-addr "127.0.0.1:$((port + i))" --my-paxos "127.0.0.1:$((port + 10 + i))" "${replicas[@]}" --server-id $i \
      --data-dir "$WORK/$name/$i" "$@"
    SYNOD_PIDS+=("$PID")
  done
  for ((i = 0; i < 600; i++)); do
    [ "$(cat "$WORK/$name"/*.state 2>/dev/null | grep -c '^state=serving')" != "$servers" ] || return 0
    sleep 0.1
  done
  fail "$name does not serve: $(tail -1 "$WORK/$name/0.log")"
}

# Unpacks Debian's etcd, without installing it. Sets ETCD.
get_etcd() {
  ETCD=$(command -v etcd) && return 0
  ETCD=$CACHE/etcd/usr/bin/etcd
  [ ! -x "$ETCD" ] || return 0
  command -v apt-get >/dev/null && command -v dpkg-deb >/dev/null || return 1
  mkdir -p "$CACHE/etcd" && cd "$CACHE/etcd" || return 1
  apt-get download -q etcd-server >/dev/null 2>&1 && dpkg-deb -x etcd-server_*.deb . 2>/dev/null
  cd "$ROOT" || return 1
  [ -x "$ETCD" ]
}

start_etcd() {
  local port=$1 i pids=() cluster=
  for i in 0 1 2; do cluster=$cluster,etcd$i=http://127.0.0.1:$((port + 10 + i)); done
  mkdir -p "$WORK/etcd"
  for i in 0 1 2; do
    start "$WORK/etcd/$i.log" "$ETCD" --name etcd$i --data-dir "$WORK/etcd/$i" --log-level error --logger zap \
      --listen-client-urls "http://127.0.0.1:$((port + i))" --advertise-client-urls "http://127.0.0.1:$((port + i))" \
      --listen-peer-urls "http://127.0.0.1:$((port + 10 + i))" --initial-advertise-peer-urls "http://127.0.0.1:$((port + 10 + i))" \
      --initial-cluster "${cluster#,}" --quota-backend-bytes 8589934592
    pids+=("$PID")
  done
  for i in 0 1 2; do
    await_port $((port + i)) || { leave_out "etcd: it did not start: $(tail -1 "$WORK/etcd/$i.log")"; return; }
  done
  add etcd etcd "$port" "${pids[@]}"
}

# Copies ZooKeeper and what it needs from the Maven repository.
get_zookeeper() {
  [ ! -e "$CACHE/zookeeper/.complete" ] || return 0
  command -v mvn >/dev/null || return 1
  mkdir -p "$CACHE/zookeeper" || return 1
  cat >"$CACHE/zookeeper/pom.xml" <<END
<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion><groupId>peers</groupId><artifactId>zookeeper</artifactId><version>1</version>
  <dependencies>
    <dependency><groupId>org.apache.zookeeper</groupId><artifactId>zookeeper</artifactId><version>$ZOOKEEPER_VERSION</version></dependency>
    <dependency><groupId>io.dropwizard.metrics</groupId><artifactId>metrics-core</artifactId><version>4.1.12.1</version></dependency>
    <dependency><groupId>org.xerial.snappy</groupId><artifactId>snappy-java</artifactId><version>1.1.10.5</version></dependency>
  </dependencies>
</project>
END
  echo '<configuration><root level="ERROR"/></configuration>' >"$CACHE/zookeeper/logback.xml"
  mvn -q -B -ntp -f "$CACHE/zookeeper/pom.xml" org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy-dependencies \
    -DoutputDirectory="$CACHE/zookeeper/lib" >"$CACHE/zookeeper/mvn.log" 2>&1 && touch "$CACHE/zookeeper/.complete"
}

start_zookeeper() {
  local port=$1 i j pids=()
  for i in 0 1 2; do
    mkdir -p "$WORK/zookeeper/$i"
    echo $((i + 1)) >"$WORK/zookeeper/$i/myid"
    {
      printf 'tickTime=2000\ninitLimit=10\nsyncLimit=5\nmaxClientCnxns=0\nadmin.enableServer=false\n'
      echo "dataDir=$WORK/zookeeper/$i"
      echo "clientPort=$((port + i))"
      echo "clientPortAddress=127.0.0.1"
      for j in 0 1 2; do echo "server.$((j + 1))=127.0.0.1:$((port + 10 + j)):$((port + 20 + j))"; done
    } >"$WORK/zookeeper/$i.cfg"
    start "$WORK/zookeeper/$i.log" "$JAVA" -Xmx${HEAP_MIB}m -XX:-UsePerfData -Dlogback.configurationFile="$CACHE/zookeeper/logback.xml" \
      -cp "$CACHE/zookeeper/lib/*" org.apache.zookeeper.server.quorum.QuorumPeerMain "$WORK/zookeeper/$i.cfg"
    pids+=("$PID")
  done
  for i in 0 1 2; do
    await_port $((port + i)) || { leave_out "ZooKeeper: it did not start: $(tail -1 "$WORK/zookeeper/$i.log")"; return; }
  done
  sleep 3
  add zookeeper zookeeper "$port" "${pids[@]}"
}

processor() {
  sed -n 's/^model name[^:]*: //p' /proc/cpuinfo 2>/dev/null | head -1
}

# Prints under which conditions a part was measured, as Markdown; those that hold for all only with the writes.
conditions() {
  local part=$1 each
  echo "Measured $(date -u +%Y-%m-%d) at commit $(git -C "$ROOT" describe --always --dirty 2>/dev/null || echo unknown), load average before it $(cut -d ' ' -f 1-3 /proc/loadavg 2>/dev/null)."
  echo
  for each in ${LEFT_OUT[@]+"${LEFT_OUT[@]}"}; do echo "- left out: $each"; done
  [ "$part" = writes ] || return 0
  echo "- machine: $(nproc) processors ($(processor)), $(memory_mib) MiB, $(uname -sr); file system $(df --output=fstype "$ROOT/target" 2>/dev/null | tail -1), data below target/"
  echo "- 4 KiB write and sync of a file that is there, mean of 300: $(sync_millis) ms"
  echo "- servers of Synod: JDK $JAVA_VERSION, the flags of jvm() in scripts/lib.sh (G1, archive of loaded classes and of what a training compiled), heap $HEAP_MIB MiB; load generator and echo: the same JDK with SerialGC"
  [[ "${SYSTEMS[*]}" != *etcd=* ]] || echo "- $("$ETCD" --version | head -1), its defaults, but for --quota-backend-bytes 8589934592 and --log-level error; it keeps all revisions, Synod those of five minutes"
  [[ "${SYSTEMS[*]}" != *zookeeper=* ]] || echo "- ZooKeeper $ZOOKEEPER_VERSION, its defaults (forceSync is on) on the same JDK with its default collector, heap $HEAP_MIB MiB; a GET is a sync and a read, which is weaker: the sync asks no quorum"
  echo "- keys 10,000, evenly used; values 256 bytes; each system was loaded for $WARM_SYSTEMS s before the first round; $WARM_UP s of warm-up and $DURATION s counted a run; six connections, or four where all go to one server; what stands in one table runs at once and is loaded in turn"
  echo
}

# Prints how long a small synced write takes, as dd sees it.
sync_millis() {
  local file=$WORK/sync
  dd if=/dev/zero of="$file" bs=4k count=300 conv=fsync 2>/dev/null
  dd if=/dev/zero of="$file" bs=4k count=300 oflag=dsync conv=notrunc 2>&1 |
    awk '/copied/ {for (i = 1; i <= NF; i++) if ($(i + 1) ~ /^s,?$/) printf "%.2f", $i / 300 * 1000}'
}

# Starts what is to be compared, three servers each.
start_all() {
  if wanted synod; then
    start_synod synod 3 $PORT
    add synod synod $PORT "${SYNOD_PIDS[@]}"
    describe synod-lease synod_lease $PORT "${SYNOD_PIDS[@]}"
    LEASES=(--system "$SYSTEM")
  fi
  if wanted synod-rocksdb; then
    start_synod synod-rocksdb 3 $((PORT + 100)) --storage rocksdb
    add synod-rocksdb synod $((PORT + 100)) "${SYNOD_PIDS[@]}"
  fi
  if wanted etcd; then
    if get_etcd; then start_etcd $((PORT + 200)); else leave_out "etcd: neither installed nor to be had as Debian's etcd-server"; fi
  fi
  if wanted zookeeper; then
    if get_zookeeper; then start_zookeeper $((PORT + 300)); else leave_out "ZooKeeper: mvn could not fetch it (target/peers/zookeeper/mvn.log)"; fi
  fi
  [ ${#SYSTEMS[@]} -gt 0 ] || fail "nothing to measure"
}

# Measures one part, and puts its figures into the page: its name, the call, further options.
measure() {
  local part=$1 figures=() status
  shift
  [ "$PAGE" = none ] || figures=(--figures "$PAGE" --section "$part" --conditions "$CACHE/conditions.md")
  conditions "$part" >"$CACHE/conditions.md"
  "$ROOT/scripts/bench" "$@" --rounds "$ROUNDS" --warm-systems "$WARM_SYSTEMS" --warm-up "$WARM_UP" --duration "$DURATION" --json "$CACHE/$part.json" \
    ${figures[@]+"${figures[@]}"} &
  PIDS+=($!)
  wait $!
  status=$?
  unset 'PIDS[${#PIDS[@]}-1]'
  # Other parts may still be had.
  [ $status = 0 ] || STATUS=$status
}

find_java
build_if_stale
archive_if_stale
trap 'exit 130' INT TERM HUP
trap 'trap "" INT TERM HUP; stop' EXIT
rm -rf "$WORK"
mkdir -p "$WORK" || fail "nothing can be written in $WORK"

if has_part writes || has_part reads; then
  start_all
  RATES=()
  [ -z "$RATE" ] || RATES=(--rate "$RATE")
  ! has_part writes || measure writes put --echo "${SYSTEMS[@]}" --through coordinator,all --outstanding "$OUTSTANDING" \
    ${RATES[@]+"${RATES[@]}"} --channels 4
  ! has_part reads || measure reads get --echo "${SYSTEMS[@]}" ${LEASES[@]+"${LEASES[@]}"} --through coordinator,all \
    --outstanding "${OUTSTANDING%%,*},${OUTSTANDING##*,}" --channels 4
  stop
fi
if has_part streams; then
  start_synod synod 3 $PORT
  add calls synod $PORT "${SYNOD_PIDS[@]}"
  start_synod synod-stream 3 $((PORT + 100))
  add streams synod_stream $((PORT + 100)) "${SYNOD_PIDS[@]}"
  measure streams put "${SYSTEMS[@]}" --through coordinator --outstanding 1000 --channels 4
  stop
fi
if has_part sizes; then
  # One after another: what the others' idle servers take would be most of what there is to measure.
  for SERVERS in 3 5 7; do
    start_synod "servers-$SERVERS" $SERVERS $PORT
    add "servers-$SERVERS" synod $PORT "${SYNOD_PIDS[@]}"
    measure "sizes-$SERVERS" put "${SYSTEMS[@]}" --through coordinator --outstanding 64 --channels 4
    stop
  done
fi
exit $STATUS
