#!/bin/sh
# run.sh: what MemTrack and its peers cost on the same work; run.sh --help says more. rounds.py
# measures, report.py makes the tables.
set -eu
# shellcheck source=bench/common.sh
. "$(dirname "$0")/common.sh"

memtrack_tools='none off precise site coarse tiered poisson profile'
peers='heaptrack jemalloc-plain jemalloc memprof dhat'
all_tools="$memtrack_tools $peers compile"

usage() {
  cat <<END
Usage: run.sh [OPTION]... [WORKLOAD]... [TOOL]...
Runs workloads, plain and under each tool, in interleaved rounds; prints a Markdown table of medians
and quartiles, and saves all of it as JSON after each workload. No words: all workloads, all tools.

workloads
  lua sqlite jq            trees and strings, speedtest1, 50 MB of JSON; sources from Debian
  stl json                 C++: maps, strings, shared pointers; nlohmann's JSON library
  loop-1 loop-2 loop-8 loop-30   the allocator and nothing else, by so many threads
  handoff                  threads that free what others have allocated
  threads30 wordindex      the examples
tools
  none                     the program as it is; always run, as the others are compared with it
  precise                  MemTrack as it is by default
  off site coarse tiered poisson profile
                           mode=off, context=site, clock=coarse, sample=tiered,
                           sample=poisson:524288, mode=profile
  heaptrack                with its interpreter
  jemalloc                 jemalloc's sampler, at 512 KiB; jemalloc-plain is jemalloc without
  memprof                  clang's -fmemory-profile
  dhat                     valgrind's, on a short input, and compared with plain runs on that
  compile                  no tool to run: bytes of code and the compiler's time with MemTrack

options
  --update-docs[=FILE]     put the tables into docs/benchmarks.md, too; takes three rounds
  --resume                 do not measure again what the JSON file has, of this build and as many
                           rounds; without it, what is measured replaces what the file has of it
  --json=FILE              default: results.json in the directory of the builds
  --short                  short inputs: to see that all works; says nothing about cost
  --help

environment
  RUNS                     rounds (default 5), after one to warm up
  TIMEOUT                  seconds that one run may take (default 300)
  MEMTRACK_BIN, MEMTRACK_BENCH_DIR, MEMTRACK_REAL_DIR
                           programs to test (build/bin), own builds (build/bench), real programs

What is missing is installed, where apt has it, or else left out with a note; so is an option that the
runtime does not know. A tool that fails does not stop the others.
END
}

# has WORD LIST
has() {
  case " $2 " in
  *" $1 "*) ;;
  *) return 1 ;;
  esac
}

workloads='' tools='' docs='' resume='' json=$work/results.json inputs=long
for word; do
  case $word in
  --help) usage && exit ;;
  --update-docs) docs=$root/docs/benchmarks.md ;;
  --update-docs=*) docs=${word#*=} ;;
  --resume) resume=--resume ;;
  --json=*) json=${word#*=} ;;
  --short) inputs=short ;;
  *)
    if has "$word" "$all_workloads"; then
      workloads="$workloads $word"
    elif has "$word" "$all_tools"; then
      tools="$tools $word"
    else
      echo "run.sh: no workload, tool or option $word; see run.sh --help" >&2
      exit 2
    fi
    ;;
  esac
done
workloads=${workloads:-$all_workloads} tools=${tools:-$all_tools}
rounds=${RUNS:-5}
[ -z "$docs" ] || [ "$rounds" -ge 3 ] || {
  echo "run.sh: --update-docs takes three rounds or more: one run shows nothing" >&2
  exit 2
}
[ -z "$docs" ] || [ "$inputs" = long ] || {
  echo "run.sh: --update-docs and --short do not go together" >&2
  exit 2
}

needs_setup=
for word in $workloads $tools; do
  case $word in
  json | heaptrack | jemalloc* | memprof | dhat) needs_setup=yes ;;
  esac
done
[ -z "$needs_setup" ] || "$root/scripts/setup.sh" --peers >&2 ||
  echo "run.sh: setup failed; what is missing is left out" >&2
! has memprof "$tools" || with_memprof=1

echo 'int main(void) { return 0; }' >"$work/nothing.c"
"$bin/memtrack-cc" "$work/nothing.c" -o "$work/nothing"

measure_workload() {
  short=
  if has dhat "$tools"; then
    set_workload "$1" short
    short=$plain
  fi
  set_workload "$1" "$inputs"
  # shellcheck disable=SC2086 # several words are meant
  python3 "$root/bench/rounds.py" --workload "$1" --plain "$plain" --tracked "$tracked" \
    --memprof "$memprof" --short "$short" --compile "$compile" --repeat "$repeat" \
    --rounds "$rounds" --inputs "$inputs" \
    --timeout "${TIMEOUT:-300}" --bin "$bin" --llvm "$llvm" --nothing "$work/nothing" \
    --scratch "$work/scratch" --json "$json" $resume $tools
}

trap 'exit 130' INT
failed=
for workload in $workloads; do
  # In a subshell of its own, and in no condition, -e ends only this workload.
  set +e
  (
    set -e
    measure_workload "$workload"
  )
  status=$?
  set -e
  [ "$status" -eq 0 ] || failed="$failed $workload"
done

# shellcheck disable=SC2086 # several words are meant
python3 "$root/bench/report.py" --order "$all_workloads" ${docs:+--docs "$docs"} "$json"
[ -z "$failed" ] || {
  echo "run.sh: could not be built or measured:$failed" >&2
  exit 1
}
