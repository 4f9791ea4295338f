#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The Debian packages: lintian finds no error, and on a bare Debian 12 apt installs them, a job of four ranks runs, a
# program is built with the library, and nothing is left when they are removed.
# usage: deb_test.sh BUILD     a built tree. DEBIAN_MIRROR is where Debian comes from [where this machine's apt gets it]
set -euo pipefail

build=$(realpath "${1:?the build folder}")
source=$(realpath "$(dirname "${BASH_SOURCE[0]}")/../..")
mirror=${DEBIAN_MIRROR:-$(apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' 'Codename: bookworm' | sed -n 1p)}
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

work=$(mktemp -d "${TMPDIR:-/tmp}/smlaunch-package.XXXXXX")
root=$work/root
# What is mounted below the root is mounted in namespaces that have ended by now.
trap 'rm -rf --one-file-system "$work"' EXIT

step "the packages"
(cd "$work" && cpack -G DEB --config "$build/CPackConfig.cmake" -B "$work/cpack" >"$work/log" 2>&1) ||
  fail "cpack: $(<"$work/log")"
mkdir "$work/packages"
mv "$work"/cpack/*.deb "$work/packages"
ls -l "$work/packages"
program=$(echo "$work"/packages/smlaunch_*.deb) library=$(echo "$work"/packages/libsmlaunch-dev_*.deb)
[[ -e $program && -e $library ]] || fail "not both packages were made"

step "what they hold and need"
files=$(dpkg-deb -c "$program" | awk '{print $6}')
for file in bin/smlaunch share/man/man1/smlaunch.1.gz share/doc/smlaunch/copyright share/doc/smlaunch/changelog.gz \
  share/bash-completion/completions/smlaunch share/zsh/vendor-completions/_smlaunch \
  share/fish/vendor_completions.d/smlaunch.fish; do
  grep -qxF "./usr/$file" <<<"$files" || fail "$program holds no $file"
done
assert_contains "$(dpkg-deb -f "$program" Depends)" libhwloc15
assert_contains "$(dpkg-deb -f "$program" Depends)" libfmt9
assert_contains "$(dpkg-deb -f "$program" Recommends)" openmpi-bin
files=$(dpkg-deb -c "$library" | awk '{print $6}')
for file in pkgconfig/smlaunch.pc cmake/smlaunch/smlaunchConfig.cmake libsmlaunch_contract.a; do
  grep -q "/$file\$" <<<"$files" || fail "$library holds no $file"
done
! grep -q 'bin/' <<<"$files" || fail "the library's package holds a program"

if command -v lintian >/dev/null; then
  step "lintian"
  lintian --allow-root --fail-on error --profile debian "$work"/packages/*.deb || fail "lintian finds errors (above)"
else
  echo "lintian is not installed: the packages were not looked at by it"
fi

command -v debootstrap >/dev/null || skip "the packages are made; debootstrap is not installed, so that they were not installed anywhere"
((EUID == 0)) || skip "the packages are made; debootstrap takes root, so that they were not installed anywhere"
unshare --mount --pid --fork true 2>/dev/null || skip "the packages are made; no namespaces can be made here to install them in"

[[ -n $mirror ]] || skip "the packages are made; this machine knows no source of Debian 12: set DEBIAN_MIRROR"

step "a bare Debian 12"
debootstrap --variant=minbase bookworm "$root" "$mirror" >"$work/log" 2>&1 ||
  skip "the packages are made; debootstrap could not make a bare Debian from $mirror: $(tail -n 1 "$work/log")"
printf '#!/bin/sh\nexit 101\n' >"$root/usr/sbin/policy-rc.d" # no package starts a service
chmod 755 "$root/usr/sbin/policy-rc.d"
cp /etc/resolv.conf "$root/etc/resolv.conf"
# inside COMMAND...: in the root, with processes and mounts of its own, which end with it
inside() {
  # shellcheck disable=SC2016
  unshare --mount --pid --fork --kill-child bash -c '
    set -e
    mount --make-rprivate /
    mount -t proc proc "$0/proc"
    mount -t sysfs -o ro sysfs "$0/sys"
    mount --rbind /dev "$0/dev"
    mount -t tmpfs -o size=1g tmpfs "$0/dev/shm" 2>/dev/null || mount -t tmpfs tmpfs "$0/dev/shm"
    exec chroot "$0" env -i PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/root \
      DEBIAN_FRONTEND=noninteractive LC_ALL=C.UTF-8 "$@"' "$root" "$@" </dev/null
}
quietly() { "$@" >"$work/log" 2>&1 || fail "$*: $(tail -n 30 "$work/log")"; }

step "apt installs the program with what it recommends"
mkdir "$root/packages" && cp "$work"/packages/*.deb "$root/packages"
quietly inside apt-get -q update
inside dpkg-query -W -f '${Package}\n' | sort >"$work/before"
quietly inside apt-get -q -y install "/packages/$(basename "$program")"
inside smlaunch --version
doctor=$(inside smlaunch doctor)
echo "$doctor"
for line in "Open MPI    fine" "ssh         fine" "libcurl     fine" "libarchive  fine"; do assert_contains "$doctor" "$line"; done
inside smlaunch --version --verbose
inside bash -c 'source /usr/share/bash-completion/completions/smlaunch
  COMP_WORDS=(smlaunch --smo) COMP_CWORD=1 && _smlaunch && echo "${COMPREPLY[*]}"' >"$work/completed"
assert_contains "$(<"$work/completed")" "--smoke-timeout"

step "the job of examples/digits, by four ranks"
quietly inside apt-get -q -y install --no-install-recommends python3-numpy python3-mpi4py
mkdir -p "$root/opt/ml"
cp -r "$source/examples/digits/opt-ml/." "$root/opt/ml"
inside smlaunch --python /usr/bin/python3 --smoke-timeout 600 >"$work/out" 2>"$work/err" || fail "the job: $(cat "$work/out" "$work/err")"
cat "$work/err"
assert_contains "$(<"$work/out")" "accuracy"
assert_contains "$(<"$work/err")" "smoke test: pass"
[[ -e $root/opt/ml/output/success ]] || fail "there is no success file"

step "a program with the library"
quietly inside apt-get -q -y install --no-install-recommends g++ cmake make pkg-config "/packages/$(basename "$library")"
mkdir "$root/use" && cp -r "$source/examples/library/." "$root/use"
quietly inside cmake -S /use -B /use/build
quietly inside cmake --build /use/build
quietly inside bash -c 'echo "#include <smlaunch/contract.hpp>
int main() {}" >/use/pc.cpp && g++ -std=c++20 /use/pc.cpp $(pkg-config --cflags --libs smlaunch) -o /use/pc && /use/pc'

step "removed, nothing of it is left"
quietly inside apt-get -q -y purge smlaunch libsmlaunch-dev
left=$(find "$root/usr" "$root/etc" "$root/var/lib/dpkg/info" -iname '*smlaunch*')
[[ -z $left ]] || fail "left: $left"
