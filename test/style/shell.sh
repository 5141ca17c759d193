#!/bin/sh
# Every shell script passes shellcheck, the configured drivers included.
set -u
# shellcheck source=test/style/files.sh
. "$(dirname "$0")/files.sh"
build=$2

if ! command -v shellcheck >/dev/null; then
  echo "SKIPPED: no shellcheck"
  exit 0
fi
{
  list_files '*.sh'
  list_files '*' | while read -r file; do
    case $file in
    *.sh | *.in) continue ;;
    esac
    IFS= read -r first 2>/dev/null <"$file"
    case $first in
    '#!'*sh) printf '%s\n' "$file" ;;
    esac
  done
  printf '%s\n' "$build/bin/memtrack-cc" "$build/bin/memtrack-c++"
} | xargs shellcheck -x -s sh
