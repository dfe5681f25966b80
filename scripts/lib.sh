# Functions that the scripts share; sourced, never run. The caller has set ROOT, the project's folder.
# shellcheck shell=bash

fail() {
  echo "${0##*/}: $*" >&2
  exit 1
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
  else
    while read -r home; do
      version=$(jdk_version "$home")
      if [ "${version:-0}" -gt "$JAVA_VERSION" ]; then
        best=$home JAVA_VERSION=$version
      fi
    done < <(jdk_candidates)
  fi
  [ -n "$best" ] || fail "no JDK found: install one, 17 or newer, and put its java on the PATH or name its folder in JAVA_HOME"
  [ "${JAVA_VERSION:-0}" -ge 17 ] || fail "the newest JDK found is $JAVA_VERSION ($best): install 17 or newer, or name its folder in JAVA_HOME"
  JAVA=$best/bin/java
}

# Whether what is built is older than the sources.
is_stale() {
  local stamp=$ROOT/target/.built
  [ ! -e "$stamp" ] || [ ! -e "$ROOT/target/synod.jar" ] ||
    [ -n "$(find "$ROOT/src/main" "$ROOT/keyvaluestore.proto" "$ROOT/pom.xml" -newer "$stamp" -print -quit)" ]
}

# Builds target/synod.jar and target/lib if the sources are newer. Of several at once, one builds and the others wait.
build_if_stale() {
  is_stale || return 0
  mkdir -p "$ROOT/target"
  if command -v flock >/dev/null; then
    (
      exec 9>"$ROOT/target/.lock"
      flock 9
      build
    ) || exit 1
  else
    build
  fi
}

build() {
  is_stale || return 0
  command -v mvn >/dev/null || fail "the sources are newer than what is built, and there is no mvn: install Maven 3.8 or newer"
  echo "building (the sources are newer than what is built) ..." >&2
  local began=$SECONDS stamp=$ROOT/target/.building
  touch "$stamp"
  # Jars of libraries that the project has left behind must not stay on the class path.
  [ "$ROOT/pom.xml" -nt "$ROOT/target/lib" ] && rm -rf "$ROOT/target/lib"
  if ! (cd "$ROOT" && mvn -q -B -ntp -Dmaven.test.skip=true package) >"$ROOT/target/build.log" 2>&1; then
    grep -m 20 'ERROR' "$ROOT/target/build.log" >&2
    fail "the build failed; all of it is in target/build.log"
  fi
  mv "$stamp" "$ROOT/target/.built"
  echo "built in $((SECONDS - began)) s" >&2
}

# Sets CLASSPATH_JARS: the same text each time, as a shared class archive wants it.
find_class_path() {
  local jar
  CLASSPATH_JARS=$ROOT/target/synod.jar
  for jar in "$ROOT"/target/lib/*.jar; do
    CLASSPATH_JARS=$CLASSPATH_JARS:$jar
  done
}
