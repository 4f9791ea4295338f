#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Ranks that speak no MPI are the tasks of one step of srun: no node has an Open MPI, none has an sshd.
# shellcheck source=tests/cluster/lib.sh
source "$(dirname "$0")/../cluster/lib.sh"
# shellcheck disable=SC2034 # it is lib.sh's
cluster=$(dirname "$(readlink -f "$0")")/slurm-cluster
smlaunch=${SMLAUNCH:?the program under test}
ddp=("$smlaunch" --launcher ddp)
# Slurm must not be the first to see that a node is lost, and lets ranks end in their time.
export SMLAUNCH_SLURM_CONF=$'SlurmdTimeout=300\nKillWait=30'
cluster_up 3
# A node of Slurm's is no container of SageMaker's.
prepare() {
  # shellcheck disable=SC2016
  host "$1" sh -c 'umount -l /opt/ml; rmdir /opt/ml
    for name in mpirun orted; do
      ! file=$(command -v $name) || mount --bind /dev/null "$(readlink -f "$file")"
    done'
}
for name in "${hosts[@]}"; do prepare "$name"; done

# shellcheck disable=SC2016
tell='echo "$RANK of $WORLD_SIZE, local rank $LOCAL_RANK, node $NODE_RANK, Slurm says $SLURM_PROCID $SLURM_LOCALID $SLURM_NODEID of $SLURM_NTASKS, $SLURM_CPUS_PER_TASK CPUs, on $(hostname), MASTER_ADDR $MASTER_ADDR"'
allocated() { run 120 host algo-1 salloc --quiet "$@"; }
sorted() { sort "$scratch/out"; }
line() { # RANK LOCAL NODE WORLD
  echo "[$1 algo-$(($3 + 1))] $1 of $4, local rank $2, node $3, Slurm says $1 $2 $3 of $4, ${5:-} CPUs, on algo-$(($3 + 1)), MASTER_ADDR algo-1"
}

step "no Open MPI is there"
run 10 host algo-2 mpirun true
((status > 100)) || fail "mpirun ended with $status"

step "ddp on three nodes: a rank is a task, and Slurm's own variables say the same as ours"
allocated -N3 --ntasks-per-node=2 "${ddp[@]}" -- sh -c "$tell"
assert_eq "0 $(for rank in 0 1 2 3 4 5; do line $rank $((rank % 2)) $((rank / 2)) 6; done)" "$status $(sorted)"

step "the plan says so, and what it shows needs no Slurm's shell"
allocated -N3 --ntasks-per-node=2 "${ddp[@]}" --dry-run --format json -- true
assert_eq '["srun","srun",null]' "$(jq -c '[.engine, .command[0], .smoke]' <<<"$out")"
assert_contains "$(jq -r '.command[]' <<<"$out")" "--nodelist=algo-1,algo-1,algo-2,algo-2,algo-3,algo-3"

step "uneven ranks, more of them than CPUs, and what the job's options tell programs"
allocated -n5 -N3 --cpus-per-task=1 "${ddp[@]}" -- sh -c "$tell"
assert_eq "0 $(line 0 0 0 5 1)
$(line 1 1 0 5 1)
$(line 2 2 0 5 1)
$(line 3 0 1 5 1)
$(line 4 0 2 5 1)" "$status $(sorted)"
allocated -N3 "${ddp[@]}" --processes-per-host 6 -- sh -c "$tell"
assert_eq "0 18" "$status $(sort -u "$scratch/out" | wc -l)"

step "a rank that fails stops the others, and its code is the job's"
# shellcheck disable=SC2016
allocated -N3 "${ddp[@]}" --failure-grace 1 -- sh -c '[ "$RANK" != 2 ] || { echo "no such file: data" >&2; exit 7; }; exec sleep 300'
assert_eq 7 "$status"
assert_contains "$err" "rank 2 on algo-3 exited with code 7"
for name in "${hosts[@]}"; do assert_no_process_left "$name" '(^| )sleep 300|smlaunch rank' 10; done

step "a job that is tried again is another step"
# shellcheck disable=SC2016
allocated -N3 "${ddp[@]}" --max-restarts 1 --restart-on 9 -- sh -c '[ "$RESTART_COUNT" = 1 ] || exit 9; echo "again $RANK"'
assert_eq "0 3" "$status $(grep -c again "$scratch/out")"

# shellcheck disable=SC2317
is_over() { [[ -z $(host algo-1 squeue --noheader --jobs "$job" --states pending,running,completing 2>/dev/null) ]]; }
# shellcheck disable=SC2317
in_output() { (($(host algo-1 grep -c "$2" /tmp/out) == $1)) || { host algo-1 cat /tmp/out; false; }; }
submit() { # OPTION...: a job whose ranks take a second to save when they are told to end
  host algo-1 rm -f /tmp/out
  host algo-1 tee /tmp/job.sh >/dev/null <<END
#!/bin/sh
"$smlaunch" --launcher ddp --failure-grace 0.5 -- bash -c 'trap "echo saving; sleep 1; echo saved; exit 0" TERM; echo up; while :; do sleep 0.05; done'
echo "smlaunch ended with \$?"
END
  run 60 host algo-1 sbatch --parsable -N3 --output=/tmp/out "$@" /tmp/job.sh
  assert_eq 0 "$status"
  job=$out
  eventually 60 in_output 3 'up$'
}

step "scancel: that is one stop, and the ranks have Slurm's time for it, not that after a failure"
submit
host algo-1 scancel "$job"
eventually 60 in_output 3 'saved$'
eventually 30 in_output 1 'smlaunch: stopped by SIGTERM'
eventually 30 is_over
for name in "${hosts[@]}"; do assert_no_process_left "$name" 'trap .echo saving|smlaunch rank' 10; done

step "the end of the time limit"
submit --time=10
host algo-1 scontrol update "JobId=$job" EndTime=now
eventually 60 in_output 3 'saved$'
eventually 30 in_output 1 'smlaunch: stopped by SIGTERM'
assert_contains "$(host algo-1 cat /tmp/out)" "DUE TO TIME LIMIT"
eventually 60 is_over

step "a node that is drained ends its job first, and takes no other"
submit
host algo-1 scontrol update NodeName=algo-3 State=DRAIN Reason=test
eventually 30 eval '[[ $(host algo-1 sinfo --noheader --nodes=algo-3 --format=%T) == draining ]]'
assert_eq 3 "$(host algo-1 grep -c 'up$' /tmp/out)"
run 60 host algo-1 srun --jobid "$job" --overlap -N1 -n1 -w algo-3 true
assert_eq 0 "$status"
host algo-1 scancel "$job"
eventually 30 in_output 1 'smlaunch: stopped by SIGTERM'
eventually 60 is_over
run 20 host algo-1 salloc --immediate=3 -N3 "${ddp[@]}" -- true
((status != 0)) || fail "a drained node ran a job"
allocated -N2 "${ddp[@]}" -- sh -c "$tell"
assert_eq 0 "$status"
host algo-1 scontrol update NodeName=algo-3 State=RESUME

step "a node that dies is named long before Slurm sees it, and the others' ranks are ended"
host algo-1 rm -f /tmp/out # of the step before
host algo-1 sh -c "salloc --quiet -N3 '$smlaunch' --launcher ddp --lost-after 5 --failure-grace 1 -- sh -c 'echo up; exec sleep 300' >/tmp/out 2>/tmp/err; echo \$? >/tmp/status" &
eventually 60 in_output 3 'up$'
"$cluster" kill algo-3
eventually 60 host algo-1 test -s /tmp/status
assert_eq 76 "$(host algo-1 cat /tmp/status)"
assert_contains "$(host algo-1 cat /tmp/err)" "rank 2 on algo-3 was lost"
for name in algo-1 algo-2; do assert_no_process_left "$name" '(^| )sleep 300|smlaunch rank' 15; done
