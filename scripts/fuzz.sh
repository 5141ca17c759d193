#!/bin/sh
# fuzz.sh [BUILD]: builds the fuzzers of the analyzer with clang in BUILD (default build/fuzz) and lets
# each run for some seconds.
set -eu
cd "$(dirname "$0")/.."
build=${1:-build/fuzz}
llvm=${MEMTRACK_LLVM_VERSION:-14}

[ -f "$build/build.ninja" ] || cmake -S . -B "$build" -G Ninja -DCMAKE_BUILD_TYPE=RelWithDebInfo \
  -DCMAKE_C_COMPILER="clang-$llvm" -DCMAKE_CXX_COMPILER="clang++-$llvm" -DMEMTRACK_FUZZ=ON
cmake --build "$build" --target test/fuzz/all make_trace
exec ctest --test-dir "$build/test/fuzz" --output-on-failure
