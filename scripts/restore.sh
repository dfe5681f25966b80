#!/usr/bin/env bash
# Makes the data of a new cluster out of a backup: ./run_servers.sh or ./server start it.
set -u
ROOT=$(cd "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/.." && pwd)
. "$ROOT/scripts/lib.sh"

usage() {
  cat <<'END'
usage: scripts/restore.sh FILE N [--data DIR] [--host H] [--offset K] [--storage heap|rocksdb]
       scripts/restore.sh FILE --into DIR --members CONSENSUS/CLIENT,... [--only I [--token TEXT]]
                          [--storage heap|rocksdb]

The first makes N servers' data in DIR (default data/ in the project's folder) for ./run_servers.sh N with the same
options. The second makes DIR/<client port> for each server of the list, or for one of them: on several machines, the
same list on each, and on all but the first the token that the first printed. Nothing that is there is overwritten.
A backup that is larger than memory needs --storage rocksdb, which its servers have then.

The new cluster has a new id and holds what the old one held; its revisions go on from there. The old one's servers are
not spoken to, and must be stopped if they have the same addresses.
END
}

FILE= N= DATA=$ROOT/data HOST=127.0.0.1 OFFSET=0 MORE=() STORAGE=()
while [ $# -gt 0 ]; do
  case $1 in
    -h | --help) usage && exit 0 ;;
    --data | --host | --offset | --into | --members | --only | --token | --storage)
      [ $# -gt 1 ] || wrong_call "$1 wants a value"
      case $1 in
        --data) DATA=$2 ;;
        --host) HOST=$2 ;;
        --offset) OFFSET=$2 ;;
        --storage) STORAGE=(--storage "$2") ;;
        *) MORE+=("$1" "$2") ;;
      esac
      shift
      ;;
    -*) wrong_word "$1" ;;
    *) if [ -z "$FILE" ]; then FILE=$1; elif [ -z "$N" ]; then N=$1; else wrong_word "$1"; fi ;;
  esac
  shift
done
[ -n "$FILE" ] || wrong_call "say which file is the backup"
if [ ${#MORE[@]} -gt 0 ]; then
  [ -z "$N" ] || wrong_call "'$N' does not go with --into: --members says how many servers there are"
  exec "$ROOT/scripts/offline.sh" --restore "$FILE" "${MORE[@]}" ${STORAGE[@]+"${STORAGE[@]}"}
fi
[ -n "$N" ] || wrong_call "say how many servers, behind the file"
[[ "$N" =~ ^[1-9][0-9]?$ ]] || wrong_call "the number of servers is 1 to 99, not '$N'"
[[ "$OFFSET" =~ ^[0-9]{1,5}$ ]] || wrong_call "--offset is a number, not '$OFFSET'"
OFFSET=$((10#$OFFSET))
[ $((OFFSET + 9000 + N)) -le 65535 ] || wrong_call "no port is above 65535: --offset is at most $((65535 - 9000 - N))"
reach=$HOST members=
case $HOST in
  0.0.0.0) reach=127.0.0.1 ;;
  ::) reach=::1 ;;
esac
for ((i = 0; i < N; i++)); do
  members=$members${members:+,}$(address "$reach" $((9000 + OFFSET + i)))/$(address "$HOST" $((8000 + OFFSET + i)))
done
[ ! -e "$DATA/cluster" ] || fail "$DATA has a cluster's data already: move it away, or name another folder with --data"
"$ROOT/scripts/offline.sh" --restore "$FILE" --into "$DATA" --members "$members" ${STORAGE[@]+"${STORAGE[@]}"} || exit 1
printf 'servers=%s\noffset=%s\n' "$N" "$OFFSET" >"$DATA/cluster"
start="./run_servers.sh $N"
[ "$DATA" = "$ROOT/data" ] || start="$start --data $DATA"
[ "$HOST" = 127.0.0.1 ] || start="$start --host $HOST"
[ "$OFFSET" = 0 ] || start="$start --offset $OFFSET"
echo "$start starts it"
