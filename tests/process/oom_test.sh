#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Out of memory is what the kernel did, and when: in a cgroup of little memory.
source "$(dirname "$0")/lib.sh"
needs python3

group=/sys/fs/cgroup/memory/smlaunch-test.$$ limit=memory.limit_in_bytes
[[ -d /sys/fs/cgroup/memory ]] || group=/sys/fs/cgroup/smlaunch-test.$$ limit=memory.max
mkdir "$group" 2>/dev/null || skip "no memory cgroup can be made here"
leave() { local status=$?; rmdir "$group" 2>/dev/null; (exit "$status"); finish; }
trap leave EXIT
{ echo 200M >"$group/$limit"; } 2>/dev/null || skip "the memory of a cgroup cannot be limited here"
for swap in memory.memsw.limit_in_bytes memory.swap.max; do
  if [[ -e $group/$swap ]]; then echo 200M >"$group/$swap"; fi
done

container
hyperparameters '{"sagemaker_program": "train.py"}'

step "the kernel kills the rank"
printf 'x = []\nwhile True: x.append(bytearray(b"x" * 10_000_000))\n' >"$base/code/train.py"
run /bin/sh -c 'echo $$ >"$0/cgroup.procs"; exec "$@"' "$group" "$smlaunch"
assert_eq 137 "$status"
assert_contains "$(tail -n 1 "$scratch/err")" "was killed by signal 9 (SIGKILL)"
assert_contains "$(tail -n 1 "$scratch/err")" ": out of memory: the kernel killed it"

step "somebody kills it"
echo 'import os; os.kill(os.getpid(), 9)' >"$base/code/train.py"
run /bin/sh -c 'echo $$ >"$0/cgroup.procs"; exec "$@"' "$group" "$smlaunch"
assert_eq 137 "$status"
[[ $(tail -n 1 "$scratch/err") != *memory* ]] || fail "$err"
