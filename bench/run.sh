#!/bin/sh
# run.sh [WORKLOAD...]: what recording costs, as a Markdown table of ratios against the same program
# built without MemTrack. Workloads: loop-1 loop-8 wordindex lua sqlite jq; the last three are those
# of test/real/run.sh, which builds them first. RUNS=N pairs each (default 7).
set -eu
root=$(cd "$(dirname "$0")/.." && pwd)
bin=${MEMTRACK_BIN:-$root/build/bin}
work=${MEMTRACK_BENCH_DIR:-$root/build/bench}
real=${MEMTRACK_REAL_DIR:-${XDG_CACHE_HOME:-$HOME/.cache}/memtrack}
llvm=${MEMTRACK_LLVM_VERSION:-14}
runs=${RUNS:-7}
[ $# -gt 0 ] || set -- loop-1 loop-8 wordindex lua sqlite jq
mkdir -p "$work"

[ -x "$bin/memtrack-cc" ] || {
  echo "no $bin/memtrack-cc: run scripts/build.sh, or set MEMTRACK_BIN" >&2
  exit 1
}

# build NAME plain|track COMMAND...: with the compiler in front, the output at the end.
build_pair() {
  name=$1 driver=$2 compiler=$3
  shift 3
  "$compiler-$llvm" -O2 -g "$@" -o "$work/$name.plain"
  "$bin/$driver" -O2 -g "$@" -o "$work/$name.track"
}

# pair NAME PLAIN TRACKED: the commands' programs and arguments.
pair() {
  trace=$work/$1.mtrace
  python3 "$root/bench/pairs.py" -n "$runs" --json "$work/$1.json" --memtrack "$bin/memtrack" "$1" \
    "$2" "env MEMTRACK_OPTIONS=output=$trace $3" "$trace"
  python3 "$root/bench/pairs.py" -n "$runs" --memtrack "$bin/memtrack" "$1, mode=off" \
    "$2" "env MEMTRACK_OPTIONS=mode=off $3"
}

real_program() {
  [ -x "$real/$1/track/$2" ] || MEMTRACK_BIN=$bin "$root/test/real/run.sh" "$3" >&2
}

echo '| program | wall | CPU | CPU, own threads | events | events/s | bytes/event | writer ns/event | added RSS |'
echo '| --- | --- | --- | --- | --- | --- | --- | --- | --- |'
for workload; do
  case $workload in
  loop-*)
    build_pair loop memtrack-cc clang -pthread "$root/bench/loop.c"
    threads=${workload#loop-}
    arguments="$threads $((20000000 / threads))"
    pair "$workload" "$work/loop.plain $arguments" "$work/loop.track $arguments"
    ;;
  wordindex)
    build_pair wordindex memtrack-c++ clang++ -std=c++17 -pthread \
      "$root/examples/wordindex/wordindex.cpp"
    arguments="-q 'memory allocation' /usr/include/linux /usr/share/common-licenses"
    pair wordindex "$work/wordindex.plain $arguments" "$work/wordindex.track $arguments"
    ;;
  lua)
    real_program lua5.4 src/lua lua
    cp "$root/bench/trees.lua" "$work/trees.lua"
    pair lua "$real/lua5.4/plain/src/lua $work/trees.lua" "$real/lua5.4/track/src/lua $work/trees.lua"
    ;;
  sqlite)
    real_program sqlite3 speedtest1 sqlite
    pair sqlite "$real/sqlite3/plain/speedtest1 --size 25" "$real/sqlite3/track/speedtest1 --size 25"
    ;;
  jq)
    real_program jq jq jq
    pair jq "$real/jq/plain/jq '[.[] | length] | add' $real/jq/input.json" \
      "$real/jq/track/jq '[.[] | length] | add' $real/jq/input.json"
    ;;
  *)
    echo "run.sh: no workload $workload" >&2
    exit 2
    ;;
  esac
done
