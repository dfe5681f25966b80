#!/usr/bin/env bash
# Copies all that the store holds into a file, while it goes on; or what a server that is gone has left.
set -u
ROOT=$(cd "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/.." && pwd)
. "$ROOT/scripts/lib.sh"

usage() {
  cat >&"${1:-2}" <<'END'
usage: scripts/backup.sh FILE [HOST:PORT[,HOST:PORT...]] [--local]
       scripts/backup.sh FILE --from DIR

The first copies from the servers given (default localhost:8000), all that was acknowledged before; with --local from a
server that hears no quorum, which may lack what only others have. The second, for a cluster whose quorum is gone for
good, from the data directory of the server with the longest log (./server --inspect DIR says how far it reaches).
FILE must not be there yet. scripts/restore.sh starts a new cluster from it.
END
  [ "${1:-2}" = 2 ] && exit 2
  exit 0
}

FILE= SERVERS=localhost:8000 FROM= LOCAL=
while [ $# -gt 0 ]; do
  case $1 in
    -h | --help) usage 1 ;;
    --local) LOCAL=' local' ;;
    --from)
      [ $# -gt 1 ] || usage
      FROM=$2 && shift
      ;;
    -*) usage ;;
    *) if [ -z "$FILE" ]; then FILE=$1; else SERVERS=$1; fi ;;
  esac
  shift
done
[ -n "$FILE" ] || usage
if [ -n "$FROM" ]; then
  "$ROOT/scripts/offline.sh" --backup-of "$FROM" --to "$FILE" || exit 1
else
  "$ROOT/client" "$SERVERS" -c "BACKUP \"$FILE\"$LOCAL" || exit $?
fi
exec "$ROOT/scripts/offline.sh" --inspect "$FILE"
