#!/bin/sh
# Runs real programs, built with memtrack-cc, and the same ones, built without, under valgrind: no
# free may be of memory that the trace does not know, and the blocks and bytes live at exit must be
# those that valgrind finds, what uninstrumented libraries allocate included. Prints a line for each
# run of a program, and for those that differ, which allocations do.
#
# Usage: balance.sh [lua|sqlite|jq|xmllint|streams|libc]...
# The environment is that of run.sh.
set -u
[ $# -gt 0 ] || set -- lua sqlite jq xmllint streams libc
printf '%-8s %-12s %6s %11s %20s %26s\n' program run result 'unknown' 'live blocks' 'live bytes' \
  '' '' '' frees 'MemTrack  valgrind' 'MemTrack     valgrind'
MEMTRACK_REAL_CHECK=balance exec "$(dirname "$0")/run.sh" "$@"
