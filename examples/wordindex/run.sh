#!/bin/sh
# Holds wordindex, built with the driver, against a plain build: both must print the same, and the
# report must name the lines that hold the memory.
# Usage: run.sh BIN_DIR INSTRUMENTED PLAIN_CXX
set -eu
bin=$1 instrumented=$2 plain=$3
source=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
unset MEMTRACK_OPTIONS
cd "$work"

mkdir plain text
cp "$source/wordindex.cpp" "$source/Makefile" plain
make -s -C plain CXX="$plain" CXXFLAGS=-std=c++17

i=0
while [ "$i" -lt 500 ]; do
  printf 'Line %d of the text, with the words of line %d.\n' "$i" $((i / 10))
  i=$((i + 1))
done >text/one
tr "[:lower:]" "[:upper:]" <text/one >text/two

plain/wordindex -q 'line 7' -q nowhere text >plain.out
"$instrumented" -q 'line 7' -q nowhere text >instrumented.out
cmp plain.out instrumented.out
grep -q '^2 files, 1000 lines, 11000 words' instrumented.out

"$bin/memtrack" report --format json ./*.mtrace >report.json
python3 - report.json <<'EOF'
import json, sys
report = json.load(open(sys.argv[1]))
lines = {(f["file"].rsplit("/", 1)[-1], f["line"])
         for c in report["contexts"] if c["peak_bytes"] > 0 for f in c["frames"] if f["file"]}
mine = sorted(line for file, line in lines if file == "wordindex.cpp")
summary = report["summary"]
print(f"{summary['allocations']} allocations, wordindex.cpp lines at the peak: {mine}")
if len(mine) < 3 or summary["allocations"] < 1000:
    sys.exit("FAIL: the report does not name the program's lines")
if not summary["leaked_blocks"]:
    sys.exit("FAIL: the searcher's cache lives until the end, yet nothing is leaked")
EOF
