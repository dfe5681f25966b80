#!/usr/bin/env bash
# Cuts the servers of ./run_servers.sh apart, as a broken network would: nothing passes from one group to another.
set -u
ROOT=$(cd "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/.." && pwd)
. "$ROOT/scripts/lib.sh"

usage() {
  cat <<'END'
usage: scripts/partition.sh 0,1 2,3,4 [--data DIR]    cuts servers 0 and 1 off from 2, 3 and 4; more groups may follow
       scripts/partition.sh heal [--data DIR]         ends it
What was cut before is over then. Clients reach all of them all the time. A server that is started again is cut off from none.
END
}

DATA=$ROOT/data GROUPS_GIVEN=()
while [ $# -gt 0 ]; do
  case $1 in
    --data)
      [ $# -gt 1 ] || wrong_call "$1 wants a value"
      DATA=$2 && shift
      ;;
    -h | --help) usage && exit 0 ;;
    heal | HEAL) GROUPS_GIVEN+=(heal) ;;
    -*) wrong_word "$1" ;;
    *)
      [[ "$1" =~ ^[0-9]+(,[0-9]+)*$ ]] || wrong_call "'$1' is no group: it is servers by their numbers, with commas and no spaces"
      GROUPS_GIVEN+=("$1")
      ;;
  esac
  shift
done
case " ${GROUPS_GIVEN[*]:-} " in
  ' heal ') ;;
  *' heal '*) wrong_call "heal stands alone" ;;
  *) [ ${#GROUPS_GIVEN[@]} -gt 1 ] || wrong_call "name two groups of servers at least" ;;
esac
[ -e "$DATA/run/0.conf" ] || fail "there are no servers in $DATA: ./run_servers.sh starts them"
N=0
count_servers
note_members
servers=$(client_addresses)
if [ "${GROUPS_GIVEN[0]}" = heal ]; then
  "$ROOT/client" "$servers" -c HEAL || exit
  # Those that were cut off are heard again in a moment.
  for _ in 1 2 3 4 5; do
    "$ROOT/client" "$servers" --raw -c MEMBERS | grep -q '	down	' || break
    sleep 0.3
  done
  exec "$ROOT/client" "$servers" -c STATUS
fi
# All of it is looked at before anything is done: half a partition is none.
commands=() seen=,
for group in "${GROUPS_GIVEN[@]}"; do
  others=
  for other in "${GROUPS_GIVEN[@]}"; do
    [ "$other" = "$group" ] || others=$others${others:+,}$other
  done
  for server in ${group//,/ }; do
    [[ $seen != *,$server,* ]] || fail "server $server is named twice; nothing was cut"
    [ -e "$DATA/run/$server.conf" ] && [ "$server" -lt "$N" ] || fail "there is no server $server in $DATA, which has 0 to $((N - 1)); nothing was cut"
    ! was_removed "$server" || fail "server $server was removed from the cluster; nothing was cut"
    [ -n "$(server_pid "$server")" ] || fail "server $server does not run: start it, or leave it out; nothing was cut"
    seen=$seen$server,
    commands+=(-c "CUT $server $others")
  done
done
# What was cut before between others would stay: it is ended first.
before=$("$ROOT/client" "$servers" -c STATUS | sed -n 's/^.* server \([0-9]*\) is cut off from .*/\1/p')
for server in $before; do
  [[ $seen != *,$server,* ]] || continue
  "$ROOT/client" "$servers" -c HEAL || fail "server $server is cut off since before, which could not be ended; nothing was cut"
  break
done
exec "$ROOT/client" "$servers" "${commands[@]}"
