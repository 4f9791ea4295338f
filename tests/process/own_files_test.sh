#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Files that are named for the report and the events may be devices, links or pipes: these stay what they are. Closed
# streams, a relative interpreter and a folder given to mpirun are no reason to fail; too few descriptors are one.
source "$(dirname "$0")/lib.sh"

step "a report to a device, through a link, into a pipe that nobody reads"
container
hyperparameters '{}'
run "$smlaunch" --hosts localhost:1 --launcher process --report /dev/null -- /bin/true
assert_eq 0 "$status"
[[ -c /dev/null ]] || fail "/dev/null is no device any more"
echo before >"$scratch/target"
ln -s "$scratch/target" "$scratch/link"
run "$smlaunch" --hosts localhost:1 --launcher process --report "$scratch/link" -- /bin/true
assert_eq 0 "$status"
[[ -L $scratch/link ]] || fail "the link was replaced"
assert_eq '"success"' "$(jq .outcome "$scratch/target")"
mkfifo "$scratch/pipe"
run "$smlaunch" --hosts localhost:1 --launcher process --events "$scratch/pipe" --report "$scratch/pipe" -- /bin/true
assert_eq 0 "$status"
[[ -p $scratch/pipe ]] || fail "the pipe was replaced"

step "closed streams"
run bash -c '"$0" --hosts localhost:2 --launcher ddp -- /bin/true <&- >&- 2>&-' "$smlaunch"
assert_eq 0 "$status"

step "a relative interpreter, from the folder where it was typed"
mkdir -p "$scratch/venv/bin"
printf '#!/bin/sh\necho "$0"\n' >"$scratch/venv/bin/python3"
chmod +x "$scratch/venv/bin/python3"
touch "$base/code/train.py"
cd "$scratch"
run "$smlaunch" --hosts localhost:1 --launcher process --python venv/bin/python3 -- "$base/code/train.py"
assert_eq 0 "$status"
assert_eq "$scratch/venv/bin/python3" "$out"

if command -v mpirun >/dev/null; then
  step "a folder given to mpirun"
  run "$smlaunch" --hosts localhost:2 --launcher mpi --mpi-options "-wdir $scratch/venv" -- /bin/pwd
  assert_eq 0 "$status"
  assert_eq 2 "$(grep -c "$scratch/venv$" <<<"$out")"

  step "arguments that are too long for mpirun arrive"
  long=$(head -c 60000 /dev/zero | tr '\0' x)
  run "$smlaunch" --hosts localhost:2 --launcher mpi -- /bin/sh -c 'echo "${#1} ${#2} ${#3}"' sh "$long" "$long" "$long"
  assert_eq 0 "$status"
  assert_eq 2 "$(grep -c '60000 60000 60000$' <<<"$out")"
else
  echo "mpirun is not installed: without its options"
fi

step "too few file descriptors are said before anything starts"
run bash -c 'ulimit -n 100; exec "$0" --hosts localhost:60 --launcher ddp -- /bin/echo never' "$smlaunch"
assert_eq 71 "$status"
assert_eq "" "$out"
assert_contains "$err" "open files: 60 ranks need 368 file descriptors here, the limit is 100; raise it: ulimit -Hn, or \
LimitNOFILE= of the service"
