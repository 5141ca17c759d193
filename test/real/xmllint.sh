#!/bin/sh
# xmllint of libxml2, once with the library instrumented, and once with that of the system, which is not.
set -eu
# shellcheck source=test/real/common.sh
. "$(dirname "$0")/common.sh"

package=libxml2
cases='own own-html system system-html system-stop'
"$root/scripts/setup.sh" libxml2-dev zlib1g-dev

build() {
  quiet configure.log ./configure CC="$1" CFLAGS="$flags" --disable-shared --without-python \
    --without-readline --without-history --without-icu
  quiet build.log make -j"$jobs" xmllint
  # The library's headers are those of the system, xmllint's own is the source's.
  mkdir system
  cp xmllint.c libxml.h config.h system
  # shellcheck disable=SC2086 # several words are meant
  quiet system.log "$1" $flags -I/usr/include/libxml2 system/xmllint.c -o xmllint-system -lxml2 -lm
}

run_program() {
  case $case in
  system*) xmllint=./xmllint-system ;;
  *) xmllint=./xmllint ;;
  esac
  case $case in
  *-html) "$@" "$xmllint" --html --xmlout --xpath '//note[contains(., "green")]' \
    "$work/libxml2/catalog.xml" ;;
  # xmllint calls exit as soon as it does not know an option, with the options before it in effect.
  *-stop) "$@" "$xmllint" --path "$real:$work" --pattern '//item/note' --unknown ;;
  *) "$@" "$xmllint" --valid --schema "$real/catalog.xsd" --encode utf-8 --format \
    "$work/libxml2/catalog.xml" ;;
  esac
}

normalise() {
  sed 's/^Usage : [^ ]*/Usage:/'
}

fetch
"$real/make_xml.py" >"$work/libxml2/catalog.xml"
check "$@"
