#!/bin/sh
# jq on a JSON file of 50 MB.
set -eu
# shellcheck source=test/real/common.sh
. "$(dirname "$0")/common.sh"

package=jq
"$root/scripts/setup.sh" autoconf automake libtool

build() {
  quiet autoreconf.log autoreconf -fi
  quiet configure.log ./configure CC="$1" CFLAGS="$flags" --disable-maintainer-mode --disable-docs \
    --disable-shared --enable-all-static=no --without-oniguruma
  quiet build.log make -j"$jobs"
}

run_program() {
  "$@" ./jq -c 'group_by(.tags[0])[] | {tag: .[0].tags[0], count: length,
    sum: (map(.values | add) | add), names: (map(.name) | unique | length)}' "$work/jq/input.json"
}

normalise() {
  cat
}

fetch
[ -f "$work/jq/input.json" ] || {
  python3 "$real/make_json.py" >"$work/jq/input.json.part"
  mv "$work/jq/input.json.part" "$work/jq/input.json"
}
check "$@"
