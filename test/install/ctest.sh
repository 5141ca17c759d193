#!/bin/sh
# Builds examples/ctest against a fresh installation as its users would: its tests pass; with the
# planted mistakes those that are about them fail and name them; after the fix they pass again.
# Usage: ctest.sh BUILD_DIR LIBDIR LLVM_VERSION
set -eu
# shellcheck source=test/install/common.sh
. "$(dirname "$0")/common.sh"

quiet cmake --install "$build" --prefix "$work/prefix"
cp -r "$source/examples/ctest" "$work/project"

# with REGRESSION: builds so, runs the tests beside each other, and leaves their output in $work/log.
with() {
  quiet cmake -S "$work/project" -B "$work/build" -G Ninja -DCMAKE_PREFIX_PATH="$work/prefix" \
    -DCMAKE_C_COMPILER="clang-$version" -DREGRESSION="$1"
  quiet cmake --build "$work/build"
  ctest --test-dir "$work/build" -j 4 --output-on-failure >"$work/log" 2>&1
}

# said PATTERN...: basic regular expressions, each of which some line of the log has.
said() {
  for pattern; do
    grep -q -- "$pattern" "$work/log" || {
      cat "$work/log"
      fail "no line has '$pattern'"
    }
  done
}

with OFF || {
  cat "$work/log"
  fail "the tests of the sound program fail"
}
said '100% tests passed'

if with ON; then
  fail "the tests pass though mistakes are planted"
fi
said '4 tests failed out of 5' \
  'FAILED *max-leaked 0' 'FAILED *max-unreachable 0 (' 'FAILED *max-unreachable 0$' 'add_item  *.*inventory.c:[0-9]' \
  'FAILED *max-peak 16KiB in function make_table (.*inventory.rules:' 'make_table  *.*inventory.c:[0-9]' \
  'FAILED *forbid allocations in function price_of' 'price_of  *.*inventory.c:[0-9]' \
  'FAILED *baseline allocations' '500, new here' 'FAILED *baseline leaked' 'was 0 B' \
  'MemTrack check of 2 traces' 'fails \.* *Passed'
python3 "$source/test/integration/Inputs/ci_files.py" "$work/build/rules.xml" \
  "$work/build/rules.sarif" >"$work/log"
said "junit failure: 'forbid allocations in function price_of'" 'sarif allocations inventory.c:'

with OFF || {
  cat "$work/log"
  fail "the tests still fail after the fix"
}

# The program's own failure stays one, be it a signal; a program without a trace is not checked.
script=$work/prefix/$libdir/cmake/MemTrack/memtrack-test.sh
status() {
  expected=$1
  shift
  set +e
  sh "$script" "$work/traces" "$work/prefix/bin/memtrack" "$@" >"$work/log" 2>&1
  status=$?
  set -e
  [ "$status" -eq "$expected" ] || {
    cat "$work/log"
    fail "status $status instead of $expected: $*"
  }
}
status 0 2 --max-peak 1M "$work/build/inventory" 10
status 1 2 --max-peak 1 "$work/build/inventory" 10
status 3 2 --max-peak 1M "$work/build/inventory" nonsense
said 'the program failed, with status 3'
# shellcheck disable=SC2016 # that shell expands it
status 143 0 sh -c 'kill -TERM $$'
status 2 2 --max-peak 1M true
said 'the program wrote no trace'

# Names with any characters, options for the recording, a directory to run in, configurations.
cat >"$work/project/CMakeLists.txt" <<'END'
cmake_minimum_required(VERSION 3.19)
project(P LANGUAGES C)
find_package(MemTrack REQUIRED)
enable_testing()
add_executable(inventory inventory.c)
memtrack_instrument(inventory)
memtrack_add_test(NAME "a/b c" COMMAND inventory 10 CHECK --max-peak 1M
  OPTIONS mode=profile:verbose=1 WORKING_DIRECTORY /)
memtrack_add_test(NAME "a/b_c" COMMAND sh -c "exec \"$1\" \"$2\"" sh $<TARGET_FILE:inventory> 11
  CHECK --max-peak 1M)
memtrack_add_test(NAME never COMMAND false CHECK --max-peak 1M CONFIGURATIONS Release)
END
quiet cmake -S "$work/project" -B "$work/names" -G "Ninja Multi-Config" \
  -DCMAKE_PREFIX_PATH="$work/prefix" -DCMAKE_C_COMPILER="clang-$version"
quiet cmake --build "$work/names" --config Debug
quiet ctest --test-dir "$work/names" -C Debug -j 3
said '100% tests passed, 0 tests failed out of 2'
quiet "$work/prefix/bin/memtrack" report "$work/names/memtrack"/a_b_c-*/Debug/*.mtrace
said 'MemTrack report of 2 traces' 'a profile'

# What is asked for wrongly is refused.
for call in 'NAME x COMMAND y' 'NAME x CHECK --max-leaked 0' 'FILES NAME x COMMAND y CHECK z'; do
  printf 'cmake_minimum_required(VERSION 3.18)\nproject(P LANGUAGES C)\nfind_package(MemTrack REQUIRED)\nmemtrack_add_test(%s)\n' \
    "$call" >"$work/project/CMakeLists.txt"
  if cmake -S "$work/project" -B "$work/wrong" -DCMAKE_PREFIX_PATH="$work/prefix" >"$work/log" 2>&1; then
    fail "memtrack_add_test($call) is accepted"
  fi
  said 'memtrack_add_test: '
done
echo "all checks passed"
