#!/bin/sh
# status.sh N COMMAND...: succeeds if COMMAND exits with N.
expected=$1
shift
"$@"
status=$?
[ "$status" -eq "$expected" ] || {
  echo "exit status $status instead of $expected" >&2
  exit 1
}
