#!/bin/sh
# analyze.sh: what reading a trace costs, and heaptrack_print on its recording of the same work;
# analyze.sh --help says more. analyze.py measures.
set -eu
# shellcheck source=bench/common.sh
. "$(dirname "$0")/common.sh"

known='lua-20 lua-100 lua-200 json handoff loop-30 threads30'
docs='' inputs=long heaptrack=yes json=$work/analyze.json traces=$work/traces

usage() {
  cat <<END
Usage: analyze.sh [OPTION]... [WORKLOAD]...
Runs memtrack report on traces and heaptrack_print on heaptrack's recordings of the same programs with
the same inputs, and prints a Markdown table of medians: time, events a second, memory. No words: all.

workloads
  lua-20 lua-100 lua-200   trees and strings: so many million events
  json                     nlohmann's JSON library
  handoff                  threads that free what others have allocated
  loop-30                  the allocator and nothing else, by 30 threads
  threads30                the example: a trace so small that starting is all

options
  --update-docs[=FILE]     put the table into docs/benchmarks.md, too; takes three rounds
  --traces=DIR             where traces and recordings are kept, and taken from if they are there:
                           NAME.mtrace, NAME.heaptrack.zst (default: in the directory of the builds)
  --no-heaptrack           only memtrack
  --json=FILE              default: analyze.json in the directory of the builds
  --short                  short inputs: to see that all works
  --help

environment
  RUNS                     rounds (default 3)
  TIMEOUT                  seconds that one run may take (default 600)
  MEMTRACK_BIN, MEMTRACK_BENCH_DIR, MEMTRACK_REAL_DIR
                           as for run.sh
END
}

workloads=''
for word; do
  case $word in
  --help) usage && exit ;;
  --update-docs) docs=$root/docs/benchmarks.md ;;
  --update-docs=*) docs=${word#*=} ;;
  --traces=*) traces=${word#*=} ;;
  --no-heaptrack) heaptrack='' ;;
  --json=*) json=${word#*=} ;;
  --short) inputs=short traces=$work/short-traces ;;
  *)
    case " $known " in
    *" $word "*) workloads="$workloads $word" ;;
    *)
      echo "analyze.sh: no workload or option $word; see analyze.sh --help" >&2
      exit 2
      ;;
    esac
    ;;
  esac
done
workloads=${workloads:-$known} rounds=${RUNS:-3}
[ -z "$docs" ] || { [ "$rounds" -ge 3 ] && [ "$inputs" = long ]; } || {
  echo "analyze.sh: --update-docs takes three rounds or more, and long inputs" >&2
  exit 2
}
mkdir -p "$traces"
traces=$(cd "$traces" && pwd)
[ -z "$heaptrack" ] || command -v heaptrack >/dev/null || "$root/scripts/setup.sh" --peers >&2 || :
[ -z "$heaptrack" ] || command -v heaptrack >/dev/null || {
  echo "analyze.sh: there is no heaptrack; it is left out" >&2
  heaptrack=''
}

# record WORKLOAD: makes the trace and the recording that are not there.
record() {
  trace=$traces/$1.mtrace recording=$traces/$1.heaptrack
  [ -f "$trace" ] && { [ -z "$heaptrack" ] || [ -f "$recording.zst" ]; } && return
  set_workload "$1" "$inputs"
  [ -f "$trace" ] || {
    echo "analyze.sh: $1: recording" >&2
    eval "MEMTRACK_OPTIONS=output='$trace.part' $tracked" >/dev/null
    mv "$trace.part" "$trace"
  }
  [ -z "$heaptrack" ] || [ -f "$recording.zst" ] || {
    echo "analyze.sh: $1: recording by heaptrack" >&2
    eval "timeout ${TIMEOUT:-600} heaptrack -o '$recording.part' $plain" >/dev/null 2>&1 &&
      mv "$recording.part.zst" "$recording.zst" ||
      echo "analyze.sh: $1: heaptrack fails; it is left out" >&2
  }
}

trap 'exit 130' INT
for workload in $workloads; do
  record "$workload"
done
# shellcheck disable=SC2086 # several words are meant
python3 "$root/bench/analyze.py" --bin "$bin" --llvm "$llvm" --traces "$traces" --rounds "$rounds" \
  --timeout "${TIMEOUT:-600}" --json "$json" ${docs:+--docs "$docs"} $workloads
