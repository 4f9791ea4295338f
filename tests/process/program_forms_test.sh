#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Programs of unusual forms are started where they can be, and else it is said at once why not.
source "$(dirname "$0")/lib.sh"
needs python3
mkdir "$scratch/here"
cd "$scratch/here"

step "a folder with a __main__.py is run by Python; one without is named"
container
mkdir app data
echo 'import sys; print("main of", *sys.argv[1:])' >app/__main__.py
for launcher in process ddp; do
  run "$smlaunch" --hosts localhost:1 --launcher $launcher -- app/ 7
  assert_success
  assert_eq "main of 7" "$out"
done
run "$smlaunch" --hosts localhost:1 -- data/
assert_eq 71 "$status"
assert_contains "$err" "$scratch/here/data/: is a folder, and Python finds no __main__.py in it; name the program in it"

step "a program in a subfolder beside a setup.py"
container
mkdir -p "$base/code/src/pkg" "$base/code/my-dir"
echo 'import os; print("ran", __name__, os.path.basename(__file__))' | tee "$base/code/src/pkg/train.py" >"$base/code/my-dir/train.py"
echo 'from setuptools import setup; setup(name="pkg")' >"$base/code/setup.py"
# shellcheck disable=SC2016
printf '#!/bin/sh\n[ "$2" != pip ] || exit 0\nexec python3 "$@"\n' >"$scratch/python"
chmod +x "$scratch/python"
for program in src/pkg/train.py my-dir/train.py; do
  hyperparameters "{\"sagemaker_program\": \"$program\"}"
  run "$smlaunch" --python "$scratch/python"
  assert_success
  assert_eq "ran __main__ train.py" "$out"
done

step "a script with Windows line endings"
container
printf '#!/bin/sh\r\necho ran\r\n' >windows.sh
chmod +x windows.sh
run "$smlaunch" --hosts localhost:1 -- ./windows.sh
assert_eq 71 "$status"
assert_contains "$err" "windows.sh: its first line ends with CR LF, as Windows writes it"
assert_contains "$err" "dos2unix"

step "the same without an interpreter line"
printf 'echo ran\r\necho again\r\n' >bare.sh
run "$smlaunch" --hosts localhost:1 -- ./bare.sh
assert_eq 71 "$status"
assert_contains "$err" "bare.sh: its lines end with CR LF, as Windows writes them"

step "no program at all"
mkfifo pipe.sh
chmod +x pipe.sh
run "$smlaunch" --hosts localhost:1 -- ./pipe.sh
assert_eq 71 "$status"
assert_contains "$err" "pipe.sh: is a named pipe, not a program"
run "$smlaunch" --hosts localhost:1 -- /dev/null
assert_eq 71 "$status"
assert_contains "$err" "/dev/null: is a device, not a program"

step "a zipapp without an x bit is run by Python"
printf 'import sys\nprint("ran", *sys.argv[1:])\n' >__main__.py
python3 -c 'import zipfile; zipfile.ZipFile("app.pyz", "w").write("__main__.py")'
run "$smlaunch" --hosts localhost:1 -- ./app.pyz 7
assert_success
assert_eq "ran 7" "$out"

step "a script that cannot be made executable is run by its interpreter"
container
mkdir locked
# shellcheck disable=SC2016
printf '#!/bin/sh -e\necho "ran $0 $*"\n' >locked/run.sh
cp "$(type -P true)" locked/true
if unshare -m true 2>/dev/null; then
  for flags in ro noexec; do
    # shellcheck disable=SC2016
    run unshare -m sh -c 'mount --bind locked locked && mount -o remount,bind,"$0" locked && exec "$@"' $flags \
      "$smlaunch" --hosts localhost:1 -- ./locked/run.sh "a b"
    assert_success
    assert_eq "ran ./locked/run.sh a b" "$out"
  done
  # shellcheck disable=SC2016
  run unshare -m sh -c 'mount --bind locked locked && mount -o remount,bind,noexec locked && exec "$@"' sh \
    "$smlaunch" --hosts localhost:1 -- ./locked/true
  assert_eq 71 "$status"
  assert_contains "$err" "Permission denied: its file system is mounted noexec"
fi

step "a program of Python's alone, and what is typed out of habit"
container
echo 'print("bare")' >bare.py
run "$smlaunch" bare.py
assert_success
assert_contains "$out" "bare"
run "$smlaunch" -np 4 bare.py
assert_eq 64 "$status"
assert_eq "smlaunch: command line: -np is no option of smlaunch; say how many ranks each host has: --processes-per-host N" "$err"
run "$smlaunch" --dry-run bare.py --lr 1
assert_eq 0 "$status"
assert_contains "$out" "bare.py --lr 1"
run "$smlaunch" --dry-run ./simulate --steps 1
assert_eq 64 "$status"
assert_contains "$err" "a program and its arguments stand behind --: smlaunch OPTION... -- ./simulate"

step "hosts with blanks and newlines between them; localhost beside others"
run "$smlaunch" --hosts $' localhost:2,\n 127.0.0.1:1 ' --launcher ddp --dry-run --format json -- true
assert_success
assert_eq '[["localhost",2],["127.0.0.1",1]]' "$(jq -c '[.hosts[] | [.name, .ranks]]' <<<"$out")"
run "$smlaunch" --hosts localhost:1,no.such.host.invalid:1 --dry-run -- true
assert_eq 64 "$status"
assert_contains "$err" "'localhost' means another machine to every other host"
