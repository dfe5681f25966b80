#!/usr/bin/env bash
# Starts N servers on this machine, shows where they are, and stops them all on Ctrl-C or SIGTERM.
set -u
ROOT=$(cd "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")" && pwd)
. "$ROOT/scripts/lib.sh"

MOST_SERVERS=100
LEAST_HEAP_MIB=48
MOST_HEAP_MIB=1024
READY_SECONDS=120
STOP_SECONDS=8

usage() {
  cat <<'END'
Starts N servers on this machine and keeps them running; Ctrl-C stops them all. Their data is kept.

  ./run_servers.sh N [--fail-rate R] [--dynamic] [--data DIR] [--clean] [--host H] [--offset K] [-- any server option]

  N             how many: 3 go on while one is down, 5 while two are
  --fail-rate R the chance, 0 to 1, that each of them fails as an acceptor, on purpose
  --dynamic     votes follow who is there: servers may fail one after another, down to the last two
  --data DIR    where data, logs and process ids are kept (default data/ in the project's folder)
  --clean       throws away what is there from before
  --host H      the address to listen on (default 127.0.0.1: this machine only)
  --offset K    adds K to all ports, which are 8000, 8001, ... for clients and 9000, 9001, ... between servers

scripts/kill_server.sh I and scripts/start_server.sh I kill and restart one of them,
scripts/add_server.sh has one more join, scripts/partition.sh 0,1 2,3,4 cuts them apart; all of
them take --data DIR. Process ids are in DIR/run/I.pid, logs in DIR/logs. The newest JDK that is
found runs them, or the one that SYNOD_JAVA_HOME names.
END
}

wrong() {
  echo "run_servers.sh: $*; --help says more" >&2
  exit 2
}

read_arguments() {
  N='' HOST=127.0.0.1 OFFSET=0 CLEAN=no DATA=$ROOT/data EXTRA=()
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
          --host) HOST=$2 ;;
          --offset) OFFSET=$2 ;;
        esac
        shift
        ;;
      --)
        shift
        EXTRA+=("$@")
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
  [ -n "$N" ] || wrong "say how many servers, as in: ./run_servers.sh 5"
  [[ "$N" =~ ^[1-9][0-9]{0,2}$ ]] && [ "$N" -le $MOST_SERVERS ] || wrong "the number of servers is 1 to $MOST_SERVERS, not '$N'"
  [[ "$OFFSET" =~ ^[0-9]{1,5}$ ]] && [ $((10#$OFFSET + 9000 + N)) -le 65535 ] || wrong "--offset is a number, and no port is above 65535: not '$OFFSET'"
  OFFSET=$((10#$OFFSET))
  mkdir -p "$DATA" 2>/dev/null || fail "the folder $DATA cannot be made: name another with --data"
  DATA=$(cd "$DATA" && pwd) || fail "the folder $DATA cannot be entered: name another with --data"
}

client_port() { echo $((8000 + OFFSET + $1)); }
consensus_port() { echo $((9000 + OFFSET + $1)); }

# One line for what cannot be had, before anything is started.
check_machine() {
  local i port pid
  HEAP=$(($(memory_mib) * 60 / 100 / N))
  [ "$HEAP" -le $MOST_HEAP_MIB ] || HEAP=$MOST_HEAP_MIB
  [ "$HEAP" -ge $LEAST_HEAP_MIB ] ||
    fail "this machine has $(memory_mib) MiB of memory, too little for $N servers: start at most $(($(memory_mib) * 60 / 100 / LEAST_HEAP_MIB))"
  for ((i = 0; i < N; i++)); do
    pid=$(server_pid "$i")
    [ -z "$pid" ] || fail "server $i runs already (process $pid, data in $DATA): stop the other run_servers.sh, or with kill $pid"
    for port in "$(client_port "$i")" "$(consensus_port "$i")"; do
      ! port_in_use "$port" || fail "port $port is in use by another program: stop it, or move all ports with --offset 100"
    done
  done
}

# The data belongs to a cluster of a certain size: its members are in its log.
check_data() {
  local before offset_before folder
  if [ $CLEAN = yes ] && [ -n "$(ls -A "$DATA" 2>/dev/null)" ]; then
    [ -f "$DATA/cluster" ] || fail "--clean deletes what servers left, but $DATA has no file \"cluster\", which this script notes there: nothing was deleted; is it the right folder?"
    for folder in "$DATA"/*/; do
      [[ "$(basename "$folder")" =~ ^[0-9]+$ ]] && rm -rf "$folder"
    done
    rm -rf "$DATA/run" "$DATA/logs"
    rm -f "$DATA/cluster"
  fi
  before=$(sed -n 's/^servers=//p' "$DATA/cluster" 2>/dev/null)
  offset_before=$(sed -n 's/^offset=//p' "$DATA/cluster" 2>/dev/null)
  # Data of before that was noted: who has data for clients' port 8000 + K was started with that K.
  if [ -n "$before" ] && [ -z "$offset_before" ] && [ -e "$DATA/run/0.conf" ]; then
    offset_before=$(($(sed -n 's/.*PORT=\([0-9]*\).*/\1/p' "$DATA/run/0.conf" | head -1) - 8000))
  fi
  if [ -n "$before" ] && [ "$before" != "$N" ]; then
    fail "the data in $DATA is of $before servers, not $N: start $before (some may have joined later), or keep other data with --data DIR, or throw it away with --clean"
  fi
  if [ -n "$offset_before" ] && [ "$offset_before" != "$OFFSET" ]; then
    fail "the data in $DATA is of servers started with --offset $offset_before, not $OFFSET: start them with --offset $offset_before, or keep other data with --data DIR, or throw it away with --clean"
  fi
  mkdir -p "$DATA/run" "$DATA/logs" || fail "nothing can be written in $DATA: name another folder with --data"
  printf 'servers=%s\noffset=%s\n' "$N" "$OFFSET" >"$DATA/cluster" || fail "nothing can be written in $DATA: name another folder with --data"
}

configure() {
  local i reach=$HOST replicas=()
  case $HOST in 0.0.0.0 | :: | '[::]') reach=127.0.0.1 ;; esac
  for ((i = 0; i < N; i++)); do replicas+=(--replica "$reach:$(consensus_port "$i")"); done
  for ((i = 0; i < N; i++)); do
    HEAP=$HEAP PORT=$(client_port "$i")
    ARGUMENTS=(--my-addr "$HOST:$PORT" --my-paxos "$HOST:$(consensus_port "$i")" "${replicas[@]}" --server-id "$i" --data-dir "$DATA/$PORT" ${EXTRA[@]+"${EXTRA[@]}"})
    {
      printf 'HEAP=%q PORT=%q\nARGUMENTS=(' "$HEAP" "$PORT"
      printf ' %q' "${ARGUMENTS[@]}"
      echo ')'
    } >"$DATA/run/$i.conf"
  done
}

stop_all() {
  local i pid pids=() waited
  count_servers
  for ((i = 0; i < N; i++)); do
    pid=$(server_pid "$i")
    [ -z "$pid" ] || pids+=("$pid")
  done
  [ ${#pids[@]} -gt 0 ] || return 0
  kill -TERM "${pids[@]}" 2>/dev/null
  waited=$((SECONDS + STOP_SECONDS))
  for pid in "${pids[@]}"; do
    while kill -0 "$pid" 2>/dev/null; do
      if [ $SECONDS -ge $waited ]; then
        echo "process $pid did not stop in $STOP_SECONDS s and is killed" >&2
        kill -KILL "$pid" 2>/dev/null
        break
      fi
      sleep 0.05
    done
  done
  for ((i = 0; i < N; i++)); do rm -f "$DATA/run/$i.pid" "$DATA/run/$i.state"; done
}

on_signal() {
  trap '' INT TERM HUP
  count_servers
  echo
  echo "stopping $N servers ..."
  stop_all
  echo "stopped; the data is in $DATA"
  exit 0
}

give_up() {
  trap '' INT TERM HUP
  stop_all
  fail "$*; all are stopped again"
}

# The last thing that server I said, for a person to read.
last_words() {
  grep -v '^[[:space:]]' "$DATA/logs/$(client_port "$1").log" | tail -1
}

# Waits until the store answers a write at every server.
await_ready() {
  local i ready told=10
  while :; do
    ready=0
    for ((i = 0; i < N; i++)); do
      server_says "$i" state
      if [ "$SAYS" = serving ] || is_no_member "$i"; then ready=$((ready + 1)); fi
      kill -0 "${PIDS[i]}" 2>/dev/null || give_up "server $i could not start: $(last_words "$i") (all of it is in $DATA/logs/$(client_port "$i").log)"
    done
    [ $ready -lt "$N" ] || return 0
    if [ $((SECONDS - BEGAN)) -ge $told ]; then
      told=$((told + 10))
      for ((i = 0; i < N; i++)); do
        server_says "$i" waiting_for
        [ -z "$SAYS" ] || echo "server $i: $SAYS"
      done
    fi
    [ $((SECONDS - BEGAN)) -lt $READY_SECONDS ] || give_up "the store did not answer a write within $READY_SECONDS s"
    sleep 0.05
  done
}

show_table() {
  local i coordinator mark
  server_says 0 coordinator
  coordinator=$SAYS
  echo
  printf '%-6s  %-15s  %-15s  %-8s  %-9s  %s\n' server 'for clients' 'between servers' process log coordinator
  for ((i = 0; i < N; i++)); do
    mark=
    [ "$i" != "$coordinator" ] || mark=yes
    ! is_no_member "$i" || mark='no member'
    printf '%-6s  %-15s  %-15s  %-8s  %-9s  %s\n' "$i" "$HOST:$(client_port "$i")" "$HOST:$(consensus_port "$i")" "${PIDS[i]}" "$(client_port "$i").log" "$mark"
  done
  echo
  echo "$N servers answer; a heap of $HEAP MiB each, JDK $JAVA_VERSION"
  echo "data in $DATA, logs in $DATA/logs"
  [ $((N % 2)) -eq 1 ] || echo "an even number goes on with no more servers down than $((N - 1)) would"
  case $HOST in 127.0.0.1 | 0.0.0.0 | :: | '[::]') coordinator=localhost ;; *) coordinator=$HOST ;; esac
  echo "./client $coordinator:$(client_port 0) talks to them; Ctrl-C stops them"
}

# Says which servers end and which are back, until a signal comes.
keep_watch() {
  local i pid sleeper DATA_OPTION=
  [ "$DATA" = "$ROOT/data" ] || DATA_OPTION=" --data $(printf '%q' "$DATA")"
  while :; do
    count_servers
    for ((i = 0; i < N; i++)); do
      pid=
      read -r pid 2>/dev/null <"$DATA/run/$i.pid"
      kill -0 "${pid:-x}" 2>/dev/null || pid=
      if [ "$i" -ge ${#PIDS[@]} ]; then
        [ -z "$pid" ] || echo "server $i was added (process $pid)"
      elif [ -z "$pid" ] && [ -n "${PIDS[i]}" ]; then
        echo "server $i (process ${PIDS[i]}) has ended; scripts/start_server.sh $i$DATA_OPTION starts it again"
      elif [ -n "$pid" ] && [ "$pid" != "${PIDS[i]}" ]; then
        echo "server $i runs again (process $pid)"
      fi
      PIDS[i]=$pid
    done
    sleep 1 &
    sleeper=$!
    wait "$sleeper"
  done
}

read_arguments "$@"
find_java
check_machine
build_if_stale
archive_if_stale
check_data
configure
trap on_signal INT TERM HUP
if [ "$N" = 1 ]; then echo "starting 1 server ..."; else echo "starting $N servers ..."; fi
BEGAN=$SECONDS
PIDS=()
for ((i = 0; i < N; i++)); do
  launch "$i"
  PIDS+=("$(cat "$DATA/run/$i.pid")")
done
await_ready
show_table
keep_watch
