#!/bin/sh
# api-no-runtime.sh INPUTS MEMTRACK WORK: compiles, links and runs the users of the public header in
# every way that matters, all of which have to be silent.
set -eu
inputs=$1 include=$(dirname "$2")/../include work=$3
warnings='-pedantic -Wall -Wextra -Wshadow -Werror'
rm -rf "$work"
mkdir -p "$work"

# try FLAGS COMPILER FILE...: builds and runs.
try() {
  options=$1 driver=$2
  shift 2
  rm -f "$work/program"
  # shellcheck disable=SC2086 # several words are meant
  "$driver" $warnings $options -I"$include" "$@" -o "$work/program"
  "$work/program"
}

for standard in 89 11; do
  try "-std=c$standard" gcc "$inputs/api-user.c" "$inputs/api-other.c"
  try "-std=c$standard" clang "$inputs/api-user.c" "$inputs/api-other.c"
done
for standard in 98 17; do
  try "-std=c++$standard" g++ "$inputs/api-user.cpp"
  try "-std=c++$standard" clang++ "$inputs/api-user.cpp"
done
for flags in '-O2 -fPIE -pie' '-O1 -fno-pic -no-pie' '-O2 -fvisibility=hidden' '-O2 -static' \
  '-O1 -static-pie' '-O2 -flto' -DMEMTRACK_DISABLED; do
  try "-std=c89 $flags" gcc "$inputs/api-user.c" "$inputs/api-other.c"
  try "-std=c++98 $flags" clang++ "$inputs/api-user.cpp"
done

for linker in bfd gold lld mold; do
  command -v "ld.$linker" >/dev/null || continue
  for flags in '-fPIE -pie' '-fno-pic -no-pie' -static; do
    try "-fuse-ld=$linker $flags" clang "$inputs/api-user.c" "$inputs/api-other.c"
  done
done

# In a shared library, with all symbols to be found when it is loaded.
gcc -std=c89 -O2 -fPIC -shared -Wl,-z,defs -Wl,-z,now -I"$include" "$inputs/api-other.c" \
  -o "$work/libother.so"
try -O1 gcc "$inputs/api-user.c" "$work/libother.so" -Wl,-rpath,"$work"
