#!/bin/sh
# analyze.sh BUILD DIRECTORY: bench/analyze.sh on short inputs, once: table and results are complete.
set -eu
bench=$(cd "$(dirname "$0")" && pwd)/../../bench
build=$1 work=$2
export MEMTRACK_BIN="$build/bin" MEMTRACK_BENCH_DIR="$work" RUNS=1

fail() {
  echo "$*" >&2
  exit 1
}

python3 -B -c "
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
"$bench/analyze.sh" --short --no-heaptrack handoff loop-30 >"$work/table" 2>"$work/log" || {
  cat "$work/log"
  fail "analyze.sh failed"
}
grep -q '^| handoff | [0-9,]* | [0-9.]* MiB | [0-9.]* s | [0-9.]* s | [0-9.]* | [0-9]* MiB | - |' \
  "$work/table" || fail "$(cat "$work/table")"
grep -q '^| loop-30 | 2,0' "$work/table" || fail "$(cat "$work/table")"
grep -q '"rss"' "$work/analyze.json" || fail "no results"

# What was recorded is taken again, and the table goes between its lines.
printf '%s\n' before '<!-- figures of the analyzer: written by bench/analyze.sh --update-docs -->' old \
  "<!-- end of the analyzer's figures -->" after >"$work/page"
RUNS=3 "$bench/analyze.sh" --traces="$work/short-traces" --no-heaptrack --update-docs="$work/page" \
  handoff >/dev/null 2>"$work/log" || fail "$(cat "$work/log")"
! grep recording "$work/log" || fail "recorded again"
grep -q '^| handoff' "$work/page" || fail "$(cat "$work/page")"
! grep -q '^old$' "$work/page" || fail "$(cat "$work/page")"
[ "$(head -n 1 "$work/page") $(tail -n 1 "$work/page")" = "before after" ] ||
  fail "$(cat "$work/page")"

status=0
"$bench/analyze.sh" loop-3 2>"$work/log" || status=$?
[ "$status" -eq 2 ] || fail "an unknown word is accepted"
! "$bench/analyze.sh" --update-docs handoff 2>"$work/log" || fail "one run goes into the documents"
grep -q 'takes three rounds' "$work/log" || fail "$(cat "$work/log")"
