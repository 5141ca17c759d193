#!/bin/sh
# No tracked file names a directory of one developer's machine.
set -u
# shellcheck source=test/style/files.sh
. "$(dirname "$0")/files.sh"

source=$(pwd -P)
case $source in
/*/*) ;;
*) source=/home/[a-z] ;;
esac
found=$(list_files | grep -v '^test/style/paths\.sh$' |
  xargs grep -nIE -e "/home/[a-z]|/Users/[A-Za-z]|/root/[a-z.]|$source" /dev/null)
if [ -n "$found" ]; then
  printf 'paths of one machine:\n%s\n' "$found"
  exit 1
fi
