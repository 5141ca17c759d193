#!/bin/sh
# Threads by the thousand: 10,000 are created and joined, one, 30 and 1,000 at once. All their events are
# recorded, each once; the runtime's memory is bounded by the threads that ran at once, and info says how
# much it maps. Then how many events a second 1, 2 and 30 threads record, which is printed and not judged.
# Exits with 1 if something is wrong.
#
# Usage: storm.sh
#   MEMTRACK_BIN       the directory of memtrack-cc and memtrack (default: build/bin, brought up to date)
#   MEMTRACK_REAL_DIR  where the programs are built (default: ~/.cache/memtrack)
#   THREADS            how many (default 10000)
set -eu
[ -n "${MEMTRACK_BIN-}" ] || "$(dirname "$0")/../../scripts/build.sh"
# shellcheck source=test/real/common.sh
. "$(dirname "$0")/common.sh"
base=$work/storm
total=${THREADS:-10000} each=200
# What the runtime may have resident at the end, in KiB: a buffer and its thread's state for each thread
# that ran at once and for each buffer that buffer_mb lets wait for the writer, and its own.
buffer_mb=1 per_thread=148 own=4096

rm -rf "$base"
mkdir -p "$base"
for source in storm.c ../../bench/loop.c; do
  name=$(basename "$source" .c)
  # shellcheck disable=SC2086 # several words are meant
  {
    quiet "$base/log" "clang-$llvm" $flags -pthread "$real/$source" -o "$base/$name.plain"
    quiet "$base/log" "$bin/memtrack-cc" $flags -pthread "$real/$source" -o "$base/$name.track"
  }
done

# storm AT_ONCE
storm() {
  trace=$base/$1.mtrace
  "$base/storm.plain" "$total" "$1" "$each" >"$base/plain"
  MEMTRACK_OPTIONS="buffer_mb=$buffer_mb:output=$trace" "$base/storm.track" "$total" "$1" "$each" >"$base/track"
  "$bin/memtrack" report --format json "$trace" >"$base/report.json"
  "$bin/memtrack" info "$trace" >"$base/info"
  python3 - "$total" "$1" $((own + (buffer_mb * 16 + $1) * per_thread)) "$base" <<'EOF'
import json
import re
import sys

total, at_once, limit = map(int, sys.argv[1:4])
base = sys.argv[4]
with open(f"{base}/report.json") as file:
    report = json.load(file)
with open(f"{base}/info") as file:
    mapped = re.search(r"at most (\S+ \S+) mapped", file.read())
(made, _, plain_early, plain_late), (_, seconds, early, late) = (
    map(float, open(f"{base}/{kind}").read().split()) for kind in ("plain", "track"))
summary = report["summary"]
added = late - plain_late
recorded = sum(thread["allocations"] + thread["frees"] for thread in report["threads"])
wrong = []
# libc's own allocations for its threads may be recorded, too.
if recorded < made:
    wrong.append(f"only {recorded:,.0f} of {made:,.0f} events")
if len(report["threads"]) < total:
    wrong.append(f"only {len(report['threads']):,} threads")
if not summary["complete"] or summary["dropped_events"]:
    wrong.append("events were lost")
if summary["unmatched_frees"] or summary["missed_frees"]:
    wrong.append(f"{summary['unmatched_frees']} frees unknown, {summary['missed_frees']} missed")
if added > limit:
    wrong.append(f"{added / 1024:.1f} MiB more than without are resident, not {limit / 1024:.1f}")
print(f"{total:,} threads, {at_once:5,} at once: {seconds:6.2f} s; resident {early / 1024:6.1f} MiB, at the "
      f"end {late / 1024:6.1f} (plain: {plain_early / 1024:.1f}, {plain_late / 1024:.1f}); the writer's: "
      f"{mapped[1] if mapped else '?'}; {', '.join(wrong) or 'ok'}")
sys.exit(bool(wrong))
EOF
}

failing=
for at_once in 1 30 1000; do
  storm "$at_once" || failing="$failing $at_once"
done

for threads in 1 2 30; do
  python3 - "$base" "$threads" <<'EOF'
import os
import subprocess
import sys
import time

base, threads = sys.argv[1], int(sys.argv[2])
each = 8_000_000 // threads
os.environ["MEMTRACK_OPTIONS"] = f"output={base}/loop.mtrace"
rates = []
for kind in "plain", "track":
    start = time.monotonic()
    subprocess.run([f"{base}/loop.{kind}", str(threads), str(each)], check=True)
    rates.append(2e-6 * each * threads / (time.monotonic() - start))
print(f"{threads:2} threads: {rates[1]:6.1f} million events a second recorded; {rates[0]:6.1f} without MemTrack")
EOF
done
[ -z "$failing" ] || {
  echo "failed:$failing at once"
  exit 1
}
