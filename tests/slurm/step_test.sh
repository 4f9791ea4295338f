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

step "several tasks on a node are answered with what to write"
run 60 host algo-1 srun -N3 --ntasks-per-node=2 "$smlaunch" -- true
assert_eq 64 "$status"
assert_contains "$err" "srun --nodes=3 --ntasks=3 --ntasks-per-node=1 smlaunch --processes-per-host N -- PROGRAM"

step "the code of the rank that failed is everybody's"
# shellcheck disable=SC2016
run 60 host algo-1 srun -N3 --ntasks-per-node=1 "$smlaunch" -- sh -c '[ "$RANK" != 2 ] || exit 7; exec sleep 1000'
assert_eq 7 "$status"
assert_contains "$err" "rank 2 on algo-3"

step "scancel reaches every task at once: that is one stop"
# shellcheck disable=SC2016
host algo-1 srun -N3 --ntasks-per-node=1 "$smlaunch" -- \
  bash -c 'trap "echo saved \$RANK; exit 0" TERM; echo waiting; while :; do sleep 0.1; done' \
  >"$scratch/out" 2>"$scratch/err" </dev/null &
job=$!
all_wait() { (($(grep -c waiting "$scratch/out") == 3)); }
eventually 30 all_wait
host algo-1 sh -c 'scancel --signal=TERM $(squeue --noheader --format=%A)'
wait "$job" || :
assert_eq 3 "$(grep -c saved "$scratch/out")"
assert_contains "$(<"$scratch/err")" "stopped by SIGTERM"
