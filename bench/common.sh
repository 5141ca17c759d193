# shellcheck shell=sh disable=SC2034
# Variables are shared with the sourcing script.
# Sourced by the scripts here: where things are, and the workloads.
root=$(cd "$(dirname "$0")/.." && pwd)
bin=${MEMTRACK_BIN:-$root/build/bin}
work=${MEMTRACK_BENCH_DIR:-$root/build/bench}
real=${MEMTRACK_REAL_DIR:-${XDG_CACHE_HOME:-$HOME/.cache}/memtrack}
llvm=${MEMTRACK_LLVM_VERSION:-14}
# Modules of Python are read from here and leave nothing behind.
export PYTHONDONTWRITEBYTECODE=1

all_workloads='lua sqlite jq stl json loop-1 loop-2 loop-8 loop-30 handoff threads30 wordindex'

[ -x "$bin/memtrack-cc" ] || {
  echo "no $bin/memtrack-cc: run scripts/build.sh, or set MEMTRACK_BIN" >&2
  exit 1
}
mkdir -p "$work" "$real"
# Some commands run in other directories.
bin=$(cd "$bin" && pwd) work=$(cd "$work" && pwd) real=$(cd "$real" && pwd)

# Valgrind 3.19 cannot read the version 5 of DWARF that clang writes.
flags='-O2 -gdwarf-4'

# build NAME C|C++ ARGUMENT...: builds $work/NAME.plain and .track, and with with_memprof=1 .mprof.
build() {
  name=$1 language=$2
  shift 2
  case $language in
  C) compiler=clang-$llvm driver=$bin/memtrack-cc ;;
  *) compiler=clang++-$llvm driver=$bin/memtrack-c++ ;;
  esac
  compile="$language $flags $*"
  plain=$work/$name.plain tracked=$work/$name.track memprof=
  # shellcheck disable=SC2086 # several words are meant
  [ "$built" = "$name" ] || {
    "$compiler" $flags "$@" -o "$plain"
    "$driver" $flags "$@" -o "$tracked"
    rm -f "$work/$name.mprof"
    [ -z "$with_memprof" ] || "$compiler" $flags -fmemory-profile "$@" -o "$work/$name.mprof" || :
    built=$name
  }
  [ ! -x "$work/$name.mprof" ] || memprof=$work/$name.mprof
}

# make_real NAME CHECK: builds a program of test/real/, anew for a new plugin.
make_real() {
  MEMTRACK_BIN=$bin MEMTRACK_REAL_DIR=$real MEMTRACK_REAL_CHECK=$2 "$root/test/real/run.sh" "$1" \
    >"$work/$1.log" 2>&1 || {
    tail -n 20 "$work/$1.log" >&2
    return 1
  }
}

# build_real PACKAGE PROGRAM NAME: as build, of a program of test/real/.
build_real() {
  [ "$built" = "$3" ] || {
    make_real "$3" nothing
    with_real_memprof=
    [ -z "$with_memprof" ] || ! make_real "$3" memprof || with_real_memprof=1
    built=$3
  }
  plain=$real/$1/plain/$2 tracked=$real/$1/track/$2 memprof=
  [ -z "$with_real_memprof" ] || memprof=$real/$1/mprof/$2
}

# length SHORT LONG
length() {
  if [ "$scale" = short ]; then
    echo "$1"
  else
    echo "$2"
  fi
}

# set_workload NAME long|short: builds what is missing and sets plain, tracked and, with
# with_memprof=1, memprof: commands as text for a shell; and compile, what compiles its source, as
# compile_cost.py takes it; and repeat, how often a run starts the program.
built='' with_memprof=''
set_workload() {
  scale=$2 repeat=1
  case $1 in
  loop-*)
    build loop C -pthread "$root/bench/loop.c"
    threads=${1#loop-}
    arguments="$threads $(($(length 1000000 20000000) / threads))"
    ;;
  handoff)
    build handoff C -pthread "$root/bench/handoff.c"
    arguments="2 $(length 2000 100000)"
    ;;
  threads30)
    build threads30 C -pthread "$root/examples/threads30/threads30.c"
    # A tenth of a second is too short to time.
    arguments='' repeat=$(length 1 10)
    ;;
  stl)
    build stl C++ -std=c++17 "$root/bench/stl.cpp"
    arguments=$(length 3 120)
    ;;
  json)
    build json C++ -std=c++17 "$root/bench/json.cpp"
    arguments=$(length 2 120)
    ;;
  wordindex)
    build wordindex C++ -std=c++17 -pthread "$root/examples/wordindex/wordindex.cpp"
    arguments="-q 'memory allocation' $(length /usr/share/common-licenses \
      '/usr/include/linux /usr/share/common-licenses')"
    ;;
  lua | lua-*)
    # lua-N makes about N million events.
    rounds_of_lua=120
    [ "$1" = lua ] || rounds_of_lua=$((3 * ${1#lua-}))
    build_real lua5.4 src/lua lua
    compile="C $flags -std=gnu99 -DLUA_COMPAT_5_3 -DLUA_USE_LINUX $(
      printf '%s ' "$real"/lua5.4/plain/src/l*.c
    )"
    # Where the script lies is the same for all, and of the same length from run to run.
    arguments="$root/bench/trees.lua $(length 2 $rounds_of_lua)"
    ;;
  sqlite)
    build_real sqlite3 speedtest1 sqlite
    compile="C $flags $real/sqlite3/plain/sqlite3.c"
    arguments="--size $(length 5 100)"
    ;;
  jq)
    build_real jq jq jq
    compile="C $flags $(sed -n 's/^DEFS = //p' "$real/jq/plain/Makefile") -w -I$real/jq/plain
      $(printf '%s ' "$real"/jq/plain/src/execute.c "$real"/jq/plain/src/jv*.c \
      "$real"/jq/plain/src/builtin.c "$real"/jq/plain/src/parser.c "$real"/jq/plain/src/lexer.c)"
    input=$real/jq/input.json
    [ "$scale" = long ] || {
      input=$work/short.json
      { head -n 2000 "$real/jq/input.json" && echo ']'; } >"$input"
    }
    arguments="'[.[] | length] | add' $input"
    ;;
  *)
    echo "no workload $1" >&2
    exit 2
    ;;
  esac
  plain="$plain $arguments" tracked="$tracked $arguments"
  [ -z "$memprof" ] || memprof="$memprof $arguments"
}
