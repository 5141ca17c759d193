#!/bin/sh
# No tracked file names a directory of one developer's machine.
set -u
# shellcheck source=test/style/files.sh
. "$(dirname "$0")/files.sh"

found=$(list_files '*' | grep -v '^test/style/paths\.sh$' | {
  list=$(cat)
  printf '%s\n' "$list" | xargs grep -nIE '/home/[a-z]|/Users/[A-Za-z]|/roo[t]/[a-z.]' /dev/null
  # This checkout's own directory, unless its name is too short to mean anything.
  case $PWD in
  /*/*) printf '%s\n' "$list" | xargs grep -nIF "$PWD/" /dev/null ;;
  esac
})
if [ -n "$found" ]; then
  printf 'paths of one machine:\n%s\n' "$found"
  exit 1
fi
