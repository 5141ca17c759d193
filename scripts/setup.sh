#!/bin/sh
# Installs with apt what building and testing MemTrack needs and is missing, and the packages given
# as arguments; after --peers also what bench/run.sh compares MemTrack with, and its workloads need.
# Does nothing, quickly, when all is there. Safe to run again.
set -eu

peers=
if [ "${1-}" = --peers ]; then
  shift
  peers='heaptrack zstd valgrind nlohmann-json3-dev'
fi

llvm=${MEMTRACK_LLVM_VERSION:-14}
packages="cmake ninja-build make gcc g++ binutils pkg-config python3 python3-jsonschema
  clang-$llvm libclang-rt-$llvm-dev llvm-$llvm-dev llvm-$llvm-tools lld-$llvm
  libzstd-dev libxxhash-dev libjansson-dev libelf-dev libiberty-dev libcmocka-dev
  libjemalloc2 libtcmalloc-minimal4 libmimalloc2.0
  shellcheck clang-format-14 $peers $*"

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

become_root=
if [ "$(id -u)" -ne 0 ]; then
  become_root=sudo
  if ! command -v sudo >/dev/null; then
    echo "setup: run me as root, or install sudo; these packages are missing:$missing" >&2
    exit 1
  fi
fi

# apt's words matter only when it fails.
log=$(mktemp)
trap 'rm -f "$log"' EXIT
apt() {
  $become_root env DEBIAN_FRONTEND=noninteractive apt-get -q "$@" >"$log" 2>&1 || {
    cat "$log" >&2
    exit 1
  }
}

echo "setup: installing$missing"
apt update
# shellcheck disable=SC2086 # several words are meant
apt install -y --no-install-recommends $missing
