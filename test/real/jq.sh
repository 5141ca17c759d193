#!/bin/sh
# jq on a JSON file of 50 MB.
set -eu
# shellcheck source=test/real/common.sh
. "$(dirname "$0")/common.sh"

package=jq
cases='group halt'
"$root/scripts/setup.sh" autoconf automake libtool

build() {
  quiet autoreconf.log autoreconf -fi
  quiet configure.log ./configure CC="$1" CFLAGS="$flags" --disable-maintainer-mode --disable-docs \
    --disable-shared --enable-all-static=no --without-oniguruma
  quiet build.log make -j"$jobs"
}

# The balance's runs have a shorter input, and one of them ends in the middle.
run_program() {
  case $case in
  halt) "$@" ./jq -R '[split(" ")[] | ascii_upcase] | halt_error(0)' "$real/shell.sql" ;;
  group) run_group "$work/jq/short.json" "$@" ;;
  *) run_group "$work/jq/input.json" "$@" ;;
  esac
}

# run_group INPUT COMMAND...
run_group() {
  input=$1
  shift
  "$@" ./jq -c 'group_by(.tags[0])[] | {tag: .[0].tags[0], count: length,
    sum: (map(.values | add) | add), names: (map(.name) | unique | length)}' "$input"
}

normalise() {
  cat
}

fetch
[ -f "$work/jq/input.json" ] || {
  python3 "$real/make_json.py" >"$work/jq/input.json.part"
  mv "$work/jq/input.json.part" "$work/jq/input.json"
}
[ -f "$work/jq/short.json" ] || {
  { head -n 2000 "$work/jq/input.json" && echo ']'; } >"$work/jq/short.json"
}
check "$@"
