# shellcheck shell=sh disable=SC2034
# Variables are shared with the sourcing script.
# Sourced by the scripts here: where things are, and the workloads.
root=$(cd "$(dirname "$0")/.." && pwd)
bin=${MEMTRACK_BIN:-$root/build/bin}
work=${MEMTRACK_BENCH_DIR:-$root/build/bench}
real=${MEMTRACK_REAL_DIR:-${XDG_CACHE_HOME:-$HOME/.cache}/memtrack}
llvm=${MEMTRACK_LLVM_VERSION:-14}
mkdir -p "$work"
# Modules of Python are read from here and leave nothing behind.
export PYTHONDONTWRITEBYTECODE=1

[ -x "$bin/memtrack-cc" ] || {
  echo "no $bin/memtrack-cc: run scripts/build.sh, or set MEMTRACK_BIN" >&2
  exit 1
}

# build_pair NAME DRIVER COMPILER ARGUMENT...: builds $work/NAME.plain and $work/NAME.track.
build_pair() {
  name=$1 driver=$2 compiler=$3
  shift 3
  "$compiler-$llvm" -O2 -g "$@" -o "$work/$name.plain"
  "$bin/$driver" -O2 -g "$@" -o "$work/$name.track"
}

# real_pair PACKAGE PROGRAM NAME: a program of test/real/, which builds it anew for a new plugin.
real_pair() {
  MEMTRACK_BIN=$bin MEMTRACK_REAL_DIR=$real MEMTRACK_REAL_CHECK=nothing \
    "$root/test/real/run.sh" "$3" >/dev/null
  plain=$real/$1/plain/$2 tracked=$real/$1/track/$2
}

# length SHORT LONG
length() {
  if [ "$scale" = short ]; then
    echo "$1"
  else
    echo "$2"
  fi
}

# set_workload NAME long|short: builds what is missing and sets plain and tracked, commands as text
# for a shell.
set_workload() {
  scale=$2
  case $1 in
  loop-*)
    build_pair loop memtrack-cc clang -pthread "$root/bench/loop.c"
    threads=${1#loop-}
    plain=$work/loop.plain tracked=$work/loop.track
    arguments="$threads $(($(length 1000000 20000000) / threads))"
    ;;
  wordindex)
    build_pair wordindex memtrack-c++ clang++ -std=c++17 -pthread \
      "$root/examples/wordindex/wordindex.cpp"
    plain=$work/wordindex.plain tracked=$work/wordindex.track
    arguments="-q 'memory allocation' $(length /usr/share/common-licenses \
      '/usr/include/linux /usr/share/common-licenses')"
    ;;
  lua)
    real_pair lua5.4 src/lua lua
    # Where the script lies is the same for both, and of the same length from run to run.
    arguments="$root/bench/trees.lua $(length 2 120)"
    ;;
  sqlite)
    real_pair sqlite3 speedtest1 sqlite
    arguments="--size $(length 5 100)"
    ;;
  jq)
    real_pair jq jq jq
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
}
