#!/bin/sh
# Sets the machine up, configures build/ once, and builds the targets given (default: everything).
set -eu
cd "$(dirname "$0")/.."

./scripts/setup.sh
if ! [ -f build/build.ninja ]; then
  # Modules that setup.sh installs are for this Python, whichever stands first in PATH.
  cmake -S . -B build -G Ninja -DCMAKE_BUILD_TYPE=RelWithDebInfo -DPython3_EXECUTABLE=/usr/bin/python3
fi
for target; do
  shift
  set -- "$@" --target "$target"
done
cmake --build build "$@"
