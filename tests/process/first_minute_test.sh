#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# What somebody sees who has just installed it: a program runs by its name alone, and where there is no job that is
# explained, not made up.
source "$(dirname "$0")/lib.sh"
needs python3
mkdir -p "$scratch/home"
outside() { run env -u SAGEMAKER_BASE_DIR HOME="$scratch/home" "$@"; }
nothing_made() { [[ -z $(ls -A "$scratch/home") ]] || fail "something was made: $(find "$scratch/home")"; }
cd "$scratch"
printf 'import sys\nprint(sys.argv[1:], flush=True)\nsys.exit(3)\n' >train.py

step "a program by its name, with its own arguments behind it"
outside SMLAUNCH_LOG_FORMAT=text "$smlaunch" --hosts localhost:1 train.py --lr 0.1 -v --help
assert_eq 3 "$status"
assert_eq "['--lr', '0.1', '-v', '--help']" "$out"

step "help, a matter and the version fit a screen, and are no run"
for line in --help help "help hosts" --version; do
  # shellcheck disable=SC2086
  outside "$smlaunch" $line
  assert_eq 0 "$status"
  assert_eq "" "$err"
  (($(wc -l <<<"$out") <= 24)) || fail "more than a screen: $line"
done
nothing_made

step "the doctor looks at this machine, and at named hosts"
outside "$smlaunch" doctor
assert_eq 0 "$status"
assert_contains "$out" "this machine ("
assert_contains "$out" $'\n  Open MPI '
outside "$smlaunch" doctor --hosts nosuchhost.invalid --ready-timeout 1
assert_eq 69 "$status"
assert_contains "$out" $'the hosts\n  nosuchhost.invalid  missing   name: '
outside "$smlaunch" --version --verbose
assert_eq 0 "$status"
assert_contains "$out" "kernels     PTX 6.3 in the program"
nothing_made

step "a slip of the hand is understood"
outside "$smlaunch" --hsots localhost train.py
assert_eq 64 "$status"
assert_eq "smlaunch: command line: --hsots is no option of smlaunch; did you mean --hosts? smlaunch --help-all lists all options" "$err"

[[ ! -e /opt/ml ]] || skip "/opt/ml is there, so there is a job: the explanation was not tried"
step "no job: ten lines, 64, and no folder"
for line in "" --dry-run -q; do
  # shellcheck disable=SC2086
  outside "$smlaunch" $line
  assert_eq 64 "$status"
  assert_eq "" "$out"
  assert_eq 10 "$(wc -l <"$scratch/err")"
  assert_contains "$err" "smlaunch: there is no job here"
  nothing_made
done

step "a program that is not there, or cannot be one: said, and no folder is made"
mkdir empty
outside "$smlaunch" nosuch.py
assert_eq 71 "$status"
assert_eq "smlaunch: $scratch/nosuch.py: does not exist; name a file that is there, or a program on PATH" "$err"
nothing_made
for name in ./nosuch nosuch empty; do
  outside "$smlaunch" -- "$name"
  assert_eq 71 "$status"
  assert_contains "$err" "smlaunch: $scratch/${name#./}: "
  nothing_made
done
assert_contains "$err" "is a folder, and Python finds no __main__.py in it; name the program in it"
rmdir empty

step "under the name train it does as the toolkit: a folder is made"
ln -s "$smlaunch" "$scratch/train"
outside "$scratch/train"
assert_eq 78 "$status"
assert_contains "$err" "names no program to run"
[[ -d $scratch/home/sagemaker_local ]] || fail "no folder was made"
