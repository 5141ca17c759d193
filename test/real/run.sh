#!/bin/sh
# Builds real programs unmodified, plain and with memtrack-cc: both must print the same, and the
# report must agree with an independent count, event for event. Downloads the programs' sources.
#
# Usage: run.sh [lua|sqlite|jq]...
#   MEMTRACK_BIN       the directory of memtrack-cc and memtrack (default: build/bin, brought up to date)
#   MEMTRACK_REAL_DIR  where sources are unpacked and built (default: ~/.cache/memtrack)
#   MEMTRACK_REAL_CHECK  counts (default), or heaptrack or balance, as their scripts set it
set -u
cd "$(dirname "$0")" || exit 1
[ $# -gt 0 ] || set -- lua sqlite jq

if [ -z "${MEMTRACK_BIN-}" ]; then
  ../../scripts/build.sh || exit 1
fi

failed=
for name; do
  if [ ! -x "$name.sh" ]; then
    echo "run.sh: no program $name" >&2
    exit 2
  fi
  "./$name.sh" "${MEMTRACK_REAL_CHECK:-counts}" || failed="$failed $name"
done
if [ -n "$failed" ]; then
  echo "failed:$failed"
  exit 1
fi
echo "all agree"
