#!/bin/sh
# run.sh BUILD DIRECTORY: bench/run.sh on short inputs, once: results and table are complete.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
bench=$here/../../bench
build=$1 work=$2
export MEMTRACK_BIN="$build/bin" MEMTRACK_BENCH_DIR="$work" RUNS=1 PYTHONDONTWRITEBYTECODE=1

fail() {
  echo "$*" >&2
  exit 1
}

python3 -c "
import sys
sys.path.insert(0, '$bench')
import measure
try:
    measure.run(['true'], {})
except measure.Failed as failure:
    print('SKIPPED:', failure)
" >"$work.skipped"
! grep SKIPPED "$work.skipped" || exit 0

rm -rf "$work"
mkdir -p "$work"
"$bench/run.sh" --short loop-2 handoff none precise compile >"$work/table" 2>"$work/log" || {
  cat "$work/log"
  fail "run.sh failed"
}
"$here/check_results.py" "$work/results.json" "$work/table"
[ -z "$(ls "$work/scratch/run")" ] || fail "traces are left"

# What is there already is not measured again, and another workload's results stay.
"$bench/run.sh" --short --resume loop-2 none precise >"$work/table" 2>"$work/log"
grep -q "^loop-2: is in $work/results.json" "$work/log" || fail "measured again"
"$here/check_results.py" "$work/results.json" "$work/table"


status=0
"$bench/run.sh" loop-3 2>"$work/log" || status=$?
[ "$status" -eq 2 ] || fail "an unknown word is accepted"
! "$bench/run.sh" --update-docs loop-2 2>"$work/log" || fail "one run goes into the documents"
grep -q 'takes three rounds' "$work/log" || fail "$(cat "$work/log")"
"$bench/run.sh" --help >/dev/null
