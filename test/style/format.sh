#!/bin/sh
# All C and C++ is as clang-format leaves it.
set -u
# shellcheck source=test/style/files.sh
. "$(dirname "$0")/files.sh"

tool=clang-format-14
if ! command -v "$tool" >/dev/null; then
  echo "SKIPPED: no $tool"
  exit 0
fi
list_files '*.c' '*.h' '*.cpp' | xargs "$tool" --dry-run -Werror
