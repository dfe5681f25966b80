#!/usr/bin/env bash
# Starts server I of ./run_servers.sh again, as it was started before.
set -u
ROOT=$(cd "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/.." && pwd)
. "$ROOT/scripts/lib.sh"

usage() {
  cat <<'END'
usage: scripts/start_server.sh I [--data DIR] [--fail-rate R] [-- any server option]
  I: 0 is the first. It starts as before; --fail-rate and the options count for this start, and win.
END
}

I='' DATA=$ROOT/data EXTRA=()
while [ $# -gt 0 ]; do
  case $1 in
    -h | --help) usage && exit 0 ;;
    --data | --fail-rate)
      [ $# -gt 1 ] || wrong_call "$1 wants a value"
      if [ "$1" = --data ]; then DATA=$2; else EXTRA+=(--fail-rate "$2"); fi
      shift
      ;;
    --)
      shift
      EXTRA+=("$@")
      break
      ;;
    -*) wrong_call "there is no option $1 (options of the server come after --)" ;;
    *)
      [ -z "$I" ] || wrong_word "$1"
      I=$1
      ;;
  esac
  shift
done
check_server "$I"
DATA=$(cd "$DATA" && pwd)
pid=$(server_pid "$I")
if [ -n "$pid" ]; then
  ! is_suspended "$pid" || fail "server $I is there, stopped by a signal (process $pid): kill -CONT $pid has it go on"
  fail "server $I runs already (process $pid)"
fi
find_java
is_built || fail "nothing is built: ./run_servers.sh builds it"
PORT=$(sed -n 's/.*PORT=\([0-9]*\).*/\1/p' "$DATA/run/$I.conf")
# It may have been moved to another storage since run_servers.sh noted how it was started; a witness has none.
storage=$(storage_of "$DATA/$PORT")
[[ "$storage" =~ ^(|witness)$ || " ${EXTRA[*]-} " =~ \ --storage[\ =] ]] || EXTRA+=(--storage "$storage")
# A session of its own: it outlives this terminal, and run_servers.sh stops it by its process id.
export -f launch replace_options drop_options jvm archive_file find_class_path
export DATA ROOT JAVA JAVA_VERSION
setsid bash -c 'launch "$@"' launch "$I" ${EXTRA[@]+"${EXTRA[@]}"} </dev/null
pid=$(cat "$DATA/run/$I.pid")
# Its own log may lag behind one in which it was taken in again: it is removed when it says so for a while, and the newest membership
# that any server knows of does not name it either.
REMOVED_ROUNDS=40 removed=0
# After two seconds it says for what it waits.
WORD_ROUND=40
for round in $(seq 1 200); do
  kill -0 "$pid" 2>/dev/null || fail "server $I could not start: $(last_words "$I") (all of it is in $DATA/logs/$PORT.log)"
  ! is_ready "$I" || break
  if is_no_member "$I"; then
    why=${SAYS#this server }
    note_members
    if [[ "$why" != *'was removed from'* ]]; then
      # Named by a membership that it has not come to in the log yet: it is a member in a moment.
      { [ -n "$MEMBERS" ] && ! was_removed "$I"; } || break
      sleep 0.05
      continue
    fi
    removed=$((removed + 1))
    if [ $removed -ge $REMOVED_ROUNDS ] && { was_removed "$I" || [ -z "$MEMBERS" ]; }; then
      kill -TERM "$pid"
      await_end "$pid" $((SECONDS + STOP_SECONDS))
      rm -f "$DATA/run/$I.pid" "$DATA/run/$I.state"
      fail "server $I $why; it is stopped again: nothing needs $DATA/$PORT any more, and scripts/add_server.sh has a new server join"
    fi
  fi
  if [ "$round" = $WORD_ROUND ]; then
    server_says "$I" waiting_for
    echo "server $I runs (process $pid) and waits${SAYS:+: $SAYS} ..." >&2
  fi
  sleep 0.05
done
state='and answers'
if is_ready "$I"; then
  [ "$SAYS" != witness ] || state='and votes, as a witness'
else
  server_says "$I" waiting_for
  state="and does not answer yet: $SAYS"
fi
echo "server $I runs (process $pid) $state; log in $DATA/logs/$PORT.log"
