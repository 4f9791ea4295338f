#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The wheel: it needs no library but glibc 2.34's and libgcc_s; pip installs it on a bare Debian 12, the commands behave
# as the program, a job of three hosts runs, hosts with another virtual environment are told from hosts without, and
# nothing is left when it is removed.
# usage: wheel_test.sh FOLDER     where ./dev wheel has put the wheel and the sources that it is built from
# shellcheck source=tests/package/bare_debian.sh
source "$(dirname "${BASH_SOURCE[0]}")/bare_debian.sh"

folder=${1:?the folder of the wheel}
shopt -s nullglob
wheels=("$folder"/smlaunch-*.whl) sources=("$folder"/smlaunch-*.tar.gz)
((${#wheels[@]} == 1 && ${#sources[@]} == 1)) || skip "there is no wheel: ./dev wheel builds it"
wheel=${wheels[0]}

step "what it is, and for whom"
ls -l "$wheel" "${sources[0]}"
[[ $wheel =~ -py3-none-.*manylinux_2_([0-9]+)_x86_64\.whl$ ]] || fail "it is not for every Python 3 of x86-64: $wheel"
((BASH_REMATCH[1] <= 34)) || fail "it needs glibc 2.${BASH_REMATCH[1]}"
(($(stat -c %s "$wheel") < 15000000)) || fail "it is larger than 15 MB"
if [[ -x ${folder%/dist}/tools/bin/auditwheel ]]; then "${folder%/dist}/tools/bin/auditwheel" show "$wheel"; fi

step "what it holds and needs"
mkdir "$work/wheel"
python3 -m zipfile -e "$wheel" "$work/wheel"
for file in smlaunch/program.py smlaunch/drivers/smlaunch_driver.py smlaunch/sagemaker_training/environment.py \
  smlaunch-*.data/scripts/smlaunch smlaunch-*.data/scripts/train smlaunch-*.data/data/share/man/man1/smlaunch.1.gz \
  smlaunch-*.dist-info/licenses/LICENSE smlaunch-*.dist-info/licenses/packaging/third-party.txt; do
  # shellcheck disable=SC2086
  (cd "$work/wheel" && ls $file >/dev/null) || fail "it holds no $file"
done
for program in "$work"/wheel/smlaunch-*.data/scripts/*; do
  needed=$(objdump -p "$program" | awk '$1 == "NEEDED" {print $2}' | sort)
  for library in $needed; do
    case $library in
      libc.so.6 | libm.so.6 | libgcc_s.so.1 | ld-linux-x86-64.so.2 | libpthread.so.0 | libdl.so.2 | libanl.so.1) ;;
      *) fail "$program needs $library" ;;
    esac
  done
  newest=$(objdump -T "$program" | grep -o 'GLIBC_[0-9.]*' | sort -Vu | tail -n 1)
  echo "$(basename "$program"): $(stat -c %s "$program") bytes, $newest, $(paste -sd' ' <<<"$needed")"
  [[ $(printf '%s\n' "$newest" GLIBC_2.34 | sort -V | tail -n 1) == GLIBC_2.34 ]] || fail "$program needs $newest"
done
# From the oldest Python on that it is for.
find "$work/wheel" -name '*.py' -exec python3 -c '
import ast, sys
for file in sys.argv[1:]:
    with open(file, encoding="utf-8") as text:
        ast.parse(text.read(), file, feature_version=(3, 8))' {} +

bare_debian "the wheel is made"
quietly inside apt-get -q -y install --no-install-recommends python3-venv
mkdir "$root/wheel" && cp "$wheel" "$root/wheel"
bin=/opt/venv/bin

step "pip installs it where there is nothing of what it is made of"
[[ -z $(find "$root/usr/lib" -name 'libhwloc*' -o -name 'libfmt*' -o -name 'libcurl*' -o -name 'libarchive*') ]] ||
  fail "the bare Debian has libraries that it should do without"
inside python3 -m venv /opt/venv
find "$root/opt/venv" ! -type d | sort >"$work/before"
quietly inside $bin/pip install --no-index "/wheel/$(basename "$wheel")"
inside $bin/smlaunch --version --verbose
doctor=$(inside $bin/smlaunch doctor) || :
echo "$doctor"
assert_contains "$doctor" "OpenSSL     fine      in this program"
assert_contains "$doctor" "libcurl     "
assert_contains "$doctor" "libarchive  "
assert_contains "$(inside $bin/smlaunch topology)" "NUMA"

step "it opens no plugin of the system's hwloc"
mkdir -p "$root/usr/lib/x86_64-linux-gnu/hwloc"
cp "$root/lib/x86_64-linux-gnu/libm.so.6" "$root/usr/lib/x86_64-linux-gnu/hwloc/hwloc_test.so"
said=$(inside env HWLOC_PLUGINS_VERBOSE=1 $bin/smlaunch topology 2>&1)
assert_contains "$said" "hwloc: Starting plugin dlforeach"
assert_lacks "$said" "hwloc_test"
rm -r "$root/usr/lib/x86_64-linux-gnu/hwloc"

step "train is the program under that name, with the same process id"
inside mkdir -p /opt/ml/code /opt/ml/input/config
echo '{"sagemaker_program": "job.py"}' >"$root/opt/ml/input/config/hyperparameters.json"
echo '{"current_host": "algo-1", "hosts": ["algo-1"], "network_interface_name": "lo"}' >"$root/opt/ml/input/config/resourceconfig.json"
cat >"$root/opt/ml/code/job.py" <<'PYTHON'
import os, signal, time
print("pid 1 is", os.readlink("/proc/1/exe"), "called", open("/proc/1/cmdline", "rb").read().split(b"\0")[0].decode())
os.kill(1, signal.SIGTERM)
time.sleep(600)
PYTHON
status=0
inside $bin/train --python /usr/bin/python3 >"$work/out" 2>&1 || status=$?
cat "$work/out"
assert_contains "$(<"$work/out")" "pid 1 is $bin/smlaunch called train"
((status == 143)) || fail "SIGTERM to PID 1 ended it with $status"
rm -r "$root/opt/ml"

step "the Python package finds the program of its own environment"
assert_contains "$(inside $bin/python -c 'from smlaunch import program; print(program.find_program())')" "$bin/smlaunch"
inside $bin/python -c 'from smlaunch.sagemaker_training import environment, entry_point'

step "with Open MPI and SSH: the job of examples/digits on three hosts"
quietly inside apt-get -q -y install --no-install-recommends openmpi-bin openssh-client
three_hosts $bin /opt/venv /opt/other
assert_contains "$(<"$work/out")" "no smlaunch at $bin/smlaunch there, but at /opt/other/bin/smlaunch"
assert_contains "$(<"$work/out")" "ln -s /opt/other/bin/smlaunch $bin"

step "removed, nothing of it is left"
quietly inside $bin/pip uninstall -y smlaunch
left=$(find "$root/opt/venv" ! -type d | sort | comm -13 "$work/before" - | grep -v __pycache__) || :
[[ -z $left ]] || fail "left: $left"
