#!/usr/bin/env bash
# Kills server I of ./run_servers.sh, as a crash would: kill -9.
set -u
ROOT=$(cd "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/.." && pwd)
. "$ROOT/scripts/lib.sh"

usage() { echo 'usage: scripts/kill_server.sh I [--data DIR]   (I: 0 is the first)'; }

I='' DATA=$ROOT/data
while [ $# -gt 0 ]; do
  case $1 in
    -h | --help) usage && exit 0 ;;
    --data)
      [ $# -gt 1 ] || wrong_call "$1 wants a value"
      DATA=$2
      shift
      ;;
    -*) wrong_word "$1" ;;
    *)
      [ -z "$I" ] || wrong_word "$1"
      I=$1
      ;;
  esac
  shift
done
check_server "$I"
pid=$(server_pid "$I")
[ -n "$pid" ] || fail "server $I does not run"
kill -KILL "$pid"
while kill -0 "$pid" 2>/dev/null && [ "$(ps -o stat= -p "$pid" 2>/dev/null | cut -c1)" != Z ]; do sleep 0.01; done
rm -f "$DATA/run/$I.pid" "$DATA/run/$I.state"
echo "server $I (process $pid) is killed"
