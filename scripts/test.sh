#!/bin/sh
# Builds everything and runs the whole test suite. Arguments go to ctest: test.sh -R pass
set -eu
cd "$(dirname "$0")/.."

./scripts/build.sh
exec ctest --test-dir build --output-on-failure -j "${MEMTRACK_TEST_JOBS:-$(nproc)}" "$@"
