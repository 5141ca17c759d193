#!/bin/sh
# SQLite running its own speedtest1.
set -eu
# shellcheck source=test/real/common.sh
. "$(dirname "$0")/common.sh"

package=sqlite3
cases='speedtest shell error'
"$root/scripts/setup.sh" tcl

build() {
  quiet configure.log ./configure CC="$1" CFLAGS="$flags" --disable-tcl --disable-readline \
    --disable-shared
  quiet build.log make -j"$jobs" speedtest1
  # It would use all that malloc_usable_size says there is, which differs under valgrind.
  sed -i '/MALLOC_USABLE_SIZE/d' sqlite_cfg.h
  quiet shell.log make -j"$jobs" sqlite3
}

# The balance's runs of the shell are one that closes its database, and one that exits at an error.
run_program() {
  case $case in
  speedtest) "$@" ./speedtest1 --size 2 ;;
  shell) "$@" ./sqlite3 :memory: <"$real/shell.sql" ;;
  error) "$@" ./sqlite3 -bail -init "$real/shell.sql" :memory: 'select * from missing' || : ;;
  *) "$@" ./speedtest1 --size 25 ;;
  esac
}

# It prints how long each step took.
normalise() {
  sed 's/\.*  *[0-9]*\.[0-9]*s$//'
}

check "$@"
