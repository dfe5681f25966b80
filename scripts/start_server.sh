#!/usr/bin/env bash
# Starts server I of ./run_servers.sh again, as it was started before.
set -u
ROOT=$(cd "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/.." && pwd)
. "$ROOT/scripts/lib.sh"

usage='usage: scripts/start_server.sh I [--data DIR]   (I: 0 is the first)'
[[ "${1:-}" =~ ^[0-9]+$ ]] || { echo "$usage" >&2; exit 2; }
I=$1 DATA=$ROOT/data
if [ $# -gt 1 ]; then
  [ "$2" = --data ] && [ $# -eq 3 ] || { echo "$usage" >&2; exit 2; }
  DATA=$3
fi
[ -e "$DATA/run/$I.conf" ] || fail "there is no server $I in $DATA: ./run_servers.sh starts them"
DATA=$(cd "$DATA" && pwd)
pid=$(server_pid "$I")
[ -z "$pid" ] || fail "server $I runs already (process $pid)"
find_java
[ -e "$ROOT/target/run/synod.jar" ] || fail "nothing is built: ./run_servers.sh builds it"
# A session of its own: it outlives this terminal, and run_servers.sh stops it by its process id.
export -f launch jvm archive_file find_class_path
export DATA ROOT JAVA JAVA_VERSION
setsid bash -c 'launch "$0"' "$I" </dev/null
pid=$(cat "$DATA/run/$I.pid")
PORT=$(sed -n 's/.*PORT=\([0-9]*\).*/\1/p' "$DATA/run/$I.conf")
for _ in $(seq 1 200); do
  kill -0 "$pid" 2>/dev/null || fail "server $I could not start: $(tail -1 "$DATA/logs/$PORT.log")"
  server_says "$I" state
  [ "$SAYS" != serving ] || break
  sleep 0.05
done
state='and answers'
if [ "$SAYS" != serving ]; then
  server_says "$I" waiting_for
  state="and does not answer yet: $SAYS"
fi
echo "server $I runs (process $pid) $state; log in $DATA/logs/$PORT.log"
