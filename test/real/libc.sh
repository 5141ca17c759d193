#!/bin/sh
# A program that calls functions of the C library that allocate, and keeps some of what they return.
set -eu
# shellcheck source=test/real/common.sh
. "$(dirname "$0")/common.sh"

package=libc
cases='return exit threads'

fetch() {
  mkdir -p "$work/$package/source"
  cp "$real/libc.c" "$work/$package/source"
}

build() {
  # shellcheck disable=SC2086 # several words are meant
  quiet build.log "$1" $flags -pthread libc.c -o libc
}

run_program() {
  "$@" ./libc "${case:-return}"
}

normalise() {
  cat
}

check "$@"
