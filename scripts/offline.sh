#!/usr/bin/env bash
# What ./server does to files without running a server, with a heap for all of a large store.
#   scripts/offline.sh OPTION ...    one of those that ./server --help lists at its end
set -u
ROOT=$(cd "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/.." && pwd)
. "$ROOT/scripts/lib.sh"

prepare "$@"
check_heap
jvm "${SYNOD_HEAP_MIB:-$(($(memory_mib) / 2))}"
exec "${JVM[@]}" io.synod.server.Main "$@"
