#!/bin/sh
# Runs real programs under MemTrack, Valgrind's DHAT, massif and memcheck, and heaptrack: the same
# binary, instrumented and with MemTrack off under the others, with the same input. Peak and leaked
# bytes must be the same to the byte, but for what docs/accuracy.md explains.
#
# Usage: agree.sh [lua|sqlite|jq]...
# The environment is that of run.sh.
set -u
[ $# -gt 0 ] || set -- lua sqlite jq
printf '%-7s %-10s %-6s %-38s %12s %12s  %s\n' program run result figure MemTrack other ''
MEMTRACK_REAL_CHECK=agree exec "$(dirname "$0")/run.sh" "$@"
