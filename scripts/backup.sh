#!/usr/bin/env bash
# Copies all that the store holds into a file, while it goes on; or what a server that is gone has left.
set -u
ROOT=$(cd "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/.." && pwd)
. "$ROOT/scripts/lib.sh"

usage() {
  cat <<'END'
usage: scripts/backup.sh FILE [HOST:PORT[,HOST:PORT...]] [--data DIR] [--local]
       scripts/backup.sh FILE --from DIR

The first copies from the servers given, or from those of ./run_servers.sh in DIR (default data/ in the project's
folder), all that was acknowledged before; with --local from a server that hears no quorum, which may lack what only
others have. The second, for a cluster whose quorum is gone for
good, from the data directory of the server with the longest log (./server --inspect DIR says how far it reaches), which does
not run.
FILE must not be there yet; only its owner may read it. scripts/restore.sh starts a new cluster from it.

Ends with status 0 if all was copied, 5 if FILE lacks what DIR has lost to damage, and 1 to 3 if there is no FILE.
END
}

# The backup is there, and lacks what the directory has lost.
INCOMPLETE_STATUS=5

status=0
FILE= SERVERS= FROM= LOCAL= DATA=$ROOT/data
while [ $# -gt 0 ]; do
  case $1 in
    -h | --help) usage && exit 0 ;;
    --local) LOCAL=' local' ;;
    --from | --data)
      [ $# -gt 1 ] || wrong_call "$1 wants a value"
      if [ "$1" = --from ]; then FROM=$2; else DATA=$2; fi
      shift
      ;;
    -*) wrong_word "$1" ;;
    *) if [ -z "$FILE" ]; then FILE=$1; elif [ -z "$SERVERS" ]; then SERVERS=$1; else wrong_word "$1"; fi ;;
  esac
  shift
done
[ -n "$FILE" ] || wrong_call "say which file is to be written"
if [ -n "$FROM" ]; then
  "$ROOT/scripts/offline.sh" --backup-of "$FROM" --to "$FILE"
  status=$?
  [ $status = 0 ] || [ $status = $INCOMPLETE_STATUS ] || exit $status
else
  if [ -z "$SERVERS" ]; then
    [ -e "$DATA/run/0.conf" ] || fail "there are no servers in $DATA: name those that run, as in scripts/backup.sh $FILE localhost:8000"
    N=0
    count_servers
    SERVERS=$(client_addresses)
  fi
  "$ROOT/client" "$SERVERS" -c "BACKUP \"$FILE\"$LOCAL" || exit $?
fi
"$ROOT/scripts/offline.sh" --inspect "$FILE" || exit $?
[ $status = 0 ] || echo "backup.sh: $FILE is INCOMPLETE: it lacks what $FROM has lost, as said above" >&2
exit $status
