# Sourced by the scripts here, with the caller's arguments: BUILD_DIR LIBDIR LLVM_VERSION.
# shellcheck shell=sh disable=SC2034
build=$1 libdir=$2 version=$3
source=$(cd "$(dirname "$0")/../.." && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
unset MEMTRACK_OPTIONS MEMTRACK_CC MEMTRACK_CXX CC CXX CFLAGS CXXFLAGS LDFLAGS

fail() {
  printf 'FAIL: %s\n' "$*"
  exit 1
}

quiet() {
  "$@" >"$work/log" 2>&1 || {
    cat "$work/log"
    fail "$*"
  }
}
