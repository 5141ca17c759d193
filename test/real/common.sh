# shellcheck shell=sh disable=SC2034,SC2154
# Variables are shared with the sourcing script.
# Sourced by the tests of real programs. A program's script sets
#   package       Debian's source package
#   build CC      a function that builds the program in the current directory, a copy of the source
#   program       what to run, from that directory, as a list in run_program ARGUMENT...
#   normalise     a filter for the output, which takes out what differs from run to run
#   cases         names of the program's runs for the balance; run_program finds one in $case
# and calls check "$@": with no argument, the counts are checked; with heaptrack, the contexts;
# with balance, what is live at exit; with agree, peaks and leaks; with nothing, it is only built; with memprof, it is built once
# more, for LLVM's MemProf.

real=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$real/../.." && pwd)
bin=${MEMTRACK_BIN:-$root/build/bin}
llvm=${MEMTRACK_LLVM_VERSION:-14}
work=${MEMTRACK_REAL_DIR:-${XDG_CACHE_HOME:-$HOME/.cache}/memtrack}
# DWARF 4, since valgrind 3.19 cannot read version 5 of clang.
flags='-O2 -gdwarf-4'
case=
jobs=$(nproc)
unset MEMTRACK_CC MEMTRACK_CXX CC CFLAGS LDFLAGS
# Programs that the build runs, as configure's, leave no traces.
export MEMTRACK_OPTIONS=mode=off

[ -x "$bin/memtrack-cc" ] || {
  echo "no $bin/memtrack-cc: run scripts/build.sh, or set MEMTRACK_BIN" >&2
  exit 1
}

fail() {
  printf '%s: %s\n' "$(basename "$0")" "$*" >&2
  exit 1
}

# quiet LOG COMMAND...
quiet() {
  log=$1
  shift
  "$@" >"$log" 2>&1 || {
    tail -n 30 "$log" >&2
    fail "failed, see $log: $*"
  }
}

# apt with the machine's own repositories, asked for sources, and with all state below $work.
apt() {
  command=$1
  shift
  "$command" -q -o Dir::Etc::SourceList="$work/apt/sources.list" \
    -o Dir::Etc::SourceParts="$work/apt/parts" -o Dir::State::Lists="$work/apt/lists" \
    -o Dir::Cache="$work/apt/cache" -o APT::Sandbox::User="$(id -un)" "$@"
}

update_lists() {
  [ -z "$(find "$work/apt/updated" -mmin -600 2>/dev/null)" ] || return 0
  mkdir -p "$work/apt/parts" "$work/apt/lists/partial" "$work/apt/cache/archives/partial"
  : >"$work/apt/sources.list"
  for file in /etc/apt/sources.list.d/*.sources; do
    [ ! -f "$file" ] || sed 's/^Types:.*/Types: deb-src/' "$file" >"$work/apt/parts/${file##*/}"
  done
  for file in /etc/apt/sources.list /etc/apt/sources.list.d/*.list; do
    [ ! -f "$file" ] || sed -n 's/^deb /deb-src /p' "$file" >>"$work/apt/sources.list"
  done
  quiet "$work/apt/log" apt apt-get update
  : >"$work/apt/updated"
}

# Unpacks the package's upstream source, newest version that can be had, as $work/$package/source.
fetch() {
  [ ! -d "$work/$package/source" ] || return 0
  "$root/scripts/setup.sh" dpkg-dev
  update_lists
  rm -rf "${work:?}/$package"
  mkdir -p "$work/$package"
  cd "$work/$package" || exit 1
  versions=$(apt apt-cache showsrc --only-source "$package" | sed -n 's/^Version: //p' | sort -rVu)
  for version in $versions; do
    # Security updates can be missing from a mirror.
    if apt apt-get source --download-only "$package=$version" >log 2>&1; then
      quiet log dpkg-source --no-check --skip-patches -x ./*.dsc source
      return 0
    fi
  done
  cat log >&2
  fail "no source of $package to be had"
}

# build_both: builds the source as $work/$package/{plain,track}, once for each plugin and runtime.
# The names are of one length, since jq allocates a copy of its own path.
build_both() {
  cd "$work/$package" || exit 1
  script=$flags$(cat "$real/${0##*/}" source/*.cpp source/*.c 2>/dev/null || :)
  build_kind plain "clang-$llvm" "$(printf '%s' "$script" | cksum)"
  build_kind track "$bin/memtrack-cc" "$(printf '%s' "$script" |
    cat - "$bin/memtrack-cc" "$bin"/../lib*/MemTrackPass.so "$bin"/../lib*/libmemtrack.so.0 | cksum)"
}

# cxx COMPILER: the C++ compiler that goes with the C compiler.
cxx() {
  case $1 in
  */memtrack-cc) echo "${1%cc}c++" ;;
  *) echo "$1" | sed 's/clang/clang++/' ;;
  esac
}

# build_kind KIND COMPILER STAMP
build_kind() {
  cd "$work/$package" || exit 1
  [ "$(cat "$1.stamp" 2>/dev/null)" != "$3" ] || return 0
  rm -rf "$1"
  cp -a source "$1"
  (cd "$1" && build "$2") || exit 1
  printf '%s\n' "$3" >"$1.stamp"
}

# Heap addresses must not differ from run to run, where a program orders or hashes by them.
fixed_addresses() {
  if setarch -R true 2>/dev/null; then
    setarch -R "$@"
  else
    "$@"
  fi
}

# run KIND OUTPUT [VARIABLE=VALUE...]: runs the program, keeps output and exit status.
run() {
  (
    cd "$work/$package/$1" || exit 1
    output=$2
    shift 2
    status=0
    run_program fixed_addresses env "$@" >"$output.out" 2>"$output.err" || status=$?
    echo "exit status $status" >>"$output.err"
  )
}

# start_results NAME: an empty directory for what the runs leave.
start_results() {
  results=$work/$package/$1
  rm -rf "$results"
  mkdir -p "$results"
}

report() {
  "$bin/memtrack" report --format json "$@" "$results/program.mtrace" >"$results/report.json" ||
    fail "memtrack report failed"
}

# What the plain and the instrumented program print is the same, and the report agrees with an
# independent count.
check_counts() {
  start_results results
  quiet "$results/log" "clang-$llvm" -O2 -shared -fPIC "$real/count.c" -o "$results/count.so"

  run plain "$results/plain"
  run plain "$results/counted" LD_PRELOAD="$results/count.so" \
    MEMTRACK_COUNT_FILE="$results/count.json"
  run track "$results/track" MEMTRACK_OPTIONS=output="$results/program.mtrace"

  for stream in out err; do
    for kind in plain counted track; do
      normalise <"$results/$kind.$stream" >"$results/$kind.$stream.normal"
    done
    for kind in counted track; do
      cmp -s "$results/plain.$stream.normal" "$results/$kind.$stream.normal" || {
        diff "$results/plain.$stream.normal" "$results/$kind.$stream.normal" | head -20
        fail "the output of the plain and the $kind program differ"
      }
    done
  done
  [ -s "$results/plain.out" ] || fail "the program printed nothing"
  grep -q '^exit status 0$' "$results/plain.err" || {
    cat "$results/plain.err" >&2
    fail "the program failed"
  }

  report
  "$real/compare.py" "$package" "$results/count.json" "$results/report.json"
}

# The contexts with the most allocated bytes are those that heaptrack finds, in the instrumented
# program with MemTrack off, so that both see the same inlining and the same tail calls.
check_heaptrack() {
  "$root/scripts/setup.sh" heaptrack zstd "llvm-$llvm"
  start_results results.heaptrack
  # The wrapper's own data lacks what it takes for an exact comparison; see compare_contexts.py.
  (
    cd "$work/$package/track" || exit 1
    run_program fixed_addresses env MEMTRACK_OPTIONS=mode=off \
      heaptrack --raw --output "$results/heaptrack" >"$results/heaptrack.out" 2>&1
  ) || {
    tail -n 30 "$results/heaptrack.out" >&2
    fail "heaptrack failed"
  }
  run track "$results/track" MEMTRACK_OPTIONS=output="$results/program.mtrace"
  fold=
  "$bin/memtrack" report --help | grep -q -e --no-fold && fold=--no-fold
  report $fold

  zstd -dc "$results/heaptrack.raw.zst" |
    "$real/compare_contexts.py" --symbolizer "llvm-symbolizer-$llvm" ${MEMTRACK_REAL_DEPTH:+--depth \
      "$MEMTRACK_REAL_DEPTH"} "$package" "$results/report.json"
}

# balance_case CASE: no free is of memory that the trace does not know, and what it says is live at
# exit is what valgrind finds in the plain program, block for block.
balance_case() {
  case=$1
  start_results "results.balance/$case"
  (
    cd "$work/$package/plain" || exit 1
    status=0
    # libc's buffers and libstdc++'s are live, too, as they are without valgrind.
    run_program fixed_addresses env LD_PRELOAD="$work/tls.so" valgrind --leak-check=full --show-leak-kinds=all \
      --run-libc-freeres=no --run-cxx-freeres=no --leak-resolution=high --num-callers=60 \
      --default-suppressions=no --xml=yes --xml-file="$results/valgrind.xml" \
      --log-file="$results/valgrind.log" >"$results/plain.out" 2>"$results/plain.err" || status=$?
    echo "exit status $status" >>"$results/plain.err"
  )
  # ld.so searches a directory more where there is AVX-512, which valgrind has not.
  run track "$results/track" MEMTRACK_OPTIONS=output="$results/program.mtrace" \
    GLIBC_TUNABLES=glibc.cpu.hwcaps=-AVX512F
  for stream in out err; do
    for kind in plain track; do
      normalise <"$results/$kind.$stream" >"$results/$kind.$stream.normal"
    done
    cmp "$results/plain.$stream.normal" "$results/track.$stream.normal" ||
      fail "$package $case: the plain and the instrumented program print different things"
  done
  [ -f "$results/program.mtrace" ] || {
    printf '%-8s %-12s DIFFERS: no events, and so no trace\n' "$package" "$case"
    return 1
  }
  report --no-fold
  "$real/balance.py" --memtrack "$bin/memtrack" --trace "$results/program.mtrace" \
    "$package" "$case" "$results/valgrind.xml" "$results/report.json"
}

check_balance() {
  "$root/scripts/setup.sh" valgrind
  # What libc allocates for a thread grows with the libraries that have thread-local storage.
  # libmemtrack.so is one; the plain program gets one more, too.
  echo 'extern __thread int tls; __thread int tls;' >"$work/tls.c"
  quiet "$work/tls.log" "clang-$llvm" -shared -fPIC "$work/tls.c" -o "$work/tls.so"
  differing=
  for each_case in $cases; do
    balance_case "$each_case" || differing=$each_case
  done
  [ -z "$differing" ]
}

# agree_under TOOL COMMAND...: runs the instrumented program with MemTrack off under another tool.
agree_under() {
  tool=$1
  shift
  (
    cd "$work/$package/track" || exit 1
    run_program fixed_addresses "$@" >"$results/$tool.out" 2>"$results/$tool.err" || :
  )
}

# agree_case CASE: peak and leaked bytes are those of other tools, on one binary and input.
agree_case() {
  case=$1
  start_results "results.agree/$case"
  # What libc and libstdc++ keep is live, as it is without valgrind.
  kept='--run-libc-freeres=no --run-cxx-freeres=no'
  # shellcheck disable=SC2086 # several words are meant
  agree_under dhat valgrind --tool=dhat $kept --dhat-out-file=/dev/null \
    --log-file="$results/dhat.log"
  # shellcheck disable=SC2086 # several words are meant
  agree_under memcheck valgrind $kept --log-file="$results/memcheck.log"
  # --heap-admin=0: without the allocator's own; every peak, and no stacks.
  agree_under massif valgrind --tool=massif --pages-as-heap=no --heap-admin=0 --time-unit=B \
    --depth=1 --detailed-freq=1000000 --peak-inaccuracy=0.0 --massif-out-file="$results/massif.out" \
    --log-file="$results/massif.log"
  agree_under heaptrack heaptrack --raw --output "$results/heaptrack"
  zstd -qdc "$results/heaptrack.raw.zst" >"$results/heaptrack.raw" || fail "heaptrack failed"
  run track "$results/track" MEMTRACK_OPTIONS=output="$results/program.mtrace" \
    GLIBC_TUNABLES=glibc.cpu.hwcaps=-AVX512F
  report
  "$real/agree.py" "$package" "$case" "$bin/memtrack" "$results/program.mtrace" "$results"
}

check_agree() {
  "$root/scripts/setup.sh" --peers
  differing=
  for each_case in $cases; do
    agree_case "$each_case" || differing=$each_case
  done
  [ -z "$differing" ]
}

# For bench/, which needs the programs only.
check_nothing() {
  :
}

# The compiler and an option of it, as one word.
check_memprof() {
  build_kind mprof "clang-$llvm -fmemory-profile" "$(printf '%s' "$script" | cksum)"
}

check() {
  fetch
  build_both
  "check_${1:-counts}"
}
