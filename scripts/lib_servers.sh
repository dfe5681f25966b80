# Functions for servers that run_servers.sh started; lib.sh sources it, and nobody runs it. All state is below $DATA/run.
# shellcheck shell=bash

# Whether this process is one of our servers, and not another that was given its number later.
is_server() {
  local pid=$1
  [ -n "$pid" ] && kill -0 "$pid" 2>/dev/null && ps -o args= -p "$pid" 2>/dev/null | grep -q 'io\.synod\.server\.Main'
}

# Ends a script that wants the number of a server, unless there is that one in $DATA.
check_server() {
  [[ "$1" =~ ^[0-9]+$ ]] || wrong_call "say which server, by its number from 0 on$([ -z "$1" ] || echo ", not '$1'")"
  [ -e "$DATA/run/$1.conf" ] || fail "there is no server $1 in $DATA: ./run_servers.sh starts them"
}

# Whether this process was stopped by a signal, as kill -STOP does, and waits to be resumed.
is_suspended() {
  [[ "$(ps -o stat= -p "$1" 2>/dev/null)" == T* ]]
}

# How long a server that was told to stop may take before it is killed.
STOP_SECONDS=8

# Waits until this process, told to stop, has ended; kills it when SECONDS has come so far.
await_end() {
  local pid=$1 until=$2
  # Not by kill -0: one that has ended may be nobody's to reap for a while.
  while is_server "$pid"; do
    if [ $SECONDS -ge "$until" ]; then
      echo "process $pid did not stop in $STOP_SECONDS s and is killed" >&2
      kill -KILL "$pid" 2>/dev/null
      break
    fi
    sleep 0.05
  done
}

# Prints the process id of server I; nothing if it does not run.
server_pid() {
  local pid
  pid=$(cat "$DATA/run/$1.pid" 2>/dev/null) || return 0
  ! is_server "$pid" || echo "$pid"
}

# Whether something listens on a port of this machine: on the loopback address, or at the host that is named.
port_in_use() {
  local host
  for host in 127.0.0.1 "${2:-}"; do
    [ -z "$host" ] || ! (exec 3<>"/dev/tcp/$host/$1") 2>/dev/null || return 0
  done
  return 1
}

# Prints HOST:PORT; an IPv6 host in brackets.
address() {
  case $1 in
    *:*) echo "[$1]:$2" ;;
    *) echo "$1:$2" ;;
  esac
}

# Prints so many things in words.
count_of() {
  if [ "$1" = 1 ]; then echo "1 $2"; else echo "$1 $2s"; fi
}

# Prints the storage that a server's directory is written with, which may differ from the others', and nothing else can read it; nothing
# if no server ever started there.
storage_of() {
  [ -e "$1/identity" ] || return 0
  tr '[:upper:]' '[:lower:]' 2>/dev/null <"$1/storage" || echo heap
}

# Starts server I in the background as $DATA/run/I.conf says (HEAP, PORT, ARGUMENTS), and notes its process id. Options behind I
# take the place of those.
launch() {
  local i=$1 log
  shift
  # shellcheck disable=SC1090
  . "$DATA/run/$i.conf"
  log=$DATA/logs/$PORT.log
  replace_options "$@"
  jvm "$HEAP"
  rm -f "$DATA/run/$i.state"
  echo "--- started at $(date '+%Y-%m-%d %H:%M:%S')" >>"$log"
  "${JVM[@]}" -XX:ErrorFile="$DATA/logs/$PORT.crash.%p.log" -Dsynod.state="$DATA/run/$i.state" io.synod.server.Main "${ARGUMENTS[@]}" \
    >>"$log" 2>&1 </dev/null 9<&- &
  echo $! >"$DATA/run/$i.pid"
  # Bash would report its end in words of its own.
  disown
}

# Prints why server I ended, in one line: what the server itself, else the JVM, said of it since it was launched.
last_words() {
  local port
  port=$(
    # shellcheck disable=SC1090
    . "$DATA/run/$1.conf" && echo "$PORT"
  )
  awk '
    /^--- started at / { said = error = jvm = last = ""; next }
    /^[ \t]*$/ { next }
    /^synod: / { said = substr($0, 8); sub(/^cannot start: /, "", said); next }
    /^[0-9-]+ [0-9:.]+ ERROR / { error = $0; sub(/^[0-9-]+ [0-9:.]+ ERROR +[^ ]+ /, "", error); sub(/ \| .*/, "", error) }
    /^[0-9-]+ [0-9:.]+ [A-Z]+ / { last = $0; next }
    !/warning/ && /[A-Za-z]/ && jvm == "" { jvm = $0; sub(/^# */, "", jvm) }
    END {
      words = said != "" ? said : error != "" ? error : jvm != "" ? jvm : last
      print words == "" ? "it ended without a word" : substr(words, 1, 400)
    }' "$DATA/logs/$port.log" 2>/dev/null
}

# Puts options into ARGUMENTS, in place of the same that are there: the server takes none twice.
replace_options() {
  [ $# -gt 0 ] || return 0
  drop_options "$@"
  ARGUMENTS+=("$@")
}

# Takes options out of ARGUMENTS, with their values.
drop_options() {
  local option given old kept=()
  for ((old = 0; old < ${#ARGUMENTS[@]}; old++)); do
    option=${ARGUMENTS[old]}
    for given in "$@"; do
      if [[ "$option" == --* ]] && [ "${given%%=*}" = "${option%%=*}" ]; then
        [[ "$option" == *=* || "${ARGUMENTS[old + 1]:---}" == --* ]] || old=$((old + 1))
        continue 2
      fi
    done
    kept+=("$option")
  done
  ARGUMENTS=("${kept[@]}")
}

# Sets SAYS to what server I says of itself under a name: state, coordinator, waiting_for, members. Starts no process: it is asked
# often.
server_says() {
  local name value
  SAYS=
  [ -r "$DATA/run/$1.state" ] || return 0
  while IFS='=' read -r name value; do
    [ "$name" != "$2" ] || SAYS=$value
  done 2>/dev/null <"$DATA/run/$1.state"
}

# Whether server I does all that it is for: it answers clients, or votes as a witness. Sets SAYS to its state.
is_ready() {
  server_says "$1" state
  [ "$SAYS" = serving ] || [ "$SAYS" = witness ]
}

# Whether server I runs and is no member of the cluster: it was removed, or is to be added. SAYS is what it says of that.
is_no_member() {
  server_says "$1" waiting_for
  [[ "$SAYS" == 'this server is no member'* || "$SAYS" == 'this server was removed'* ]]
}

# Sets N to how many servers there are in $DATA, those that were added later included.
count_servers() {
  local count
  count=$(sed -n 's/^servers=//p' "$DATA/cluster" 2>/dev/null)
  N=${count:-${N:-0}}
}

# Sets MEMBERS to who the members are, SLOT:ID,ID,... for the membership of that slot, as the server says that knows the newest
# one, and notes it in $DATA/run/members for the next start. Empty as long as nobody knows. Starts no process.
note_members() {
  local file id noted
  [ -n "${MEMBERS:-}" ] || read -r MEMBERS 2>/dev/null <"$DATA/run/members" || MEMBERS=
  noted=$MEMBERS
  for file in "$DATA"/run/*.state; do
    id=${file##*/}
    server_says "${id%.state}" members
    if [ -n "$SAYS" ] && [ "${SAYS%%:*}" -gt "${MEMBERS%%:*}" ] 2>/dev/null || [ -z "$MEMBERS" ]; then MEMBERS=$SAYS; fi
  done
  [ "$MEMBERS" = "$noted" ] || echo "$MEMBERS" >"$DATA/run/members"
}

# Whether server I was removed, as far as is noted.
was_removed() {
  [ -n "${MEMBERS:-}" ] && [[ ",${MEMBERS#*:}," != *",$1,"* ]]
}

# Prints where clients reach server I.
client_address() {
  # shellcheck disable=SC1090
  (. "$DATA/run/$1.conf" && argument --my-addr)
}

# Prints the addresses for clients of all members in $DATA, with commas.
client_addresses() {
  local i list=
  note_members
  for ((i = 0; i < N; i++)); do
    was_removed "$i" || list=$list${list:+,}$(client_address "$i")
  done
  echo "$list"
}

# Prints the value behind an option in ARGUMENTS, an address as one that can be called.
argument() {
  local i value
  for ((i = 0; i < ${#ARGUMENTS[@]}; i++)); do
    if [ "${ARGUMENTS[i]}" = "$1" ]; then
      value=${ARGUMENTS[i + 1]}
      case $value in
        0.0.0.0:*) value=127.0.0.1:${value##*:} ;;
        '[::]':*) value="[::1]:${value##*:}" ;;
      esac
      echo "$value"
      return 0
    fi
  done
}
