#!/usr/bin/env bash
# What ./server does to files without running a server, with a heap for all of a large store: see ./server --help.
set -u
ROOT=$(cd "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/.." && pwd)
. "$ROOT/scripts/lib.sh"

find_java
build_if_stale
jvm "${SYNOD_HEAP_MIB:-$(($(memory_mib) / 2))}"
exec "${JVM[@]}" io.synod.server.Main "$@"
