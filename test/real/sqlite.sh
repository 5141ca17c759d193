#!/bin/sh
# SQLite running its own speedtest1.
set -eu
# shellcheck source=test/real/common.sh
. "$(dirname "$0")/common.sh"

package=sqlite3
"$root/scripts/setup.sh" tcl

build() {
  quiet configure.log ./configure CC="$1" CFLAGS="$flags" --disable-tcl --disable-readline \
    --disable-shared
  quiet build.log make -j"$jobs" speedtest1
}

run_program() {
  "$@" ./speedtest1 --size 25
}

# It prints how long each step took.
normalise() {
  sed 's/\.*  *[0-9]*\.[0-9]*s$//'
}

check "$@"
