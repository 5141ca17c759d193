# shellcheck shell=sh
# Sourced by the style tests, with the source directory as $1: goes there and gives list_files.

# Safe when the checkout belongs to another user, as in a container.
in_git() {
  git -c safe.directory='*' "$@"
}

cd "$1" || exit 1
if ! in_git rev-parse --git-dir >/dev/null 2>&1; then
  echo "SKIPPED: $1 is no git checkout"
  exit 0
fi

# list_files PATTERN...: tracked files that exist, one a line.
list_files() {
  in_git ls-files -- "$@" | while read -r file; do
    [ ! -f "$file" ] || printf '%s\n' "$file"
  done
}
