#!/bin/sh
# Builds MemTrack, instruments the example wordindex, lets it index this project's text, the
# system's licences and the kernel's headers, and prints where its memory went.
set -eu
cd "$(dirname "$0")/.."

./scripts/build.sh examples memtrack
rm -rf build/demo
mkdir -p build/demo

set -- "$PWD/docs" "$PWD/README.md" "$PWD/LICENSE"
for directory in /usr/share/common-licenses /usr/include/linux; do
  [ ! -d "$directory" ] || set -- "$@" "$directory"
done

cd build/demo
echo
echo "\$ memtrack-c++ -std=c++17 -O2 -g -pthread wordindex.cpp -o wordindex"
echo "\$ wordindex -q 'memory allocation' TEXT..."
../examples/wordindex -q 'memory allocation' "$@"
echo
echo "\$ memtrack report --limit 3" ./*.mtrace
../bin/memtrack report --limit 3 ./*.mtrace
