#!/usr/bin/env bash
# Kills server I of ./run_servers.sh, as a crash would: kill -9.
set -u
ROOT=$(cd "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/.." && pwd)
. "$ROOT/scripts/lib.sh"

usage='usage: scripts/kill_server.sh I [--data DIR]   (I: 0 is the first)'
case "${1:-}" in -h | --help) echo "$usage" && exit 0 ;; esac
[[ "${1:-}" =~ ^[0-9]+$ ]] || { echo "$usage" >&2; exit 2; }
DATA=$ROOT/data
if [ $# -gt 1 ]; then
  [ "$2" = --data ] && [ $# -eq 3 ] || { echo "$usage" >&2; exit 2; }
  DATA=$3
fi
[ -e "$DATA/run/$1.conf" ] || fail "there is no server $1 in $DATA: ./run_servers.sh starts them"
pid=$(server_pid "$1")
[ -n "$pid" ] || fail "server $1 does not run"
kill -KILL "$pid"
while kill -0 "$pid" 2>/dev/null && [ "$(ps -o stat= -p "$pid" 2>/dev/null | cut -c1)" != Z ]; do sleep 0.01; done
rm -f "$DATA/run/$1.pid" "$DATA/run/$1.state"
echo "server $1 (process $pid) is killed"
