# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
#
# For tests of what a user installs; sourced by each of them. They begin with a bare Debian 12 in a folder, $root:
#
#   bare_debian MADE                  makes it, or ends the test with 77 and the reason, whose beginning is MADE
#   unpack_debian CODENAME FOLDER [KEPT]   after it: another release of Debian, in a folder; false if it cannot be made
#   inside COMMAND...                 runs COMMAND in it, as its first process
#   three_hosts BIN [FROM TO]         the job of examples/digits on three hosts of it, whose smlaunch is in BIN; with FROM
#                                     and TO, that folder is moved on one of them after it, and the hosts are looked at
#   quietly COMMAND...                its output is shown only if it fails
#   step TEXT   fail TEXT   skip REASON   assert_contains TEXT PART   assert_lacks TEXT PART
#
# $work is a folder that ends with the test, $source the project's. DEBIAN_MIRROR is where Debian comes from [where this
# machine's apt gets it]. SMLAUNCH_BARE_DEBIAN may name a tar file: the bare Debian is kept there for other tests.
set -euo pipefail

source=$(realpath "$(dirname "${BASH_SOURCE[0]}")/../..")
PATH=$PATH:/usr/sbin:/sbin

step() { echo "== $1"; }
fail() {
  echo "FAILED: $*"
  exit 1
}
skip() {
  echo "$*"
  exit 77
}
assert_contains() { [[ $1 == *"$2"* ]] || fail $'expected to contain:\n'"$2"$'\ngot:\n'"$1"; }
assert_lacks() { [[ $1 != *"$2"* ]] || fail $'expected not to contain:\n'"$2"$'\ngot:\n'"$1"; }

work=$(mktemp -d "${TMPDIR:-/tmp}/smlaunch-package.XXXXXX")
root=$work/root
# What is mounted below the root is mounted in namespaces that have ended by now.
trap 'rm -rf --one-file-system "$work"' EXIT

quietly() { "$@" >"$work/log" 2>&1 || fail "$*: $(tail -n 30 "$work/log")"; }

bare_debian() {
  mirror=${DEBIAN_MIRROR:-$(apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' 'Codename: bookworm' 2>/dev/null | sed -n 1p)}
  command -v debootstrap >/dev/null || skip "$1; debootstrap is not installed, so that nothing was installed anywhere"
  ((EUID == 0)) || skip "$1; debootstrap takes root, so that nothing was installed anywhere"
  unshare --mount --pid --fork true 2>/dev/null || skip "$1; no namespaces can be made here to install anything in"
  [[ -n $mirror ]] || skip "$1; this machine knows no source of Debian 12: set DEBIAN_MIRROR"
  step "a bare Debian 12"
  unpack_debian bookworm "$root" "${SMLAUNCH_BARE_DEBIAN:-}" ||
    skip "$1; debootstrap could not make a bare Debian from $mirror: $(tail -n 1 "$work/log")"
  printf '#!/bin/sh\nexit 101\n' >"$root/usr/sbin/policy-rc.d" # no package starts a service
  chmod 755 "$root/usr/sbin/policy-rc.d"
  cp /etc/resolv.conf "$root/etc/resolv.conf"
  quietly inside apt-get -q update
}

# unpack_debian CODENAME FOLDER [KEPT]: out of the tar file KEPT, if it is there; else made, and kept there.
unpack_debian() {
  local kept=${3:-}
  mkdir "$2"
  if [[ -e $kept ]]; then
    tar -C "$2" -xf "$kept"
    return
  fi
  debootstrap --variant=minbase "$1" "$2" "$mirror" >"$work/log" 2>&1 || return
  rm -f "$2"/var/cache/apt/archives/*.deb
  if [[ -n $kept ]]; then tar -C "$2" -cf "$kept.$$" . && mv "$kept.$$" "$kept"; fi
}

# With processes and mounts of its own, which end with it.
inside() {
  # shellcheck disable=SC2016
  unshare --mount --pid --fork --kill-child bash -c '
    set -e
    mount --make-rprivate /
    mount --bind "$0" "$0"
    cd "$0"
    mount -t proc proc proc
    mount -t sysfs -o ro sysfs sys
    mount --rbind /dev dev
    mount -t tmpfs -o size=1g tmpfs dev/shm 2>/dev/null || mount -t tmpfs tmpfs dev/shm
    pivot_root . .
    umount -l .
    cd /
    exec env -i PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/root \
      DEBIAN_FRONTEND=noninteractive LC_ALL=C.UTF-8 "$@"' "$root" "$@" </dev/null
}

three_hosts() {
  mkdir -p "$root/test"
  cp -r "$source/tests" "$source/examples" "$root/test"
  quietly inside apt-get -q -y install --no-install-recommends iproute2 procps openssh-server python3-numpy python3-mpi4py
  inside env PATH="$1:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin" \
    /test/tests/package/digits_on_hosts "${@:2}" >"$work/out" 2>&1 || fail "the job on three hosts: $(<"$work/out")"
  grep -v '^\[' "$work/out" # without the ranks' own words
  assert_contains "$(<"$work/out")" "accuracy"
  assert_contains "$(<"$work/out")" "smoke test: pass"
}
