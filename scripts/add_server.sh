#!/usr/bin/env bash
# Starts one more server beside those of ./run_servers.sh and has it join: it gets its vote when it has caught up.
set -u
ROOT=$(cd "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/.." && pwd)
. "$ROOT/scripts/lib.sh"

JOIN_SECONDS=120
usage() {
  cat <<'END'
usage: scripts/add_server.sh [--replace I] [--witness] [--data DIR]
  --replace I  it takes the place of server I, which leaves
  --witness    it votes and keeps the log, and has no store: small, for a third vote beside two servers
It is started with the options that the newest of the others has, and takes none of its own.
END
}
DATA=$ROOT/data LEAVING='' WITNESS=no ROLE=voter
while [ $# -gt 0 ]; do
  case $1 in
    -h | --help) usage && exit 0 ;;
    --witness) WITNESS=yes ROLE=witness && shift && continue ;;
    --data | --replace)
      [ $# -gt 1 ] || wrong_call "$1 wants a value"
      if [ "$1" = --data ]; then DATA=$2; else LEAVING=$2; fi
      ;;
    *) wrong_word "$1" ;;
  esac
  shift 2
done
[[ "$LEAVING" =~ ^[0-9]*$ ]] || wrong_call "--replace wants a server, by its number from 0 on, not '$LEAVING'"
[ -e "$DATA/run/0.conf" ] || fail "there are no servers in $DATA: ./run_servers.sh starts them"
DATA=$(cd "$DATA" && pwd)
N=0
count_servers
I=$N
servers=$(client_addresses)
find_java
is_built || fail "nothing is built: ./run_servers.sh builds it"

# As the newest of the others was started, with ports of its own, and itself at the end of the list.
# shellcheck disable=SC1090
. "$DATA/run/$((I - 1)).conf"
own_port() { echo "$((${1##*:} + 1))"; }
PORT=$((PORT + 1))
arguments=() last_replica=
for ((j = 0; j < ${#ARGUMENTS[@]}; j++)); do
  option=${ARGUMENTS[j]} value=${ARGUMENTS[j + 1]:-}
  case $option in
    --my-addr | --my-paxos) arguments+=("$option" "${value%:*}:$(own_port "$value")") && j=$((j + 1)) ;;
    --replica) arguments+=("$option" "$value") && last_replica=$value && j=$((j + 1)) ;;
    --server-id) arguments+=("$option" "$I") && j=$((j + 1)) ;;
    --data-dir) arguments+=("$option" "$DATA/$PORT") && j=$((j + 1)) ;;
    --accept-torn-tail) j=$((j + 1)) ;;
    --new-cluster | --bootstrap-available | --witness) ;;
    *) arguments+=("$option") ;;
  esac
done
joining=${last_replica%:*}:$(own_port "$last_replica")
ARGUMENTS=("${arguments[@]}" --replica "$joining")
if [ $WITNESS = yes ]; then
  drop_options --storage --block-cache-mib
  ARGUMENTS+=(--witness)
fi
for port in "$PORT" "${joining##*:}"; do
  ! port_in_use "$port" || fail "port $port is in use by another program: stop that"
done
[ ! -e "$DATA/$PORT" ] || fail "$DATA/$PORT is there already, of another server: move it away"
{
  printf 'HEAP=%q PORT=%q\nARGUMENTS=(' "$HEAP" "$PORT"
  printf ' %q' "${ARGUMENTS[@]}"
  echo ')'
} >"$DATA/run/$I.conf"

# A session of its own: it outlives this terminal, and run_servers.sh stops it by its process id.
export -f launch replace_options drop_options jvm archive_file find_class_path
export DATA ROOT JAVA JAVA_VERSION
setsid bash -c 'launch "$0"' "$I" </dev/null
pid=$(cat "$DATA/run/$I.pid")
give_up() {
  kill -TERM "$pid" 2>/dev/null
  # Its ports are free for the next attempt only when it has ended.
  await_end "$pid" $((SECONDS + STOP_SECONDS))
  rm -f "$DATA/run/$I".*
  fail "$*; server $I is stopped again"
}
# Others know of it from now on: its place in the list of servers is taken.
note_count() {
  local others
  others=$(grep -v '^servers=' "$DATA/cluster" 2>/dev/null)
  printf 'servers=%s\n%s' "$((I + 1))" "${others:+$others$'\n'}" >"$DATA/cluster"
}
for _ in $(seq 1 400); do
  kill -0 "$pid" 2>/dev/null || give_up "server $I could not start: $(last_words "$I")"
  server_says "$I" state
  [ -z "$SAYS" ] || break
  sleep 0.05
done
verb="ADD $joining"
[ -z "$LEAVING" ] || verb="REPLACE $LEAVING $joining"
"$ROOT/client" "$servers" -c "$verb"
case $? in
  0) note_count ;;
  2)
    # Refused: it never was a member, and has no vote in its directory.
    trap 'rm -rf "${DATA:?}/$PORT"' EXIT
    give_up "$verb was refused"
    ;;
  *)
    note_count
    fail "whether $verb is done is not known: server $I (process $pid) goes on, as a member if it is; ./client $servers -c MEMBERS says so, and kill -TERM $pid stops it if it is not"
    ;;
esac
began=$SECONDS
# The only one that could coordinate leaves a moment after the other has its vote.
has_joined() {
  local members
  members=$("$ROOT/client" "$(client_address "$I")" --raw -c MEMBERS 2>/dev/null)
  grep -q "^$I	$ROLE	live" <<<"$members" && { [ -z "$LEAVING" ] || ! grep -q "^$LEAVING	" <<<"$members"; }
}
until has_joined; do
  [ $((SECONDS - began)) -lt $JOIN_SECONDS ] || fail "server $I has not caught up in $JOIN_SECONDS s; it goes on, and gets its vote when it has"
  sleep 0.2
done
if [ $WITNESS = yes ]; then
  echo "server $I runs (process $pid), is a witness and has its vote; clients ask the others; log in $DATA/logs/$PORT.log"
else
  echo "server $I runs (process $pid), is a member and has its vote; clients at $(client_address "$I"), log in $DATA/logs/$PORT.log"
fi
[ -z "$LEAVING" ] || echo "server $LEAVING is no member any more: kill -TERM $(server_pid "$LEAVING") stops it"
