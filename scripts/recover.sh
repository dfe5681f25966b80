#!/usr/bin/env bash
# Goes on by force where a quorum of ./run_servers.sh's servers is gone for good: a new cluster of what the others have left.
set -u
ROOT=$(cd "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/.." && pwd)
. "$ROOT/scripts/lib.sh"

usage() {
  cat <<'END'
usage: scripts/recover.sh N --into NEW [--data DIR] [-- any option of scripts/restore.sh]

Looks at every data directory in DIR (default data/ in the project's folder), takes the one whose log reaches furthest,
its end included that may have been acknowledged, and makes the data of a new cluster of N servers out of it in NEW:
./run_servers.sh N --data NEW starts it. It has a new cluster id; nothing in DIR is changed. No server of DIR may run.

What only the lost servers held is lost, and they must never be started again with their old directories.

Ends with status 0 if that was all, and 5 if the best directory lacks what it has lost to damage, as it says then.
END
}

# A backup is there, and lacks what its directory has lost.
INCOMPLETE_STATUS=5

N= NEW= DATA=$ROOT/data MORE=()
while [ $# -gt 0 ]; do
  case $1 in
    -h | --help) usage && exit 0 ;;
    --into | --data)
      [ $# -gt 1 ] || wrong_call "$1 wants a value"
      if [ "$1" = --into ]; then NEW=$2; else DATA=$2; fi
      shift
      ;;
    --)
      shift
      MORE=("$@")
      break
      ;;
    -*) wrong_word "$1" ;;
    *)
      [ -z "$N" ] || wrong_word "$1"
      N=$1
      ;;
  esac
  shift
done
[[ "$N" =~ ^[1-9][0-9]?$ ]] || wrong_call "say how many servers the new cluster has, 1 to 99, not '$N'"
[ -n "$NEW" ] || wrong_call "say where the new cluster's data goes: --into NEW"
[ -d "$DATA" ] || fail "there is no folder $DATA: --data says where the old servers' directories are"
[ ! -e "$NEW" ] || fail "$NEW is there already: name a folder that is not"

mkdir -p -m 700 "$NEW.rescue" || exit 1
trap 'rm -rf "$NEW.rescue"' EXIT
best= furthest=-1 best_lacks=
for directory in "$DATA"/*/; do
  directory=${directory%/}
  [ -e "$directory/identity" ] || [ -e "$directory/identity.copy" ] || continue
  file=$NEW.rescue/${directory##*/}.backup
  says=$("$ROOT/scripts/offline.sh" --backup-of "$directory" --to "$file" 2>&1)
  status=$?
  # One that runs may be all that there is of a quorum.
  [[ "$says" != *'is in use by'* ]] || fail "$says"
  slot=$(sed -n 's/.*: all up to slot \([0-9]*\).*/\1/p' <<<"$says" | head -1)
  if [ ! -e "$file" ] || [ -z "$slot" ]; then
    echo "recover.sh: nothing can be had of $directory: ${says#synod: }" >&2
    continue
  fi
  lacks=$([ $status != $INCOMPLETE_STATUS ] || echo ', INCOMPLETE')
  echo "$directory: all up to slot $slot$lacks"
  # Of two that reach as far the whole one.
  if [ "$slot" -gt "$furthest" ] || { [ "$slot" = "$furthest" ] && [ -n "$best_lacks" ] && [ -z "$lacks" ]; }; then
    best=$directory furthest=$slot best_lacks=$lacks why=$says
  fi
done
[ -n "$best" ] || fail "there is nothing in $DATA to go on from: take an older backup (scripts/restore.sh)"
echo "goes on from $best"
"$ROOT/scripts/restore.sh" "$NEW.rescue/${best##*/}.backup" "$N" --data "$NEW" ${MORE[@]+"${MORE[@]}"} || exit 1
echo "the directories in $DATA are of the old cluster: no server may be started with them again"
if [ -n "$best_lacks" ]; then
  echo "recover.sh: ${why##*INCOMPLETE: }" >&2
  exit $INCOMPLETE_STATUS
fi
