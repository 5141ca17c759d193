#!/bin/sh
# Builds threads30 with the driver at -O0 and -O2, runs it, and checks its reports.
# Usage: run.sh BIN_DIR
set -eu
bin=$1
source=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
unset MEMTRACK_OPTIONS
cd "$work"

for level in -O0 -O2; do
  rm -f ./*.mtrace
  "$bin/memtrack-cc" "$level" -g -pthread "$source/threads30.c" -o threads30
  ./threads30 --json >truth.json
  "$bin/memtrack" report --format json ./*.mtrace >report.json
  printf '%s: ' "$level"
  python3 "$source/check.py" truth.json report.json --contexts
done
