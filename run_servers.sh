#!/usr/bin/env bash
# Starts N servers on this machine, shows where they are, and stops them all on Ctrl-C or SIGTERM.
set -u
ROOT=$(cd "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")" && pwd)
. "$ROOT/scripts/lib.sh"

MOST_SERVERS=100
MOST_HEAP_MIB=1024
READY_SECONDS=120

usage() {
  cat <<'END'
Starts N servers on this machine and keeps them running; Ctrl-C stops them all. Their data is kept.

  ./run_servers.sh [N] [--fail-rate R] [--dynamic] [--data DIR] [--clean] [--host H] [--offset K] [-- any server option]

  N             how many: 3 go on while one is down, 5 while two are. Those that have data start again as the
                members that they were: N may be left out then, or is how many members there are
  --fail-rate R the chance, 0 to 1, that each of them fails as an acceptor, on purpose
  --dynamic     votes follow who is there: servers may fail one after another, down to the last two; noted with
                the data, as are the servers' options after --, for the next start
  --data DIR    where data, logs and process ids are kept (default data/ in the project's folder)
  --clean       throws away what is there from before
  --host H      the address to listen on (default 127.0.0.1: this machine only), also an IPv6 one as ::1. With one
                that is no loopback address, what changes the cluster (./client admin, scripts) needs a secret T:
                -- --cluster-token T here, and SYNOD_CLUSTER_TOKEN=T in the environment of those
  --offset K    adds K to all ports, which are 8000, 8001, ... for clients and 9000, 9001, ... between servers

scripts/kill_server.sh I and scripts/start_server.sh I kill and restart one of them,
scripts/add_server.sh has one more join, scripts/partition.sh 0,1 2,3,4 cuts them apart; all of
them take --data DIR. Process ids are in DIR/run/I.pid, logs in DIR/logs. The newest JDK that is
found runs them, or the one that SYNOD_JAVA_HOME names; SYNOD_HEAP_MIB gives each of them another heap.
END
}

wrong() {
  echo "run_servers.sh: $*; --help says more" >&2
  exit 2
}

read_arguments() {
  local word name
  N='' HOST=127.0.0.1 OFFSET='' CLEAN=no DATA=$ROOT/data EXTRA=() TYPED=0
  while [ $# -gt 0 ]; do
    case $1 in
      -h | --help) usage && exit 0 ;;
      --clean) CLEAN=yes ;;
      --dynamic) EXTRA+=(--quorum dynamic) ;;
      --fail-rate | --data | --host | --offset)
        [ $# -gt 1 ] || wrong "$1 wants a value"
        case $1 in
          --fail-rate)
            [[ "$2" =~ ^(0|1|0?\.[0-9]+|0\.|1\.0*)$ ]] || wrong "--fail-rate $2 is no chance: it is 0 (never) to 1 (always), as in 0.3"
            EXTRA+=(--fail-rate "$2")
            ;;
          --data) DATA=$2 ;;
          --host)
            [[ "$2" =~ ^\[?[A-Za-z0-9.:%_-]+\]?$ ]] || wrong "--host $2 is no host: it is a name or an address of this machine"
            HOST=${2#[} HOST=${HOST%]}
            ;;
          --offset) OFFSET=$2 ;;
        esac
        shift
        ;;
      --)
        shift
        TYPED=$#
        # The server takes --quota_mib too.
        for word in "$@"; do
          name=${word%%=*}
          [[ "$word" != --* ]] || word=${name//_/-}${word#"$name"}
          EXTRA+=("$word")
        done
        break
        ;;
      -*) wrong "there is no option $1 (options of the servers come after --)" ;;
      *)
        [ -z "$N" ] || wrong "there are two numbers of servers, $N and $1"
        N=$1
        ;;
    esac
    shift
  done
  [ -z "$N" ] || { [[ "$N" =~ ^[1-9][0-9]{0,2}$ ]] && [ "$N" -le $MOST_SERVERS ]; } || wrong "the number of servers is 1 to $MOST_SERVERS, not '$N'"
  [[ "$OFFSET" =~ ^[0-9]{0,5}$ ]] || wrong "--offset is a number, and no port is above 65535: not '$OFFSET'"
  [ -z "$OFFSET" ] || OFFSET=$((10#$OFFSET))
  [ ! -e "$DATA" ] || [ -d "$DATA" ] || fail "$DATA is a file, not a folder: name another with --data"
  [ ! -e "$DATA" ] || [ -w "$DATA" ] || fail "nothing can be written in $DATA: name another folder with --data"
  # Where servers and clients on this machine reach one that listens on all addresses.
  case $HOST in
    0.0.0.0) REACH=127.0.0.1 ;;
    ::) REACH=::1 ;;
    *) REACH=$HOST ;;
  esac
}

client_port() { echo $((8000 + OFFSET + $1)); }
consensus_port() { echo $((9000 + OFFSET + $1)); }

# Whether a folder is a server's data directory: named by a port, and with what only servers write.
is_directory_of_server() {
  [[ "$(basename "$1")" =~ ^[0-9]+$ ]] && { [ -e "$1/identity" ] || [ -e "$1/lock" ]; }
}

# Whether any server left data here.
has_data() {
  local folder
  for folder in "$DATA"/*/; do
    ! is_directory_of_server "$folder" || return 0
  done
  return 1
}

# Sets IDS to the servers to start, SERVERS to how many there ever were, OFFSET, and BOUND to whether data binds them to it. Data belongs to a cluster, whose log says who
# its members are; what was noted here of that counts.
read_data() {
  local i offset_before other="keep other data with --data DIR, or throw it away with --clean"
  IDS=() SERVERS=$N BOUND=no SAID=()
  if [ $CLEAN = no ] && [ -e "$DATA/cluster" ] && has_data; then
    SERVERS=$(sed -n 's/^servers=//p' "$DATA/cluster")
    [[ "$SERVERS" =~ ^[1-9][0-9]*$ ]] || fail "$DATA/cluster does not say how many servers there are, as in servers=3: mend it, or $other"
    offset_before=$(sed -n 's/^offset=//p' "$DATA/cluster")
    # Data of before that was noted: who has data for clients' port 8000 + K was started with that K.
    if [ -z "$offset_before" ] && [ -e "$DATA/run/0.conf" ]; then
      offset_before=$(($(sed -n 's/.*PORT=\([0-9]*\).*/\1/p' "$DATA/run/0.conf" | head -1) - 8000))
    fi
    [ -z "$offset_before" ] || [ "${OFFSET:-$offset_before}" = "$offset_before" ] ||
      fail "the data in $DATA is of servers started with --offset $offset_before, not $OFFSET: start them with --offset $offset_before, or $other"
    OFFSET=${OFFSET:-$offset_before} BOUND=yes
    take_noted_options
    note_members
    for ((i = 0; i < SERVERS; i++)); do was_removed "$i" || IDS+=("$i"); done
    [ "${N:-${#IDS[@]}}" = ${#IDS[@]} ] ||
      fail "the data in $DATA is of $(count_of ${#IDS[@]} server)$(which_ids), not $N: start $([ ${#IDS[@]} = 1 ] && echo it || echo them) with ./run_servers.sh ${#IDS[@]}, and then scripts/add_server.sh and ./client admin REMOVE change how many there are; or $other"
    N=${#IDS[@]}
  else
    [ -n "$N" ] || wrong "say how many servers, as in: ./run_servers.sh 5"
    for ((i = 0; i < N; i++)); do IDS+=("$i"); done
  fi
  OFFSET=${OFFSET:-0}
  [ $((OFFSET + 9000 + SERVERS)) -le 65535 ] || wrong "--offset is a number, and no port is above 65535: not '$OFFSET'"
}

# Prints the value of an option in the servers' options, in lower case; nothing if it is not given.
given() {
  local i word
  for ((i = 0; i < ${#EXTRA[@]}; i++)); do
    word=${EXTRA[i]}
    case $word in
      "$1") word=${EXTRA[i + 1]:-} ;;
      "$1="*) word=${word#*=} ;;
      *) continue ;;
    esac
    tr '[:upper:]' '[:lower:]' <<<"$word"
    return 0
  done
}

# Adds to EXTRA what was noted of the last start and is not given otherwise now; SAID is what a person has to know of it.
take_noted_options() {
  local noted=() word words quorum before=
  words=$(sed -n 's/^options=//p' "$DATA/cluster")
  eval "noted=($words)"
  for word in ${noted[@]+"${noted[@]}"}; do
    # All of them are NAME=VALUE.
    if [ -z "$(given "${word%%=*}")" ]; then
      EXTRA+=("$word")
      [[ "$word" != --cluster-token=* ]] || word='--cluster-token=...'
      before="$before ${word/=/ }"
    fi
  done
  [ -z "$before" ] || SAID+=("as before: --$before")
  quorum=$(given --quorum)
  if ! grep -qx 'quorum=dynamic' "$DATA/cluster"; then
    [ "$quorum" != dynamic ] || SAID+=("votes follow who is there from now on (--dynamic), which they did not before; noted with the data")
  elif [ -z "$quorum" ]; then
    EXTRA+=(--quorum dynamic)
    SAID+=("votes follow who is there, as before (--dynamic); -- --quorum majority ends that")
  elif [ "$quorum" != dynamic ]; then
    SAID+=("votes do not follow who is there any more (--quorum $quorum), which they did before; noted with the data")
  fi
}

# Prints the servers' options that the next start is to have too, each as NAME=VALUE: all with values, but for those that are meant
# for one start only.
lasting_options() {
  local i word
  for ((i = 0; i < ${#EXTRA[@]}; i++)); do
    word=${EXTRA[i]}
    [[ "$word" == --* ]] || continue
    [[ "$word" == *=* || "${EXTRA[i + 1]:---}" == --* ]] || word=$word=${EXTRA[i + 1]}
    case $word in
      --quorum=* | --fail-rate=* | --accept-torn-tail=* | --config=*) ;;
      *=*) printf ' %q' "$word" ;;
    esac
  done
}

# Whether the servers keep nothing on disk.
keeps_nothing() { [ "$(given --storage)" = memory ]; }

# Prints which servers there still are, if some were removed.
which_ids() {
  local all
  [ ${#IDS[@]} != "$SERVERS" ] || return 0
  all=${IDS[*]}
  echo " (${all// /, }; others were removed)"
}

# One line for what cannot be had, before anything is started.
check_machine() {
  if [ -n "${SYNOD_HEAP_MIB:-}" ]; then
    check_heap
    HEAP=$SYNOD_HEAP_MIB
    [ $((HEAP * N)) -le "$(memory_mib)" ] ||
      echo "run_servers.sh: $N heaps of $HEAP MiB (SYNOD_HEAP_MIB) are more than the $(memory_mib) MiB of memory that there are: servers may be killed for want of it" >&2
  else
    HEAP=$(($(memory_mib) * 60 / 100 / N))
    [ "$HEAP" -le $MOST_HEAP_MIB ] || HEAP=$MOST_HEAP_MIB
    [ "$HEAP" -ge $LEAST_HEAP_MIB ] ||
      fail "this machine has $(memory_mib) MiB of memory, too little for $N servers: start at most $(($(memory_mib) * 60 / 100 / LEAST_HEAP_MIB))"
  fi
}

# Prints words with commas between them.
list_of() { echo "$*" | sed 's/ /, /g'; }

# Prints how these processes are stopped: by the run_servers.sh that watches them, if there still is one.
how_to_stop() {
  if has_watcher; then echo "stop the other run_servers.sh"; else echo "no run_servers.sh watches any more: stop with kill $*"; fi
}

# Whether another run_servers.sh has this folder; yes where that cannot be known.
has_watcher() {
  command -v flock >/dev/null || return 0
  ! (exec 8<"$DATA" && flock -n 8) 2>/dev/null
}

# One line for what is in the way: servers of the same data, or other programs at the ports.
check_free() {
  local i port pid file running=() pids=()
  for file in "$DATA"/run/*.pid; do
    i=${file##*/} i=${i%.pid}
    pid=$(server_pid "$i")
    [ -z "$pid" ] || { running+=("$i") && pids+=("$pid"); }
  done
  case ${#pids[@]} in
    0) ;;
    1) fail "server ${running[0]} runs already (process ${pids[0]}, data in $DATA): $(how_to_stop "${pids[@]}")" ;;
    *) fail "servers $(list_of "${running[@]}") run already (processes $(list_of "${pids[@]}"), data in $DATA): $(how_to_stop "${pids[@]}")" ;;
  esac
  local another="move all ports with --offset $((OFFSET + 100))"
  # What has data is known to the others, and to its log, at the ports that it had.
  [ $BOUND = no ] || another="take other data with --data DIR: that in $DATA is of servers at these ports"
  for i in "${IDS[@]}"; do
    for port in "$(client_port "$i")" "$(consensus_port "$i")"; do
      ! port_in_use "$port" "$REACH" || fail "port $port is in use by another program: stop it, or $another"
    done
  done
}

# Has a server read the options behind --, before anything is made or started.
check_options() {
  local said
  [ "$TYPED" -gt 0 ] || return 0
  set_arguments "${IDS[0]}"
  jvm "$HEAP"
  if ! said=$("${JVM[@]}" io.synod.server.Main --check "${ARGUMENTS[@]}" 2>&1); then
    said=$(sed -n '/^synod: /{s///p;q;}' <<<"$said" | grep . || head -1 <<<"$said")
    echo "run_servers.sh: ${said/; --help lists/; .\/server --help lists}" >&2
    exit 2
  fi
  # It was asked for something else, as --help.
  [[ "$said" == *'the configuration can be read'* ]] || { echo "$said" && exit 0; }
}

# Two that start servers of the same data would each see the other's.
lock_folder() {
  command -v flock >/dev/null || return 0
  exec 9<"$DATA"
  flock -n 9 || fail "another run_servers.sh starts servers in $DATA, or has them: stop it, or name another folder with --data"
}

make_folder() {
  mkdir -p "$DATA" 2>/dev/null || fail "the folder $DATA cannot be made: name another with --data"
  [ -w "$DATA" ] || fail "nothing can be written in $DATA: name another folder with --data"
  DATA=$(cd "$DATA" && pwd) || fail "the folder $DATA cannot be entered: name another with --data"
}

# Throws away what is not wanted, or is of no use without the data, and notes what is to be known at the next start.
take_data() {
  local folder
  if [ $CLEAN = yes ] && [ -n "$(ls -A "$DATA" 2>/dev/null)" ]; then
    [ -f "$DATA/cluster" ] || fail "--clean deletes what servers left, but $DATA has no file \"cluster\", which this script notes there: nothing was deleted; is it the right folder?"
    for folder in "$DATA"/*/; do
      # What is inside goes, and then the folder: it may be a link to another disk.
      ! is_directory_of_server "$folder" || { find "$folder" -mindepth 1 -delete && rm -rf "${folder%/}"; }
    done
    rm -rf "$DATA/run" "$DATA/logs"
    rm -f "$DATA/cluster"
  elif [ -e "$DATA/cluster" ] && ! has_data; then
    rm -rf "$DATA/run"
  fi
  FRESH=yes
  ! has_data || FRESH=no
  mkdir -p "$DATA/run" "$DATA/logs" &&
    { [ $FRESH = no ] || printf 'servers=%s\noffset=%s\n' "$SERVERS" "$OFFSET" >"$DATA/cluster"; } ||
    fail "nothing can be written in $DATA: name another folder with --data"
}

# What the servers are started with counts for the next start too, once they serve with it.
note_options() {
  # There may be a token among them.
  (umask 077 && printf 'servers=%s\noffset=%s\n' "$SERVERS" "$OFFSET" >"$DATA/cluster.new") &&
    {
      [ "$(given --quorum)" != dynamic ] || echo 'quorum=dynamic'
      echo "options=$(lasting_options)"
    } >>"$DATA/cluster.new" && mv "$DATA/cluster.new" "$DATA/cluster" ||
    echo "run_servers.sh: nothing can be written in $DATA: the options are not noted for the next start" >&2
}

# Sets PORT and ARGUMENTS to those of server I.
set_arguments() {
  local i=$1 j storage
  PORT=$(client_port "$i")
  ARGUMENTS=(--my-addr "$(address "$HOST" "$PORT")" --my-paxos "$(address "$HOST" "$(consensus_port "$i")")")
  # A server's id is its place in this list: those that were removed keep theirs.
  for ((j = 0; j < SERVERS; j++)); do ARGUMENTS+=(--replica "$(address "$REACH" "$(consensus_port "$j")")"); done
  ARGUMENTS+=(--server-id "$i" --data-dir "$DATA/$PORT" ${EXTRA[@]+"${EXTRA[@]}"})
  # What a directory is written with may differ from the others', and nothing else can read it.
  storage=$(storage_of "$DATA/$PORT")
  if [ "$storage" = witness ]; then
    drop_options --storage --block-cache-mib
    ARGUMENTS+=(--witness)
  elif [ $IS_STORAGE_TYPED = no ] && [ -n "$storage" ]; then
    replace_options --storage "$storage"
  fi
}

configure() {
  local i
  for i in "${IDS[@]}"; do
    set_arguments "$i"
    (umask 077 && : >"$DATA/run/$i.conf")
    {
      printf 'HEAP=%q PORT=%q\nARGUMENTS=(' "$HEAP" "$PORT"
      printf ' %q' "${ARGUMENTS[@]}"
      echo ')'
    } >"$DATA/run/$i.conf"
  done
}

# Sets RUNNING to the ids of the servers that run, those that were added later included.
find_running() {
  local i
  RUNNING=()
  count_servers
  for ((i = 0; i < N; i++)); do
    [ -z "$(server_pid "$i")" ] || RUNNING+=("$i")
  done
}

stop_all() {
  local i pid pids=() waited
  find_running
  note_members
  for i in ${RUNNING[@]+"${RUNNING[@]}"}; do
    pid=$(server_pid "$i")
    [ -z "$pid" ] || pids+=("$pid")
  done
  [ ${#pids[@]} -gt 0 ] || return 0
  kill -TERM "${pids[@]}" 2>/dev/null
  waited=$((SECONDS + STOP_SECONDS))
  for pid in "${pids[@]}"; do
    await_end "$pid" "$waited"
  done
  for ((i = 0; i < N; i++)); do rm -f "$DATA/run/$i.pid" "$DATA/run/$i.state"; done
}

on_signal() {
  trap '' INT TERM HUP PIPE
  find_running
  echo
  echo "stopping $(count_of ${#RUNNING[@]} server) ..."
  stop_all
  drop_unfounded
  if keeps_nothing; then
    echo "stopped; no data is kept, with --storage memory; the logs are in $DATA/logs"
  elif [ $FRESH = yes ] && ! has_data; then
    echo "stopped before there was a cluster; only the logs are kept, in $DATA/logs"
  else
    echo "stopped; the data is in $DATA"
  fi
  exit 0
}

# Whether a data directory holds no vote and no data for certain: all of it can be read, and nothing was ever accepted there.
is_empty_log() {
  local said
  said=$("${JVM[@]}" io.synod.server.Main --inspect "$1" 2>/dev/null) &&
    grep -Eq '^log +slots 1 to 0, chosen as far as noted up to 0$' <<<"$said" &&
    grep -Eq '^snapshot +none$' <<<"$said" && grep -Eq '^verdict +whole' <<<"$said"
}

# Throws away the directories of a first start that founded no cluster: there is nothing in them, and the next start may be of another
# number of servers. Where that is not certain all stay.
drop_unfounded() {
  local i folder
  [ $FRESH = yes ] && [ -z "${MEMBERS:-}" ] || return 0
  find_running
  [ ${#RUNNING[@]} = 0 ] || return 0
  jvm 64
  for i in "${IDS[@]}"; do
    folder=$DATA/$(client_port "$i")
    [ ! -e "$folder" ] || is_empty_log "$folder" || return 0
  done
  for i in "${IDS[@]}"; do rm -rf "${DATA:?}/$(client_port "$i")"; done
  rm -rf "$DATA/run"
}

give_up() {
  trap '' INT TERM HUP PIPE
  stop_all
  drop_unfounded
  fail "$*; all are stopped again"
}

# Waits until the store answers a write at every server.
await_ready() {
  local i ready told=10
  while :; do
    ready=0
    for i in "${IDS[@]}"; do
      if is_ready "$i" || is_no_member "$i"; then ready=$((ready + 1)); fi
      kill -0 "${PIDS[i]}" 2>/dev/null ||
        give_up "server $i could not start: $(last_words "$i") (all of it is in $DATA/logs/$(client_port "$i").log)"
    done
    [ $ready -lt ${#IDS[@]} ] || return 0
    if [ $((SECONDS - BEGAN)) -ge $told ]; then
      told=$((told + 10))
      for i in "${IDS[@]}"; do
        server_says "$i" waiting_for
        [ -z "$SAYS" ] || echo "server $i: $SAYS"
      done
    fi
    [ $((SECONDS - BEGAN)) -lt $READY_SECONDS ] || give_up "the store did not answer a write within $READY_SECONDS s"
    sleep 0.05
  done
}

show_table() {
  local i coordinator mark reach=$REACH
  server_says "${IDS[0]}" coordinator
  coordinator=$SAYS
  [ "$reach" != 127.0.0.1 ] || reach=localhost
  echo
  printf '%-6s  %-15s  %-15s  %-8s  %-9s  %s\n' server 'for clients' 'between servers' process log coordinator
  for i in "${IDS[@]}"; do
    mark=
    [ "$i" != "$coordinator" ] || mark=yes
    ! is_no_member "$i" || mark='no member'
    ! { is_ready "$i" && [ "$SAYS" = witness ]; } || mark=witness
    printf '%-6s  %-15s  %-15s  %-8s  %-9s  %s\n' "$i" "$(address "$HOST" "$(client_port "$i")")" "$(address "$HOST" "$(consensus_port "$i")")" "${PIDS[i]}" "$(client_port "$i").log" "$mark"
  done
  echo
  if [ "$N" = 1 ]; then echo "1 server answers; a heap of $HEAP MiB, JDK $JAVA_VERSION"; else echo "$N servers answer; a heap of $HEAP MiB each, JDK $JAVA_VERSION"; fi
  if keeps_nothing; then echo "no data is kept (--storage memory), logs in $DATA/logs"; else echo "data in $DATA, logs in $DATA/logs"; fi
  [ $((N % 2)) -eq 1 ] || echo "an even number goes on with no more servers down than $((N - 1)) would"
  if [ "$N" = 1 ]; then i='it; Ctrl-C stops it'; else i='them; Ctrl-C stops them'; fi
  echo "./client $(address "$reach" "$(client_port "${IDS[0]}")") talks to $i"
}

# Says which servers end and which are back, until a signal comes.
keep_watch() {
  local i pid sleeper members again DATA_OPTION=
  [ "$DATA" = "$ROOT/data" ] || DATA_OPTION=" --data $(printf '%q' "$DATA")"
  note_members
  members=$MEMBERS
  while :; do
    count_servers
    for ((i = 0; i < N; i++)); do
      pid=
      read -r pid 2>/dev/null <"$DATA/run/$i.pid"
      kill -0 "${pid:-x}" 2>/dev/null || pid=
      if [ -z "$pid" ] && [ -n "${PIDS[i]:-}" ]; then
        again="; scripts/start_server.sh $i$DATA_OPTION starts it again"
        ! was_removed "$i" || again=', which is no member any more'
        echo "server $i (process ${PIDS[i]}) has ended$(why_ended "$i")$again"
      elif [ -n "$pid" ] && [ "$pid" != "${PIDS[i]:-}" ]; then
        # It runs once it says how it is: who started it is told if it cannot start.
        server_says "$i" state
        [ -n "$SAYS" ] || continue
        if [ "$i" -ge "$SERVERS" ] && [ -z "${PIDS[i]+known}" ]; then
          echo "server $i was added (process $pid)"
        else
          echo "server $i runs again (process $pid)"
        fi
      fi
      [ -z "$pid${PIDS[i]+known}" ] || PIDS[i]=$pid
    done
    note_members
    if [ "${MEMBERS#*:}" != "${members#*:}" ]; then
      case $members:$MEMBERS in
        :*) ;;
        *:*:*,*) echo "the members are servers $(echo "${MEMBERS#*:}" | sed 's/,/, /g') now" ;;
        *) echo "the only member is server ${MEMBERS#*:} now" ;;
      esac
      members=$MEMBERS
    fi
    sleep 1 9<&- &
    sleeper=$!
    wait "$sleeper"
  done
}

# Prints what a server that ended says of it; nothing if it was stopped or killed.
why_ended() {
  local words
  words=$(last_words "$1")
  case $words in
    [0-9][0-9][0-9][0-9]-* | 'it ended without a word') ;;
    *) echo ": $words" ;;
  esac
}

read_arguments "$@"
IS_STORAGE_TYPED=no
[ -z "$(given --storage)" ] || IS_STORAGE_TYPED=yes
find_java
read_data
check_machine
check_free
build_if_stale
check_options
make_folder
lock_folder
archive_if_stale
# Building takes its time.
check_free
take_data
configure
trap on_signal INT TERM HUP PIPE
echo "starting $(count_of "$N" server) ..."
[ ${#SAID[@]} = 0 ] || printf '%s\n' "${SAID[@]}"
BEGAN=$SECONDS
PIDS=()
for i in "${IDS[@]}"; do
  launch "$i"
  PIDS[i]=$(cat "$DATA/run/$i.pid")
done
await_ready
note_options
show_table
keep_watch
