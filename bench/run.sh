#!/bin/sh
# run.sh [WORKLOAD...]: what MemTrack costs, as a Markdown table of ratios against the same program
# built without it. Workloads: loop-1 loop-8 wordindex lua sqlite jq; the last three are those of
# test/real/run.sh, which builds them first.
#   RUNS       rounds (default 7); each runs the plain program once and every variant once
#   VARIANTS   values of MEMTRACK_OPTIONS, separated by spaces; "record" is none
#              (default: mode=off record)
# rounds.py says what the columns are.
set -eu
# shellcheck source=bench/common.sh
. "$(dirname "$0")/common.sh"
[ $# -gt 0 ] || set -- loop-1 loop-8 wordindex lua sqlite jq

echo '| program | wall | CPU | CPU, own threads | best of each | events | events/s | bytes/event | writer ns/event | added RSS | plain |'
echo '| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |'
for workload; do
  set_workload "$workload" long
  # shellcheck disable=SC2086 # several words are meant
  python3 "$root/bench/rounds.py" -n "${RUNS:-7}" --json "$work/$workload.json" \
    --memtrack "$bin/memtrack" --trace "$work/$workload.mtrace" \
    "$workload" "$plain" "$tracked" ${VARIANTS:-mode=off record}
done
