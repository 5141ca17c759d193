#!/bin/sh
# compile.sh: what instrumentation adds to code and to the time of the compiler, as a Markdown table,
# for SQLite in one file and for a C++ program. PAIRS=N of compilations (default 5); CFLAGS (default
# -O2 -g). "Best of each" is the lowest time over the lowest of the plain compiler.
set -eu
# shellcheck source=bench/common.sh
. "$(dirname "$0")/common.sh"
set_workload sqlite short

# row NAME DRIVER COMPILER ARGUMENT...
row() {
  name=$1 driver=$2 compiler=$3
  shift 3
  # shellcheck disable=SC2086 # several words are meant
  python3 "$root/bench/compile.py" -n "${PAIRS:-5}" "$name" "$compiler-$llvm" "$bin/$driver" \
    ${CFLAGS:--O2 -g} "$@"
}

echo '| source | .text | with MemTrack | ratio | user time | ratio | best of each |'
echo '| --- | --- | --- | --- | --- | --- | --- |'
row sqlite3.c memtrack-cc clang "$real/sqlite3/plain/sqlite3.c"
row wordindex.cpp memtrack-c++ clang++ -std=c++17 -pthread "$root/examples/wordindex/wordindex.cpp"
