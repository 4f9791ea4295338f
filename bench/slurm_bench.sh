#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# A run over three nodes of a Slurm of its own against srun alone with the same ranks, and against torchrun under srun; the
# allocation (salloc) is in every time.
# usage: bench/slurm_bench.sh SMLAUNCH [RUNS]
# shellcheck disable=SC2034  # compare reads command_a and command_b
set -euo pipefail

here=$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")
# shellcheck source=bench/compare.sh
source "$here/compare.sh"
smlaunch=$(readlink -f "$1")
runs=${2:-7}
cluster=$here/../tests/slurm/slurm-cluster
scratch=$(mktemp -d)
export SMLAUNCH_CLUSTER_DIR=$scratch/cluster
clean_up() {
  "$cluster" down || :
  rm -rf "$scratch"
}
trap clean_up EXIT

status=0
reason=$("$cluster" up 3 --with $$ 2>&1) || status=$?
if ((status != 0)); then
  echo "Slurm: not measured: $reason"
  exit 0
fi
# A node of Slurm's is no container of SageMaker's.
for node in algo-1 algo-2 algo-3; do "$cluster" exec "$node" sh -c 'umount -l /opt/ml; rmdir /opt/ml'; done
# The job alone is measured; what the smoke test adds, smoke_bench.sh says.
job=("$smlaunch" -q --smoke off)

echo "3 nodes, two ranks each, $runs runs each, in turn"
allocated=("$cluster" exec algo-1 salloc --quiet -N3 --ntasks-per-node=2)
command_a=("${allocated[@]}" srun /bin/true)
command_b=("${allocated[@]}" "${job[@]}" --launcher ddp -- /bin/true)
compare "$runs" "srun" "smlaunch, ddp" "three nodes of Slurm, two ranks each, with the allocation"
echo
command -v torchrun >/dev/null || exit 0
# torchrun's children end at once, and it looks after them every 5 s unless it is told otherwise.
# shellcheck disable=SC2016
by_torchrun='export PET_REDIRECTS=1 PET_TEE=1
  exec torchrun --nnodes 3 --nproc_per_node 2 --node_rank $SLURM_NODEID --master_addr algo-1 --master_port 29500 \
    --monitor_interval 0.1 --no_python /bin/true'
allocated=("$cluster" exec algo-1 salloc --quiet -N3 --ntasks-per-node=1)
command_a=("${allocated[@]}" srun sh -c "$by_torchrun")
command_b=("${allocated[@]}" "${job[@]}" --processes-per-host 2 --launcher torchrun -- /bin/true)
compare "$runs" "torchrun by srun" "smlaunch, torchrun" \
  "three nodes of Slurm, torchrun with two ranks each, with the allocation"
