#!/bin/sh
# sanitize.sh address|thread [BUILD]: builds runtime and analyzer with clang's sanitizers (address
# goes with undefined) in BUILD (default build/sanitize-KIND) and runs their unit tests.
set -eu
cd "$(dirname "$0")/.."
kind=${1:?address or thread}
build=${2:-build/sanitize-$kind}
llvm=${MEMTRACK_LLVM_VERSION:-14}
sanitizers=$kind
[ "$kind" != address ] || sanitizers=address,undefined

[ -f "$build/build.ninja" ] || cmake -S . -B "$build" -G Ninja -DCMAKE_BUILD_TYPE=RelWithDebInfo \
  -DCMAKE_C_COMPILER="clang-$llvm" -DCMAKE_CXX_COMPILER="clang++-$llvm" \
  -DCMAKE_C_FLAGS="-fsanitize=$sanitizers -fno-sanitize-recover=all" \
  -DCMAKE_EXE_LINKER_FLAGS="-fsanitize=$sanitizers"
cmake --build "$build" --target test/unit/all
exec ctest --test-dir "$build/test/unit" --output-on-failure -E symbols
