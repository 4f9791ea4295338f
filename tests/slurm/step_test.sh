#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# `srun smlaunch`, one task on each node: the first leads, and they know each other by munge; without it, by a variable.
# shellcheck source=tests/cluster/lib.sh
source "$(dirname "$0")/../cluster/lib.sh"
# shellcheck disable=SC2034 # it is lib.sh's
cluster=$(dirname "$(readlink -f "$0")")/slurm-cluster
smlaunch=${SMLAUNCH:?the program under test}
cluster_up 3
for name in "${hosts[@]}"; do host "$name" sh -c "umount -l /opt/ml; rmdir /opt/ml"; done

# shellcheck disable=SC2016
tell='echo "$RANK of $WORLD_SIZE on $(hostname)$SMLAUNCH_JOB_TOKEN"'
sorted() { sort "$scratch/out"; }
two_each='[0 algo-1] 0 of 6 on algo-1
[1 algo-1] 1 of 6 on algo-1
[2 algo-2] 2 of 6 on algo-2
[3 algo-2] 3 of 6 on algo-2
[4 algo-3] 4 of 6 on algo-3
[5 algo-3] 5 of 6 on algo-3'

step "one task on each node: task 0 leads, and nobody has set a token"
run 60 host algo-1 srun -N3 --ntasks-per-node=1 "$smlaunch" --processes-per-host 2 -- sh -c "$tell"
assert_eq "0 $two_each" "$status $(sorted)"

step "a user who is not root"
run 60 host algo-1 runuser -u nobody -- srun -N3 --ntasks-per-node=1 --chdir=/tmp "$smlaunch" --processes-per-host 2 -- sh -c "$tell"
assert_eq "0 $two_each" "$status $(sorted)"

step "a token of the user's own, which no rank sees"
run 60 host algo-1 env SMLAUNCH_JOB_TOKEN=0123456789abcdef0123456789abcdef srun -N3 --ntasks-per-node=1 \
  "$smlaunch" --processes-per-host 2 -- sh -c "$tell"
assert_eq "0 $two_each" "$status $(sorted)"

step "a step that has only some hosts of its job: the step's variables count, not the job's"
run 60 host algo-1 salloc --quiet -N3 --ntasks-per-node=2 \
  srun -N2 --relative=1 --ntasks=2 --ntasks-per-node=1 "$smlaunch" --processes-per-host 1 -- sh -c "$tell"
assert_eq "0 [0 algo-2] 0 of 2 on algo-2
[1 algo-3] 1 of 2 on algo-3" "$status $(sorted)"

step "several tasks on a node are answered with what to write"
run 60 host algo-1 srun -N3 --ntasks-per-node=2 "$smlaunch" -- true
assert_eq 64 "$status"
assert_contains "$err" "srun --nodes=3 --ntasks=3 --ntasks-per-node=1 smlaunch --processes-per-host N -- PROGRAM"

step "the code of the rank that failed is everybody's"
# shellcheck disable=SC2016
run 60 host algo-1 srun -N3 --ntasks-per-node=1 "$smlaunch" -- sh -c '[ "$RANK" != 2 ] || exit 7; exec sleep 1000'
assert_eq 7 "$status"
assert_contains "$err" "rank 2 on algo-3"

step "scancel tells every process at once: that is one stop, and no rank is told twice"
# What the leader passes on last, USR1, comes after all else that it has to say.
# shellcheck disable=SC2016
host algo-1 srun -N3 --ntasks-per-node=1 "$smlaunch" -- \
  bash -c 'trap "echo told \$RANK" TERM; trap "exit 0" USR1; echo waiting; echo "$RANK by $(cut -d" " -f4 /proc/$PPID/stat)"
    while :; do sleep 0.1; done' >"$scratch/out" 2>"$scratch/err" </dev/null &
job=$!
all_wait() { (($(grep -c ' by ' "$scratch/out") == 3)); }
eventually 30 all_wait
host algo-1 sh -c 'scancel --signal=TERM $(squeue --noheader --format=%A)'
all_told() { (($(grep told "$scratch/out" | sort -u | wc -l) == 3)) && grep -q "passed on to every rank" "$scratch/err"; }
eventually 30 all_told
host algo-1 kill -USR1 "$(sed -n 's/^\[0 algo-1\] 0 by //p' "$scratch/out")"
wait "$job" || :
assert_eq 3 "$(grep -c told "$scratch/out")"
assert_contains "$(<"$scratch/err")" "stopped by SIGTERM"
