#!/bin/sh
# A program that uses C++ streams, locales, regular expressions and threads: what the standard library
# allocates, in its headers and in its shared object.
set -eu
# shellcheck source=test/real/common.sh
. "$(dirname "$0")/common.sh"

package=streams
cases='return exit threads'

fetch() {
  mkdir -p "$work/$package/source"
  cp "$real/streams.cpp" "$work/$package/source"
}

build() {
  # shellcheck disable=SC2086 # several words are meant
  quiet build.log "$(cxx "$1")" $flags -std=c++17 -pthread streams.cpp -o streams
}

run_program() {
  "$@" ./streams "${case:-return}"
}

normalise() {
  cat
}

check "$@"
