# Functions that the scripts share; sourced, never run. The caller has set ROOT, the project's folder.
# shellcheck shell=bash

# With which status a script ends that cannot do its work; one whose status 1 means something sets another.
FAIL_STATUS=1

fail() {
  echo "${0##*/}: $*" >&2
  exit "$FAIL_STATUS"
}

# Prints how the script that was called is called: the comment at its head. Some have a text of their own.
usage() { sed -n '2,/^[^#]/ s/^#\( \|$\)//p' "$0"; }

# Ends a script that was called wrongly: first what was wrong, then how it is called.
wrong_call() {
  echo "${0##*/}: $*" >&2
  usage >&2
  exit 2
}

# The same for a word that the script does not know.
wrong_word() {
  case $1 in
    -*) wrong_call "there is no option $1" ;;
    *) wrong_call "'$1' is one word too many" ;;
  esac
}

# Ends a script that has only this one word, if it is asked how it is called.
help_if_asked() {
  case "${1:-}" in -h | --help) usage && exit 0 ;; esac
}

# Prints the major version of the JDK in this folder; nothing if there is none.
jdk_version() {
  local home=$1 version=
  [ -x "$home/bin/java" ] || return 0
  if [ -r "$home/release" ]; then
    version=$(sed -n 's/^JAVA_VERSION="\{0,1\}\([0-9][0-9.]*\).*/\1/p' "$home/release")
  fi
  [ -n "$version" ] || version=$("$home/bin/java" -version 2>&1 | sed -n '1s/.*version "\([0-9][0-9.]*\).*/\1/p')
  version=${version#1.}
  echo "${version%%.*}"
}

# Prints the folders in which a JDK may be: around those that are known to this machine.
jdk_candidates() {
  local java home
  {
    [ -n "${JAVA_HOME:-}" ] && echo "$JAVA_HOME/bin/java"
    command -v java
    command -v javac
    command -v update-alternatives >/dev/null && update-alternatives --list java 2>/dev/null
    [ -x /usr/libexec/java_home ] && echo "$(/usr/libexec/java_home 2>/dev/null)/bin/java"
  } | while read -r java; do
    java=$(readlink -f "$java" 2>/dev/null) || continue
    home=${java%/bin/*}
    echo "$home"
    for home in "${home%/*}"/*/; do
      [ -x "$home/bin/java" ] && readlink -f "$home"
    done
  done | sort -u
}

# Sets JAVA to the java of the newest JDK, or of the one that SYNOD_JAVA_HOME names, and JAVA_VERSION.
find_java() {
  local home version best=
  JAVA_VERSION=0
  if [ -n "${SYNOD_JAVA_HOME:-}" ]; then
    [ -x "$SYNOD_JAVA_HOME/bin/java" ] || fail "SYNOD_JAVA_HOME is $SYNOD_JAVA_HOME, and there is no bin/java in it"
    best=$SYNOD_JAVA_HOME JAVA_VERSION=$(jdk_version "$SYNOD_JAVA_HOME")
    [ "${JAVA_VERSION:-0}" -ge 17 ] || fail "SYNOD_JAVA_HOME is $SYNOD_JAVA_HOME, a JDK $JAVA_VERSION: name one of 17 or newer, or leave it out"
  else
    while read -r home; do
      version=$(jdk_version "$home")
      if [ "${version:-0}" -gt "$JAVA_VERSION" ]; then
        best=$home JAVA_VERSION=$version
      fi
    done < <(jdk_candidates)
    [ -n "$best" ] || fail "no JDK found: install one, 17 or newer, and put its java on the PATH or name its folder in JAVA_HOME"
    [ "$JAVA_VERSION" -ge 17 ] || fail "the newest JDK found is $JAVA_VERSION ($best): install 17 or newer, or name its folder in JAVA_HOME"
  fi
  JAVA=$best/bin/java
}

# Whether this folder holds a JDK that can build the project: 17 or newer, with a compiler.
can_build() {
  local version
  [ -n "$1" ] && [ -x "$1/bin/javac" ] || return 1
  version=$(jdk_version "$1")
  [ "${version:-0}" -ge 17 ]
}

# Sets BUILD_HOME to the JDK that SYNOD_JAVA_HOME names, else to the one that mvn would take by itself, else to the newest:
# the first of them that can build.
find_build_home() {
  local home version newest=0 path_java
  BUILD_HOME=
  path_java=$(readlink -f "$(command -v java)" 2>/dev/null)
  for home in "${SYNOD_JAVA_HOME:-}" "${JAVA_HOME:-}" "${path_java%/bin/java}"; do
    if can_build "$home"; then
      BUILD_HOME=$home
      return 0
    fi
  done
  while read -r home; do
    version=$(jdk_version "$home")
    if [ "${version:-0}" -gt "$newest" ] && can_build "$home"; then
      BUILD_HOME=$home newest=$version
    fi
  done < <(jdk_candidates)
  [ -n "$BUILD_HOME" ] || fail "no JDK with a compiler (javac) found to build with: install one, 17 or newer, or name its folder in JAVA_HOME"
}

# Ends the script if there is nothing to build with. Before any output is put elsewhere.
find_maven() {
  command -v mvn >/dev/null || fail "there is no mvn to build with: install Maven 3.8 or newer"
  find_build_home
}

# Runs mvn in the project's folder, on a JDK that can build it.
maven() {
  find_maven
  (cd "$ROOT" && JAVA_HOME=$BUILD_HOME mvn -B -ntp -Dstyle.color=never "$@")
}

# For what is written in Java: sets JAVA and ASKED, builds what is stale. Nothing is built for --help or --version (ASKED is yes then):
# what is there answers, however old; where nothing is, the comment at the script's head answers the first.
prepare() {
  local word
  ASKED=no
  for word in "$@"; do
    case $word in
      -h | --help)
        is_built || { usage && exit 0; }
        ASKED=yes
        ;;
      --version) ! is_built || ASKED=yes ;;
    esac
  done
  find_java
  [ $ASKED = yes ] || build_if_stale
}

# Whether there is anything to run.
is_built() {
  [ -n "${SYNOD_CLASS_PATH:-}" ] || [ -e "$ROOT/target/run/synod.jar" ]
}

# Whether what is built is older than the sources. Tests name classes of their own in SYNOD_CLASS_PATH.
is_stale() {
  local stamp=$ROOT/target/.built
  [ -z "${SYNOD_CLASS_PATH:-}" ] || return 1
  [ ! -e "$stamp" ] || [ ! -e "$ROOT/target/run/synod.jar" ] ||
    [ -n "$(find "$ROOT/src/main" "$ROOT/keyvaluestore.proto" "$ROOT/pom.xml" -newer "$stamp" -print -quit)" ]
}

# Builds target/run/synod.jar and target/lib if the sources are newer. Of several at once, one builds and the others wait.
build_if_stale() {
  is_stale || return 0
  mkdir -p "$ROOT/target"
  if command -v flock >/dev/null; then
    (
      exec 9>"$ROOT/target/.lock"
      flock 9
      build
    ) || exit "$FAIL_STATUS"
  else
    build
  fi
}

build() {
  is_stale || return 0
  find_maven
  if [ -e "$ROOT/target/.built" ]; then
    echo "building, about a minute: the sources are newer than what is built ..." >&2
  else
    echo "building for the first time, about a minute ..." >&2
  fi
  local began=$SECONDS stamp=$ROOT/target/.building
  touch "$stamp"
  # Jars of libraries that the project has left behind must not stay on the class path.
  [ "$ROOT/pom.xml" -nt "$ROOT/target/lib" ] && rm -rf "$ROOT/target/lib"
  if ! maven -q -Dmaven.test.skip=true package >"$ROOT/target/build.log" 2>&1; then
    grep -m 20 'ERROR' "$ROOT/target/build.log" >&2 || tail -3 "$ROOT/target/build.log" >&2
    fail "the build failed; all of it is in $ROOT/target/build.log"
  fi
  # Put there by renaming, so that servers that run go on with the file that they have open.
  mkdir -p "$ROOT/target/run"
  cp "$ROOT/target/synod.jar" "$ROOT/target/run/.synod.jar" && mv "$ROOT/target/run/.synod.jar" "$ROOT/target/run/synod.jar" ||
    fail "target/run/synod.jar cannot be written"
  mv "$stamp" "$ROOT/target/.built"
  echo "built in $((SECONDS - began)) s" >&2
}

# Builds a program among the tests, such as io/synod/simulator/Simulate, if the sources of its package or of the servers are newer; says
# what it is.
build_test_if_stale() {
  local name=$1 what=$2 class=$ROOT/target/test-classes/$1.class
  if [ ! -f "$class" ] || [ ! -d "$ROOT/target/lib" ] ||
    [ -n "$(find "$ROOT/src/main" "$ROOT/src/test/java/${name%/*}" "$ROOT/pom.xml" -type f -newer "$class" -print -quit)" ]; then
    echo "building $what, a minute or two ..." >&2
    maven -q test-compile >&2 || fail "the build failed"
    [ -f "$class" ] || fail "the build made no $class"
    touch "$class" # newer than the sources even if only another class was compiled
  fi
}

# Sets CLASSPATH_JARS: the same text each time, as a shared class archive wants it.
find_class_path() {
  local jar
  if [ -n "${SYNOD_CLASS_PATH:-}" ]; then
    CLASSPATH_JARS=$SYNOD_CLASS_PATH
    return 0
  fi
  CLASSPATH_JARS=$ROOT/target/run/synod.jar
  for jar in "$ROOT"/target/lib/*.jar; do
    CLASSPATH_JARS=$CLASSPATH_JARS:$jar
  done
}

# Prints how many MiB of memory there are for this machine or container.
memory_mib() {
  local mib limit
  if [ -r /proc/meminfo ]; then
    mib=$(awk '/^MemTotal:/ {print int($2 / 1024)}' /proc/meminfo)
  else
    mib=$(($(sysctl -n hw.memsize 2>/dev/null || echo 4294967296) / 1048576))
  fi
  limit=$(cat /sys/fs/cgroup/memory.max 2>/dev/null)
  if [[ "$limit" =~ ^[0-9]+$ ]] && [ $((limit / 1048576)) -lt "$mib" ]; then
    mib=$((limit / 1048576))
  fi
  echo "$mib"
}

LEAST_HEAP_MIB=48
G1_FROM_MIB=256

# Ends the script if SYNOD_HEAP_MIB is no heap that this machine can give.
check_heap() {
  local most
  [ -n "${SYNOD_HEAP_MIB:-}" ] || return 0
  [[ "$SYNOD_HEAP_MIB" =~ ^[1-9][0-9]{0,9}$ ]] && [ "$SYNOD_HEAP_MIB" -ge $LEAST_HEAP_MIB ] ||
    fail "SYNOD_HEAP_MIB is a heap in MiB, a whole number from $LEAST_HEAP_MIB on, not '$SYNOD_HEAP_MIB'"
  most=$(memory_mib)
  [ "$SYNOD_HEAP_MIB" -le "$most" ] ||
    fail "SYNOD_HEAP_MIB is $SYNOD_HEAP_MIB, and this machine has $most MiB of memory: give less, or leave it out"
}

# Sets JVM: java and all its arguments before those of the program. Wants a heap in MiB. After find_java.
jvm() {
  local heap=$1 archive
  find_class_path
  # Warnings of the JVM's own are about archives that do not fit, which cost nothing but time.
  JVM=("$JAVA" "-Xms$((heap < 256 ? heap : 256))m" "-Xmx${heap}m" -XX:-UsePerfData -XX:+ExitOnOutOfMemoryError
    -Xlog:disable -Xlog:all=error:stderr "-Dsynod.home=$ROOT" -Dio.grpc.netty.shaded.io.netty.leakDetection.level=disabled)
  # Chosen by measurement (docs/decisions/010-heap-and-collector.md): G1 stands still for the shortest times and costs least beside a load;
  # a small heap is better off without what it keeps beside the heap.
  if [[ "${SYNOD_JVM_OPTIONS:-}" != *-XX:+Use*GC* ]]; then
    if [ "$heap" -ge $G1_FROM_MIB ]; then JVM+=(-XX:+UseG1GC -XX:MaxGCPauseMillis=25); else JVM+=(-XX:+UseSerialGC); fi
  fi
  # A third of what a start costs would be compilation, most of it of methods that only a start needs: the first compiler waits
  # three times as long as it would. The second one waits a third as long: code that still counts its calls is slow, and most
  # methods run once a batch, not once a request, so that it took minutes until the counts were there.
  JVM+=(-XX:Tier3InvocationThreshold=600 -XX:Tier3MinInvocationThreshold=300 -XX:Tier3CompileThreshold=6000 -XX:Tier3BackEdgeThreshold=180000
    -XX:Tier4InvocationThreshold=1500 -XX:Tier4MinInvocationThreshold=200 -XX:Tier4CompileThreshold=4500 -XX:Tier4BackEdgeThreshold=12000)
  # The compilers get what of the processor the servers leave: beside a load that takes all of it, the second one alone has work for
  # ten seconds. Who is not root may only lower priorities, as here, and would be warned of that.
  JVM+=(-XX:ThreadPriorityPolicy=1 -XX:CompilerThreadPriority=10 -XX:-PrintWarnings)
  # Code and heap in large pages, where the system gives them to who asks: a server runs little code often and much code seldom, and
  # finding the pages of either costs a tenth of the processor time of a PUT. Only Linux knows the word.
  [ ! -r /sys/kernel/mm/transparent_hugepage/enabled ] || JVM+=(-XX:+UseTransparentHugePages)
  # Less memory an object is fewer misses of the processor's caches; older JDKs cannot, or call it an experiment.
  [ "$JAVA_VERSION" -lt 25 ] || JVM+=(-XX:+UseCompactObjectHeaders)
  # Netty keeps so many objects of a kind at hand for each thread before it puts them where all threads reach them; a burst has
  # more than its 32, and 7 % of the driver's time went into that.
  JVM+=(-Dio.grpc.netty.shaded.io.netty.recycler.chunkSize=1024)
  # Netty loads a native library and uses sun.misc.Unsafe; newer JDKs say so at each start.
  JVM+=(--enable-native-access=ALL-UNNAMED)
  [ "$JAVA_VERSION" -lt 23 ] || JVM+=(--sun-misc-unsafe-memory-access=allow)
  archive=$(archive_file)
  if [ -r "$archive" ] && [ -z "${SYNOD_CLASS_PATH:-}" ]; then
    case $archive in
      *.aot) JVM+=("-XX:AOTCache=$archive") ;;
      *) JVM+=("-XX:SharedArchiveFile=$archive") ;;
    esac
  fi
  # Words of the user's own, as -Dsynod.log=DEBUG.
  # shellcheck disable=SC2206
  JVM+=(${SYNOD_JVM_OPTIONS:-})
  JVM+=(-cp "$CLASSPATH_JARS")
}

# Prints the name of the archive of loaded classes for this JDK: a server starts in less than half the time with it.
archive_file() {
  local kind=jsa
  [ "$JAVA_VERSION" -lt 25 ] || kind=aot
  echo "$ROOT/target/run/jdk-$JAVA_VERSION-$(cksum <"${JAVA%/bin/java}/release" 2>/dev/null | tr -d ' ').$kind"
}

# Makes that archive if there is none for what is built: two servers run for a moment under load, one of them notes what it loads.
# Failing in this is no harm. After find_java and build_if_stale.
archive_if_stale() {
  local archive began=$SECONDS port folder=$ROOT/target/run/training i j pids=() load= option
  archive=$(archive_file)
  [ -z "${SYNOD_CLASS_PATH:-}" ] && [ ! "$archive" -nt "$ROOT/target/run/synod.jar" ] || return 0
  rm -rf "$archive" "$folder"
  port=$((20000 + RANDOM % 10000))
  for ((i = 0; i < 4; i++)); do ! port_in_use $((port + i)) || return 0; done
  echo "preparing fast starts ..." >&2
  mkdir -p "$folder" || return 0
  jvm 256
  # Ctrl-C does not reach what a script runs in the background.
  trap 'kill -KILL $load "${pids[@]}" 2>/dev/null; rm -rf "$folder"; exit 130' INT TERM HUP
  for i in 0 1; do
    option=-Dsynod.trains=no
    if [ $i = 0 ]; then
      case $archive in
        *.aot) option=-XX:AOTCacheOutput=$folder/archive ;;
        *) option=-XX:ArchiveClassesAtExit=$folder/archive ;;
      esac
    fi
    "${JVM[@]}" "$option" "-Dsynod.state=$folder/$i.state" io.synod.server.Main --my-addr "127.0.0.1:$((port + i))" \
      --my-paxos "127.0.0.1:$((port + 2 + i))" --replica "127.0.0.1:$((port + 2)),127.0.0.1:$((port + 3))" --data-dir "$folder/$i" \
      --journal-segment-mib 1 >"$folder/$i.log" 2>&1 </dev/null &
    pids+=($!)
  done
  for ((j = 0; j < 600; j++)); do
    [ "$(cat "$folder"/*.state 2>/dev/null | grep -c '^state=serving')" = 2 ] && break
    sleep 0.05
  done
  # A JDK that notes which methods are worth compiling, and how, starts with that: beside a load, a server that comes back is half as
  # fast again in its first ten seconds.
  case $archive in
    *.aot)
      "$JAVA" -Xmx256m -XX:+UseSerialGC -XX:TieredStopAtLevel=1 -cp "$CLASSPATH_JARS" io.synod.cli.Bench put,get --outstanding 32 --keys 1000 \
        --servers "127.0.0.1:$port,127.0.0.1:$((port + 1))" --warm-up 0.01 --duration 6 --json "$folder/bench.json" >/dev/null 2>&1 &
      load=$!
      wait $load
      ;;
  esac
  kill -TERM "${pids[@]}" 2>/dev/null
  wait "${pids[@]}"
  if [ -s "$folder/archive" ]; then
    mv "$folder/archive" "$archive"
    echo "prepared in $((SECONDS - began)) s" >&2
  fi
  rm -rf "$folder"
  trap - INT TERM HUP
}

# shellcheck source=scripts/lib_servers.sh
. "$ROOT/scripts/lib_servers.sh"
