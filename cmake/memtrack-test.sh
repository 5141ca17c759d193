#!/bin/sh
# What memtrack_add_test() has CTest run: the program, with a trace for each of its processes in DIR,
# and then memtrack check on all of them.
# Usage: memtrack-test.sh DIR MEMTRACK COUNT [CHECK_OPTION]... PROGRAM [ARGUMENT]...
# COUNT is the number of options. A program that fails is not checked: its status is the test's.
dir=$1 memtrack=$2 count=$3
shift 3

rm -rf "$dir"
mkdir -p "$dir" || exit 2
output=$dir/memtrack.%e.%p.%t.mtrace
(
  shift "$count"
  MEMTRACK_OPTIONS=${MEMTRACK_OPTIONS:+$MEMTRACK_OPTIONS:}output=$output exec "$@"
)
status=$?
if [ "$status" -ne 0 ]; then
  echo "memtrack_add_test: the program failed, with status $status: its memory is not checked"
  # So that CTest sees the signal as it would without this script between.
  if [ "$status" -gt 128 ] && [ "$status" -le 192 ]; then
    kill -"$((status - 128))" "$$"
  fi
  exit "$status"
fi

# Only the options are left.
i=$count
while [ "$i" -gt 0 ]; do
  set -- "$@" "$1"
  shift
  i=$((i - 1))
done
shift "$(($# - count))"

for trace in "$dir"/*.mtrace; do
  [ -e "$trace" ] || {
    echo "memtrack_add_test: the program wrote no trace to $dir: it is to be built with" \
      "memtrack_instrument() or memtrack-cc, and to allocate something"
    exit 2
  }
done
exec "$memtrack" check "$@" "$dir"/*.mtrace
