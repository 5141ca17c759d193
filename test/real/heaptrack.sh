#!/bin/sh
# Runs real programs under MemTrack and under heaptrack: the five calling contexts that allocate most
# bytes must be the same, function for function, in the same order. Builds the programs first.
#
# Usage: heaptrack.sh [lua|sqlite|jq]...
# The environment is that of run.sh, and
#   MEMTRACK_REAL_DEPTH  compares that many of the innermost functions only
MEMTRACK_REAL_CHECK=heaptrack exec "$(dirname "$0")/run.sh" "$@"
