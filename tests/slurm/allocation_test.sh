#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# In a Slurm job the program alone is the command: hosts and ranks come from the allocation, srun reaches the hosts, and
# no host has an sshd.
# shellcheck source=tests/cluster/lib.sh
source "$(dirname "$0")/../cluster/lib.sh"
# shellcheck disable=SC2034 # it is lib.sh's
cluster=$(dirname "$(readlink -f "$0")")/slurm-cluster
smlaunch=${SMLAUNCH:?the program under test}
cluster_up 3
# A node of Slurm's is no container of SageMaker's.
for name in "${hosts[@]}"; do host "$name" sh -c "umount -l /opt/ml; rmdir /opt/ml"; done

# shellcheck disable=SC2016
tell='echo "$RANK of $WORLD_SIZE, local rank $LOCAL_RANK, on $(hostname)"'
allocated() { run 120 host algo-1 salloc --quiet "$@"; }
sorted() { sort "$scratch/out"; }
two_each='[0 algo-1] 0 of 6, local rank 0, on algo-1
[1 algo-1] 1 of 6, local rank 1, on algo-1
[2 algo-2] 2 of 6, local rank 0, on algo-2
[3 algo-2] 3 of 6, local rank 1, on algo-2
[4 algo-3] 4 of 6, local rank 0, on algo-3
[5 algo-3] 5 of 6, local rank 1, on algo-3'

step "no host lets anybody in by SSH"
run 10 host algo-1 ssh -o BatchMode=yes algo-2 true
assert_eq 255 "$status"

for launcher in mpi ddp; do
  step "under salloc, launcher $launcher"
  allocated -N3 --ntasks-per-node=2 "$smlaunch" --launcher "$launcher" -- sh -c "$tell"
  assert_eq "0 $two_each" "$status $(sorted)"
done

step "the plan says where the hosts come from"
allocated -N3 --ntasks-per-node=2 "$smlaunch" --dry-run --format json -- true
assert_eq 0 "$status"
assert_contains "$(jq -r .sources.hosts <<<"$out")" "SLURM_JOB_NODELIST"
assert_eq "SLURM_TASKS_PER_NODE" "$(jq -r .sources.processes_per_host <<<"$out")"
assert_eq "algo-1 algo-2 algo-3" "$(jq -r '[.hosts[].name] | join(" ")' <<<"$out")"

step "readiness is one step for all hosts"
allocated -N3 "$smlaunch" ready --format json
assert_eq 0 "$status"
assert_eq "true ready ready ready" "$(jq -r '[.ready, .hosts[].state] | join(" ")' <<<"$out")"

# shellcheck disable=SC2317
is_over() { [[ -z $(host algo-1 squeue --noheader --jobs "$1" --states pending,running,completing 2>/dev/null) ]]; }
batch() { # EXAMPLE N OPTION... ARG...: with N options for sbatch; what it prints, in /tmp/EXAMPLE.out of algo-1
  host algo-1 tee "/tmp/$1" <"$(dirname "$0")/../../examples/slurm/$1" >/dev/null
  run 60 host algo-1 env SMLAUNCH="$smlaunch" sbatch --parsable --output="/tmp/$1.out" "${@:3:$2}" "/tmp/$1" "${@:3+$2}"
  assert_eq 0 "$status"
  eventually 120 is_over "$out"
}

step "the examples, in batch scripts whose numbers are no numbers for our steps"
batch ddp.sbatch 1 -N3 sh -c "$tell"
assert_eq "$two_each" "$(host algo-1 grep '^\[' /tmp/ddp.sbatch.out | sort)"
batch mpi.sbatch 0
assert_eq "[0 algo-1] algo-1
[1 algo-1] algo-1
[2 algo-2] algo-2
[3 algo-2] algo-2" "$(host algo-1 grep '^\[' /tmp/mpi.sbatch.out | sort)"

step "torchrun on each node is a task of srun's"
if command -v torchrun >/dev/null; then
  # shellcheck disable=SC2016
  batch torchrun.sbatch 1 --ntasks-per-node=2 sh -c 'echo "$RANK of $WORLD_SIZE, local rank $LOCAL_RANK, on $(hostname)"'
  assert_eq "0 of 4, local rank 0, on algo-1
1 of 4, local rank 1, on algo-1
2 of 4, local rank 0, on algo-2
3 of 4, local rank 1, on algo-2" "$(host algo-1 sed -n 's/^\[[^]]*\].*\([0-9] of\)/\1/p' /tmp/torchrun.sbatch.out | sort)"
fi

step "without hosts that are excluded, led by a host that runs no rank"
allocated -N3 "$smlaunch" --exclude algo-1 --launcher ddp -- sh -c "$tell"
assert_eq 0 "$status"
assert_eq "[0 algo-2] 0 of 2, local rank 0, on algo-2
[1 algo-3] 1 of 2, local rank 0, on algo-3" "$(sorted)"

step "a rank's own exit code comes through"
# shellcheck disable=SC2016
allocated -N3 "$smlaunch" -- sh -c '[ "$RANK" != 2 ] || exit 7; sleep 60'
assert_eq 7 "$status"
assert_contains "$err" "rank 2"
for name in "${hosts[@]}"; do assert_no_process_left "$name" '(^| )sleep 60|orted' 10; done

step "ranks that talk MPI"
if python3 -c 'import mpi4py' 2>/dev/null; then
  allocated -N3 --ntasks-per-node=2 "$smlaunch" --launcher mpi --python "$(command -v python3)" -- \
    python3 -c 'from mpi4py import MPI; print(MPI.COMM_WORLD.allreduce(MPI.COMM_WORLD.rank))'
  assert_eq "0 6" "$status $(grep -c '\] 15$' "$scratch/out")"
fi

step "a step of several tasks on a host would start its ranks several times"
run 60 host algo-1 srun -N2 -n4 "$smlaunch" -- true
assert_contains "$err" "this step of Slurm's job"
assert_contains "$err" "once, without srun"

step "--scheduler none is a job of this host alone"
allocated -N3 "$smlaunch" --scheduler none --dry-run --format json -- true
assert_eq "0 algo-1" "$status $(jq -r '[.hosts[].name] | join(" ")' <<<"$out")"
