#!/bin/sh
# run.sh TRACE COMMAND...: runs COMMAND so that it records to TRACE.
trace=$1
shift
rm -f "$trace"
MEMTRACK_OPTIONS="output=$trace${MEMTRACK_OPTIONS:+:$MEMTRACK_OPTIONS}" exec "$@"
