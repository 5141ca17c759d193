#!/bin/sh
# Installs into a fresh prefix, moves it elsewhere, and builds a small project against it in every
# documented way; each program's report must hold what the project allocates.
# Usage: install.sh BUILD_DIR LIBDIR LLVM_VERSION
set -eu
# shellcheck source=test/install/common.sh
. "$(dirname "$0")/common.sh"
project=$source/test/install/project

quiet cmake --install "$build" --prefix "$work/first"
mv "$work/first" "$work/prefix"
prefix=$work/prefix
for file in bin/memtrack bin/memtrack-cc bin/memtrack-c++ "$libdir/MemTrackPass.so" \
  "$libdir/libmemtrack.so" "$libdir/libmemtrack.so.0" "$libdir/libmemtrack.a" "$libdir/pkgconfig/memtrack.pc" \
  "$libdir/cmake/MemTrack/MemTrackConfig.cmake" include/memtrack/abi.h \
  include/memtrack/memtrack.h \
  include/memtrack/config/context-site.h; do
  [ -e "$prefix/$file" ] || fail "$file is not installed"
done

# expect PROGRAM ALLOCATIONS BYTES: what its report must hold.
expect() {
  mkdir -p "$work/traces"
  rm -f "$work/traces"/*
  (cd "$work/traces" && "$1") || fail "$1 failed"
  set -- "$@" "$work/traces"/*.mtrace
  [ -e "$4" ] || fail "$1 left no trace"
  "$prefix/bin/memtrack" report --format json "$4" >"$work/report.json" || fail "report of $1"
  python3 - "$work/report.json" "$2" "$3" <<'EOF' || fail "$1: see above"
import json, sys
contexts = json.load(open(sys.argv[1]))["contexts"]
wanted = {
    "allocations": int(sys.argv[2]),
    "frees": 1,
    "allocated_bytes": int(sys.argv[3]),
    "leaked_bytes": 100,
    "leaked_blocks": 1,
}
# What libraries allocate by themselves does not count here.
own = [c for c in contexts if not c["frames"][0]["module"].startswith(("/lib", "/usr/lib"))]
own = {k: sum(c[k] for c in own) for k in wanted}
wrong = {k: own[k] for k in wanted if own[k] != wanted[k]}
if wrong:
    sys.exit(f"the report has {wrong}, want {wanted}")
EOF
}

# A compiler that is given flags, in CMake.
quiet cmake -S "$project" -B "$work/flags" -G Ninja -DCMAKE_PREFIX_PATH="$prefix" \
  -DCMAKE_C_COMPILER="clang-$version" -DCMAKE_CXX_COMPILER="clang++-$version" \
  -DCMAKE_C_FLAGS=-Werror -DCMAKE_CXX_FLAGS=-Werror
quiet cmake --build "$work/flags"
expect "$work/flags/instrumented" 2 1100
expect "$work/flags/context" 2 1100
if nm -D "$work/flags/plain" | grep -q __memtrack_; then
  fail "a target that was not asked for is instrumented"
fi
nm -u "$work/flags/CMakeFiles/instrumented.dir/main.cpp.o" | grep -q '__memtrack_context$' ||
  fail "memtrack_instrument() leaves calling contexts out"
for object in "$work"/flags/CMakeFiles/context.dir/*.o; do
  nm -u "$object" | grep -q __memtrack_ || fail "CONTEXT site leaves $object as it is"
  ! nm "$object" | grep -e '__memtrack_context$' -e __memtrack_config || fail "CONTEXT site: $object"
done
quiet cmake -S "$project" -B "$work/flags" -DCONTEXT=stack
quiet cmake --build "$work/flags"
nm -u "$work/flags/CMakeFiles/context.dir/main.cpp.o" | grep -q '__memtrack_context$' ||
  fail "CONTEXT stack leaves calling contexts out"
for wrong in both ''; do
  if cmake -S "$project" -B "$work/flags" -DCONTEXT="$wrong" >"$work/log" 2>&1; then
    fail "memtrack_instrument() accepts CONTEXT '$wrong'"
  fi
  grep -q "CONTEXT is stack or site, not '$wrong'" "$work/log" || {
    cat "$work/log"
    fail "memtrack_instrument() refuses CONTEXT '$wrong' without saying why"
  }
done

# The build tree is as good as an installation.
quiet cmake -S "$project" -B "$work/uninstalled" -G Ninja -DMemTrack_DIR="$build/$libdir/cmake/MemTrack" \
  -DCMAKE_C_COMPILER="clang-$version" -DCMAKE_CXX_COMPILER="clang++-$version"
quiet cmake --build "$work/uninstalled"
expect "$work/uninstalled/context" 2 1100

# The drivers as CMake's compilers, alone and together with memtrack_instrument().
CC="$prefix/bin/memtrack-cc" CXX="$prefix/bin/memtrack-c++" \
  quiet cmake -S "$project" -B "$work/driver" -G Ninja -DCMAKE_PREFIX_PATH="$prefix"
quiet cmake --build "$work/driver"
expect "$work/driver/plain" 2 1100
expect "$work/driver/instrumented" 2 1100
expect "$work/driver/context" 2 1100

# The wrong compiler is refused, with the way out.
if cmake -S "$project" -B "$work/wrong" -G Ninja -DCMAKE_PREFIX_PATH="$prefix" \
  -DCMAKE_C_COMPILER=gcc -DCMAKE_CXX_COMPILER=g++ >"$work/log" 2>&1; then
  fail "memtrack_instrument() accepts gcc"
fi
tr '\n' ' ' <"$work/log" | tr -s ' ' | grep -q "needs clang $version, but the C compiler is GNU" || {
  cat "$work/log"
  fail "memtrack_instrument() refuses gcc without saying why"
}

# make, and plain flags by pkg-config.
cp -r "$project" "$work/make"
quiet make -C "$work/make" CC="$prefix/bin/memtrack-cc" CXX="$prefix/bin/memtrack-c++"
expect "$work/make/main" 2 1100
quiet make -C "$work/make" -B CC="$prefix/bin/memtrack-cc --memtrack-context=site" \
  CXX="$prefix/bin/memtrack-c++ --memtrack-context=site"
expect "$work/make/main" 2 1100
! nm -u "$work/make/main.o" | grep '__memtrack_context$' || fail "--memtrack-context=site"

pc() {
  PKG_CONFIG_PATH=$prefix/$libdir/pkgconfig pkg-config "$@" memtrack
}
plugin=$(pc --variable=plugin)
# shellcheck disable=SC2046 # several words are meant
{
  quiet "clang-$version" -fpass-plugin="$plugin" $(pc --cflags) -c "$project/part.c" -o "$work/part.o"
  quiet "clang++-$version" -fpass-plugin="$plugin" $(pc --cflags) "$project/main.cpp" "$work/part.o" \
    $(pc --libs) -o "$work/pc"
}
expect "$work/pc" 2 1100

# The public header, by each way that finds it.
cat >"$work/api.c" <<'END'
#include <memtrack/memtrack.h>
int main(void) {
    memtrack_phase("begun");
    return 0;
}
END
quiet "$prefix/bin/memtrack-cc" "$work/api.c" -o "$work/api"
mkdir "$work/phases"
(cd "$work/phases" && "$work/api") || fail "a program with a phase"
"$prefix/bin/memtrack" info "$work"/phases/*.mtrace | grep -q 'phase *begun' || fail "no phase"
# shellcheck disable=SC2046 # several words are meant
quiet gcc $(pc --cflags) "$work/api.c" -o "$work/api"
quiet "$work/api"

# A static program.
quiet "$prefix/bin/memtrack-cc" -O2 -static -c "$project/part.c" -o "$work/part.o"
quiet "$prefix/bin/memtrack-c++" -O2 -static "$project/main.cpp" "$work/part.o" -o "$work/static"
expect "$work/static" 2 1100
echo "all checks passed"
