#!/bin/sh
# Installs with apt what building and testing MemTrack needs and is missing, and the packages given
# as arguments. Does nothing, quickly, when all is there. Safe to run again.
set -eu

llvm=${MEMTRACK_LLVM_VERSION:-14}
packages="cmake ninja-build make gcc g++ binutils pkg-config python3
  clang-$llvm llvm-$llvm-dev llvm-$llvm-tools lld-$llvm
  libzstd-dev libxxhash-dev libjansson-dev libcmocka-dev
  shellcheck clang-format-14 $*"

if ! command -v dpkg-query >/dev/null || ! command -v apt-get >/dev/null; then
  echo "setup: no apt here; make sure that the equivalents of these are installed: $packages"
  exit 0
fi

missing=
for package in $packages; do
  case $(dpkg-query -W -f '${Status}' "$package" 2>/dev/null) in
  *' installed') ;;
  *) missing="$missing $package" ;;
  esac
done
[ -n "$missing" ] || exit 0

as_root() {
  if [ "$(id -u)" -eq 0 ]; then
    env DEBIAN_FRONTEND=noninteractive "$@"
  elif command -v sudo >/dev/null; then
    sudo env DEBIAN_FRONTEND=noninteractive "$@"
  else
    echo "setup: run as root, or install sudo; these packages are missing:$missing" >&2
    exit 1
  fi
}

# apt's words matter only when it fails.
log=$(mktemp)
trap 'rm -f "$log"' EXIT
quietly() {
  as_root "$@" >"$log" 2>&1 || {
    cat "$log" >&2
    exit 1
  }
}

echo "setup: installing$missing"
quietly apt-get update -q
# shellcheck disable=SC2086 # several words are meant
quietly apt-get install -y -q --no-install-recommends $missing
