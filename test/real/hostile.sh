#!/bin/sh
# What makes profilers lose events, or their programs: forked children and executed images, a daemon that
# closes every descriptor, a full disk, SIGKILL to a process group, a static program, and a C++ program
# with tens of millions of events, whose recording and report take bounded memory. A line a case; 1 if
# one fails.
#
# Usage: hostile.sh [--heaptrack] [fork|daemon|full|kill|static|stl]...
#   --heaptrack        say what heaptrack records of the same program, too
#   MEMTRACK_BIN       the directory of memtrack-cc and memtrack (default: build/bin, brought up to date)
#   MEMTRACK_REAL_DIR  where the programs are built (default: ~/.cache/memtrack)
#   KILLS              process groups to kill (default 50)
set -eu
[ -n "${MEMTRACK_BIN-}" ] || "$(dirname "$0")/../../scripts/build.sh"
# shellcheck source=test/real/common.sh
. "$(dirname "$0")/common.sh"
base=$work/hostile
events=100000
# What memory may differ by without a reason, in KiB.
slack=8192

heaptrack=
if [ "${1-}" = --heaptrack ]; then
  heaptrack=yes
  shift
  "$root/scripts/setup.sh" heaptrack zstd
fi

build() {
  rm -rf "$base"
  mkdir -p "$base"
  # shellcheck disable=SC2086 # several words are meant
  {
    quiet "$base/log" "clang-$llvm" $flags -pthread "$real/hostile.c" -o "$base/plain"
    quiet "$base/log" "$bin/memtrack-cc" $flags -pthread "$real/hostile.c" -o "$base/track"
    quiet "$base/log" "$bin/memtrack-cc" $flags -pthread -static "$real/hostile.c" -o "$base/static"
    quiet "$base/log" "clang-$llvm" $flags -pthread -static "$real/hostile.c" -o "$base/plain-static"
    quiet "$base/log" "clang++-$llvm" $flags -std=c++17 "$real/stl.cpp" -o "$base/plain-stl"
    quiet "$base/log" "$bin/memtrack-c++" $flags -std=c++17 "$real/stl.cpp" -o "$base/stl"
  }
}

# result NAME STATUS TEXT
result() {
  case $2 in
  0) word=ok ;;
  *) word=FAILED failing="$failing $1" ;;
  esac
  printf '%-7s %-7s %s\n' "$1" "$word" "$3"
}

# compete COMMAND...: prints what heaptrack records of it: marked allocations in all processes.
compete() {
  [ -n "$heaptrack" ] || return 0
  rm -rf "$base/heaptrack"
  mkdir "$base/heaptrack"
  status=0
  (cd "$base/heaptrack" &&
    exec prlimit --as=17179869184 timeout -k 5 60 heaptrack --raw -o "$base/heaptrack/data" "$@") \
    >"$base/heaptrack/log" 2>&1 || status=$?
  sleep 1 # for what goes on in the background
  recorded=$(zstd -qdc "$base"/heaptrack/*.zst 2>/dev/null | grep -c '^+ 3039 ' || :)
  printf '%-7s         heaptrack: %s marked allocations, exit status %s\n' '' "$recorded" "$status"
}

# marked TRACE: how many marked allocations it has.
marked() {
  "$bin/memtrack" dump "$1" | awk '$3 == "alloc" && $5 == 12345 {n++} END {print n + 0}'
}

# All that the processes say in $base/said to have made is in the traces of $base/traces.
compare_said() {
  expected=$(awk '{n += $2} END {print n + 0}' "$base/said")
  processes=$(awk '{print $1}' "$base/said" | sort -u | wc -l)
  recorded=0
  for trace in "$base"/traces/*.mtrace; do
    [ ! -f "$trace" ] || recorded=$((recorded + $(marked "$trace")))
  done
  text="$recorded of $expected allocations of $processes processes recorded"
  [ "$recorded" -eq "$expected" ] && [ "$expected" -gt 0 ]
}

record() {
  rm -rf "$base/traces"
  mkdir "$base/traces"
  MEMTRACK_OPTIONS="output=$base/traces/" "$@" >"$base/said"
}

case_fork() {
  good=0
  record "$base/track" fork "$events" || good=1
  compare_said || good=1
  result fork "$good" "$text"
  compete "$base/plain" fork "$events"
}

case_daemon() {
  good=0
  record "$base/track" daemon "$events" || good=1
  # The daemon is on its own; it is done when it has said so.
  for _ in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
    [ "$(wc -l <"$base/said")" -lt 2 ] || break
    sleep 0.5
  done
  sleep 1
  compare_said || good=1
  result daemon "$good" "$text"
  compete "$base/plain" daemon "$events"
}

case_static() {
  good=0
  record "$base/static" count "$events" || good=1
  compare_said || good=1
  said=no
  "$bin/memtrack" report "$base"/traces/*.mtrace | sed -n 's/^ *- //p' | grep -qi static && said=yes
  [ "$said" = yes ] || good=1
  result static "$good" "$text; the report says that libraries are not: $said"
  compete "$base/plain-static" count "$events"
}

case_full() {
  [ "$(id -u)" -eq 0 ] || {
    result full 0 'SKIPPED, needs root'
    return 0
  }
  mkdir -p "$base/full"
  mount -t tmpfs -o size=64k tmpfs "$base/full" || {
    result full 0 'SKIPPED, cannot mount'
    return 0
  }
  good=0
  # Random sizes and addresses make a trace that does not fit.
  MEMTRACK_OPTIONS="output=$base/full/" "$base/stl" 2 >"$base/said" 2>"$base/err" || good=1
  "$base/plain-stl" 2 | cmp -s - "$base/said" || good=1
  text=$("$bin/memtrack" report --format json "$base"/full/*.mtrace 2>&1 | python3 -c '
import json, sys
try:
    summary = json.load(sys.stdin)["summary"]
except ValueError as error:
    sys.exit(f"the program ran; no report: {error}")
print("the program ran; {allocations:,} allocations and {frees:,} frees recorded, "
      "{dropped_events:,} events counted as dropped".format(**summary))
# A realloc is two events; so the sum is at least this.
sys.exit(summary["dropped_events"] == 0 or summary["complete"])' 2>&1) || good=1
  umount "$base/full"
  result full "$good" "$text; $(head -n 1 "$base/err")"
  [ -z "$heaptrack" ] || {
    mount -t tmpfs -o size=64k tmpfs "$base/full"
    status=0
    timeout -k 5 60 heaptrack --raw -o "$base/full/data" "$base/plain-stl" 2 >"$base/said" 2>&1 ||
      status=$?
    printf '%-7s         heaptrack: exit status %s, the program printed its result: %s\n' '' "$status" \
      "$(grep -cx '[0-9][0-9]*' "$base/said" || :)"
    umount "$base/full"
  }
}

# What the threads of a killed group have written down is in the traces, event for event in order.
case_kill() {
  good=0 round=0 text=
  while [ "$round" -lt "${KILLS:-50}" ] && [ "$good" -eq 0 ]; do
    round=$((round + 1))
    rm -rf "$base/traces" "$base/counters"
    mkdir "$base/traces"
    text=$(python3 "$real/kill_group.py" --seed "$round" --memtrack "$bin/memtrack" \
      --traces "$base/traces" "$base/counters" "$base/track") || good=1
  done
  result kill "$good" "$round groups killed; last: $text"
  [ -z "$heaptrack" ] || {
    rm -rf "$base/heaptrack"
    mkdir "$base/heaptrack"
    printf '%-7s         heaptrack: %s\n' '' "$(python3 "$real/kill_group.py" --seed 1 --heaptrack \
      --traces "$base/heaptrack" "$base/counters" "$base/plain" || :)"
  }
}

# stl_memory ROUNDS: sets recording and reporting, the memory that they add, in KiB.
stl_memory() {
  rm -rf "$base/traces"
  mkdir "$base/traces"
  plain=$("$real/peak_memory.py" "$base/expected" "$base/plain-stl" "$1") || return 1
  recording=$(MEMTRACK_OPTIONS="output=$base/traces/" \
    "$real/peak_memory.py" "$base/said" "$base/stl" "$1") || return 1
  cmp -s "$base/expected" "$base/said" || return 1
  recording=$((${recording% *} - ${plain% *}))
  trace=$(echo "$base"/traces/*.mtrace)
  # What it has mapped of the trace is no memory that it needs.
  reporting=$("$real/peak_memory.py" "$base/said" "$bin/memtrack" report --format json "$trace") ||
    return 1
  reporting=${reporting#* }
  count=$(python3 -c 'import json, sys; print(json.load(sys.stdin)["summary"]["events"])' <"$base/said")
}

# Four times as many events take no more memory.
case_stl() {
  good=0
  stl_memory 10 || good=1
  few_recording=$recording few_reporting=$reporting
  stl_memory 40 || good=1
  [ "$recording" -le $((few_recording * 5 / 4 + slack)) ] &&
    [ "$reporting" -le $((few_reporting * 5 / 4 + slack)) ] || good=1
  result stl "$good" "$count events in $(($(wc -c <"$trace") / 1048576)) MiB; a quarter of them and all: \
recording adds $((few_recording / 1024)) and $((recording / 1024)) MiB, the report takes \
$((few_reporting / 1024)) and $((reporting / 1024)) MiB"
  [ -z "$heaptrack" ] || {
    compete "$base/plain-stl" 40 >/dev/null
    status=0
    # shellcheck disable=SC2016 # for the inner shell
    interpreting=$("$real/peak_memory.py" /dev/null prlimit --as=12884901888 sh -c \
      'zstd -qdc "$0" | "$1" 2>/dev/null' "$base/heaptrack/data.raw.zst" \
      "$(find /usr/lib -name heaptrack_interpret | head -n 1)") || status=$?
    printf '%-7s         heaptrack_interpret: exit status %s, %s MiB\n' '' "$status" \
      "$((${interpreting% *} / 1024))"
  }
}

trap 'umount "$base/full" 2>/dev/null || :' EXIT
trap 'exit 130' INT TERM
[ $# -gt 0 ] || set -- fork daemon full kill static stl
failing=
build
for name; do
  case $name in
  fork | daemon | full | kill | static | stl) "case_$name" ;;
  *)
    echo "hostile.sh: no case $name" >&2
    exit 2
    ;;
  esac
done
[ -z "$failing" ] || {
  echo "failed:$failing"
  exit 1
}
