#!/bin/sh
# instructions.sh [WORKLOAD]...: what MemTrack adds to a program's instructions, as a Markdown table.
# Callgrind counts those of the program's own threads, on short inputs; the counts are the same in
# each run but for a few, whatever else the machine does. They say nothing of caches, of the time
# stamp's latency, or of what the writer's thread takes from the program's. Workloads are those of
# run.sh; VARIANTS are values of MEMTRACK_OPTIONS, "record" being none (default: mode=off record).
set -eu
# shellcheck source=bench/common.sh
. "$(dirname "$0")/common.sh"
[ $# -gt 0 ] || set -- loop-1 wordindex lua sqlite jq
"$root/scripts/setup.sh" valgrind binutils

# Valgrind 3.19 gives up on some of clang's debug information, so it runs copies without. All names are of
# one length, as the kernel puts them on the stack.
copies=$work/instructions
rm -rf "$copies"
mkdir -p "$copies"
strip -g -o "$copies/libmemtrack.so.0" "$bin"/../lib*/libmemtrack.so.0

# count KIND COMMAND [VARIABLE=VALUE...]: prints the instructions of all threads but the writer's.
count() {
  kind=$1 command=$2
  shift 2
  strip -g -o "$copies/$kind" "${command%% *}"
  rm -f "$copies"/callgrind*
  eval "env LD_LIBRARY_PATH='$copies' $* valgrind -q --tool=callgrind --separate-threads=yes \
    --callgrind-out-file='$copies/callgrind' '$copies/$kind' ${command#* }" \
    >"$copies/log" 2>&1 || {
    tail "$copies/log" >&2
    exit 1
  }
  grep -L mt_writer_detach "$copies"/callgrind-* | xargs cat |
    awk '/^totals: / { sum += $2 } END { printf "%.0f\n", sum }'
}

ratio() {
  awk "BEGIN { printf \"%.$3f\", $1 / $2 }"
}

echo '| program | plain | with MemTrack | ratio | events | added, an event |'
echo '| --- | --- | --- | --- | --- | --- |'
for workload; do
  set_workload "$workload" short
  before=$(count plain "$plain")
  for variant in ${VARIANTS:-mode=off record}; do
    trace=$copies/$workload.mtrace
    rm -f "$trace"
    options=output=$trace
    [ "$variant" = record ] || options=$options:$variant
    after=$(count track "$tracked" "MEMTRACK_OPTIONS='$options'")
    events=0 added=-
    [ ! -f "$trace" ] || {
      events=$("$bin/memtrack" info "$trace" | sed -n 's/.*; \([0-9,]*\) events recorded.*/\1/p' | tr -d ,)
      added=$(ratio "($after - $before)" "$events" 1)
    }
    echo "| $workload, $variant | $before | $after | $(ratio "$after" "$before" 4) | $events | $added |"
  done
done
