#!/bin/sh
# Lua running a script that builds and drops trees and strings.
set -eu
# shellcheck source=test/real/common.sh
. "$(dirname "$0")/common.sh"

package=lua5.4
cases='close exit'

# Lua seeds its string hash with the time and addresses; luaconf.h provides for another seed.
build() {
  quiet build.log make -j"$jobs" -C src linux CC="$1" \
    CFLAGS="$flags -std=gnu99 -DLUA_COMPAT_5_3 -DLUA_USE_LINUX '-Dluai_makeseed(L)=42u'"
}

# The balance's runs end in lua_close, which frees all, and in os.exit, which frees nothing.
run_program() {
  case $case in
  exit) "$@" src/lua -e 'arg = {8}' -e "dofile '$real/trees.lua' os.exit(0)" ;;
  close) "$@" src/lua "$real/trees.lua" 8 ;;
  *) "$@" src/lua "$real/trees.lua" ;;
  esac
}

normalise() {
  cat
}

check "$@"
