#!/bin/sh
# Writes inputs for fuzz_commands: small traces of most kinds that make_trace knows, and real ones,
# if the driver is built: recorded whole, sampled, as a profile, and of a process that was killed.
# Usage: make_seeds.sh DIRECTORY COMMANDS MAKE_TRACE [BIN]
set -eu
here=$(cd "$(dirname "$0")" && pwd)
directory=$1 commands=$2 make_trace=$3 bin=${4-}

traces=$(mktemp -d)
trap 'rm -rf "$traces"' EXIT
for kind in demo predicted killed cut dropped calls recursion cut-context foreign-calls tags errors \
  parent child profile sampled far leaks leaks-partial views; do
  "$make_trace" "$kind" "$traces/$kind" 2>/dev/null || {
    echo "make_seeds.sh: make_trace does not know $kind" >&2
    exit 1
  }
done
record() {
  name=$1 options=$2
  shift 2
  MEMTRACK_OPTIONS=output="$traces/$name:$options" "$traces/seed" "$@" >/dev/null
}
if [ -x "$bin/memtrack-c++" ]; then
  "$bin/memtrack-c++" -O1 -g -pthread "$here/seed.cpp" -o "$traces/seed"
  record whole mode=trace
  record coarse clock=coarse
  record sites context=site
  record sampled sample=poisson:64
  record tiered sample=tiered
  record totals mode=profile
  record gone mode=trace unfinished
  record gone-totals mode=profile unfinished
  rm "$traces/seed"
fi
set --
for trace in "$traces"/*; do
  case $trace in
  *.live) ;;
  *) set -- "$@" "$trace" ;;
  esac
done
"$here/make_seeds.py" "$directory" "$commands" "$@"
