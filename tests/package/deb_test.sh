#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The Debian packages: lintian finds no error, and on a bare Debian 12 apt installs them, a job of three hosts runs, a
# program is built with the library, and nothing is left when they are removed.
# usage: deb_test.sh BUILD     a built tree
# shellcheck source=tests/package/bare_debian.sh
source "$(dirname "${BASH_SOURCE[0]}")/bare_debian.sh"

build=$(realpath "${1:?the build folder}")

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
assert_lacks "$(dpkg-deb -f "$program" Depends)" libfmt
assert_lacks "$(dpkg-deb -f "$program" Depends)" libstdc++
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

bare_debian "the packages are made"

step "apt installs the program with what it recommends"
mkdir "$root/packages" && cp "$work"/packages/*.deb "$root/packages"
quietly inside apt-get -q -y install "/packages/$(basename "$program")"
inside smlaunch --version
doctor=$(inside smlaunch doctor)
echo "$doctor"
for line in "Open MPI    fine" "ssh         fine" "OpenSSL     fine      can be opened" "libcurl     fine" "libarchive  fine"; do assert_contains "$doctor" "$line"; done
inside smlaunch --version --verbose
inside bash -c 'source /usr/share/bash-completion/completions/smlaunch
  COMP_WORDS=(smlaunch --smo) COMP_CWORD=1 && _smlaunch && echo "${COMPREPLY[*]}"' >"$work/completed"
assert_contains "$(<"$work/completed")" "--smoke-timeout"

step "the job of examples/digits, on three hosts"
three_hosts /usr/bin

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
