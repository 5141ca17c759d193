#!/bin/sh
# Sets the machine up, configures build/ once, and builds the targets given (default: everything).
set -eu
cd "$(dirname "$0")/.."

./scripts/setup.sh
if ! [ -f build/build.ninja ]; then
  cmake -S . -B build -G Ninja -DCMAKE_BUILD_TYPE=RelWithDebInfo
fi
for target; do
  shift
  set -- "$@" --target "$target"
done
cmake --build build "$@"
