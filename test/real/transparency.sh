#!/bin/sh
# The test suites of real programs have the same results, test by test, whether the program was built
# with memtrack-cc or without: a line a program, and 1 if one differs. The instrumented programs record;
# every trace they leave must be sound.
#
# Usage: transparency.sh [lua|jq|xz|grep|sed]...
#   MEMTRACK_BIN       the directory of memtrack-cc and memtrack (default: build/bin, brought up to date)
#   MEMTRACK_REAL_DIR  where sources are unpacked and built (default: ~/.cache/memtrack). Lua's tests are
#                      looked for there, too, as lua-VERSION-tests.tar.gz, before www.lua.org is asked.
set -eu
[ -n "${MEMTRACK_BIN-}" ] || "$(dirname "$0")/../../scripts/build.sh"
# shellcheck source=test/real/common.sh
. "$(dirname "$0")/common.sh"
base=$work

# Results of automake's tests below the current directory, one a line.
automake_results() {
  find . -name '*.trs' | sort | while read -r file; do
    sed -n "s|^:test-result: \([A-Z]*\).*|${file%.trs} \1|p" "$file"
  done
}

# For each program: build_NAME COMPILER builds it in the current directory, a copy of the source, and
# test_NAME runs its tests and prints their results.
build_lua() {
  quiet build.log make -j"$jobs" -C src linux-readline CC="$1" \
    CFLAGS="$flags -std=gnu99 -DLUA_COMPAT_5_3 -DLUA_USE_LINUX -DLUA_USE_READLINE"
  tar xzf "$base/$lua_tests"
  quiet libs.log make -C "${lua_tests%.tar.gz}/libs" LUA_DIR="$PWD/src" CC="$1"
}
test_lua() {
  (cd "${lua_tests%.tar.gz}" && "$OLDPWD/src/lua" all.lua) >check.log 2>&1 || echo "exit status $?"
  grep -aoE "^\*+ FILE '.*'|^final OK" check.log || :
}

build_jq() {
  quiet autoreconf.log autoreconf -fi
  quiet configure.log ./configure CC="$1" CFLAGS="$flags" --disable-maintainer-mode --disable-docs \
    --disable-valgrind
  quiet build.log make -j"$jobs"
}
test_jq() {
  make check -j"$jobs" >check.log 2>&1 || :
  automake_results
  grep -aE '^Testing |^\*\*\*|^[0-9]+ of [0-9]+ tests passed' tests/*.log || :
}

build_xz() {
  quiet configure.log ./configure CC="$1" CFLAGS="$flags" --disable-nls
  quiet build.log make -j"$jobs"
}
test_xz() {
  make check -j"$jobs" >check.log 2>&1 || :
  automake_results
}

build_grep() {
  quiet configure.log ./configure CC="$1" CFLAGS="$flags" FORCE_UNSAFE_CONFIGURE=1
  quiet build.log make -j"$jobs"
}
test_grep() {
  make -C tests check -j"$jobs" >check.log 2>&1 || :
  automake_results
}

build_sed() {
  quiet configure.log ./configure CC="$1" CFLAGS="$flags" FORCE_UNSAFE_CONFIGURE=1
  quiet build.log make -j"$jobs"
}
test_sed() {
  make check SUBDIRS=. -j"$jobs" >check.log 2>&1 || :
  automake_results
}

# Lua's tests are not part of its package.
fetch_lua_tests() {
  version=$(sed -n 's/^#define LUA_VERSION_RELEASE.*"\([0-9]*\)".*/\1/p' source/src/lua.h)
  lua_tests=lua-5.4.$version-tests.tar.gz
  [ -f "$base/$lua_tests" ] || {
    curl -fsS -o "$base/$lua_tests.part" "https://www.lua.org/tests/$lua_tests" &&
      mv "$base/$lua_tests.part" "$base/$lua_tests"
  }
}

# run_suite KIND COMPILER: builds and tests a fresh copy.
run_suite() {
  cd "$base/transparency/$name" || exit 1
  rm -rf "$1"
  cp -a "$base/$package/source" "$1" && cd "$1" || exit 1
  "build_$name" "$2"
  (
    # Programs that tests run in other directories find it, too.
    export MEMTRACK_OPTIONS="output=$base/transparency/$name/traces/"
    "test_$name"
  ) >"../$1.results"
}

# Those of programs that a test runs without its environment are where they were run.
find_traces() {
  find traces track -name '*.mtrace'
}

bad_traces() {
  find_traces | while read -r trace; do
    "$bin/memtrack" info --verify "$trace" >info.log 2>&1 || echo "$trace"
  done
}

check_program() {
  case $name in
  lua) package=lua5.4 ;;
  xz) package=xz-utils ;;
  *) package=$name ;;
  esac
  (fetch) || return 1
  mkdir -p "$base/transparency/$name"
  cd "$base/$package" || return 1
  [ "$name" != lua ] || fetch_lua_tests || {
    echo "$name: SKIPPED, no tests to be had: put $lua_tests into $base"
    return 0
  }
  cd "$base/transparency/$name" || return 1
  rm -rf traces
  mkdir traces
  (run_suite plain "clang-$llvm") || return 1
  (run_suite track "$bin/memtrack-cc") || return 1

  traces=$(find_traces | wc -l)
  bad=$(bad_traces)
  passed=$(grep -acE "PASS$|FILE|:Testing " plain.results || :)
  failed=$(grep -acE ' (FAIL|ERROR|XPASS)$' plain.results || :)
  result=same
  cmp -s plain.results track.results && [ "$passed" -gt 0 ] && [ "$traces" -gt 0 ] &&
    [ -z "$bad" ] || result=DIFFERS
  echo "$name: $result: $passed tests passed, $failed failed without MemTrack; $traces traces"
  [ "$result" = same ] || {
    diff plain.results track.results || :
    [ -z "$bad" ] || printf 'damaged traces:\n%s\n' "$bad" | head
    return 1
  }
  rm -rf traces
}

[ $# -gt 0 ] || set -- lua jq xz grep sed
"$root/scripts/setup.sh" autoconf automake libtool libonig-dev libreadline-dev curl dpkg-dev
failing=
for name; do
  case $name in
  lua | jq | xz | grep | sed) ;;
  *)
    echo "transparency.sh: no program $name" >&2
    exit 2
    ;;
  esac
  check_program || failing="$failing $name"
done
[ -z "$failing" ] || {
  echo "failed:$failing"
  exit 1
}
