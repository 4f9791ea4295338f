#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# A run over several hosts against bare mpirun with the same options and ranks, on hosts out of Linux namespaces.
# usage: bench/hosts_bench.sh SMLAUNCH [RUNS]
# Budget: at most bare mpirun + one login + 0.2 s.
# shellcheck disable=SC2034  # compare reads command_a and command_b
set -euo pipefail

# The job alone is measured; what the smoke test adds, smoke_bench.sh says.
export SMLAUNCH_SMOKE=off SMLAUNCH_CLUSTER_ENV=SMLAUNCH_SMOKE=off

here=$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")
# shellcheck source=bench/compare.sh
source "$here/compare.sh"
smlaunch=$(readlink -f "$1")
runs=${2:-7}
cluster=$here/../tests/cluster/cluster
scratch=$(mktemp -d)
export SMLAUNCH_CLUSTER_DIR=$scratch/cluster
clean_up() {
  "$cluster" down || :
  rm -rf "$scratch"
}
trap clean_up EXIT

for hosts in 2 4 8 16 32; do
  status=0
  reason=$("$cluster" up "$hosts" --with $$ 2>&1) || status=$?
  if ((status != 0)); then
    echo "several hosts: not measured: $reason"
    exit 0
  fi
  list=$(for ((i = 1; i <= hosts; i++)); do printf '%salgo-%d:1' "$([[ $i -gt 1 ]] && echo ,)" "$i"; done)
  job=("$smlaunch" -q --hosts "$list" --launcher mpi)
  on_first=("$cluster" exec algo-1)
  # Bare mpirun starts ssh itself.
  line=$("${on_first[@]}" "${job[@]}" -v --dry-run -- /bin/true | sed -n '/^  [^ ]*mpirun /,$p' |
    grep -v -e '^    -x ' -e '^    -mca plm_rsh_agent ' |
    sed 's|[^ ]*smlaunch rank -- ||; s| \\$||')
  eval "command_a=(${on_first[*]} $(tr '\n' ' ' <<<"$line"))"
  command_b=("${on_first[@]}" "${job[@]}" -- /bin/true)
  login=()
  for ((i = 0; i < runs; i++)); do login+=("$(milliseconds "${on_first[@]}" ssh -o BatchMode=yes algo-2 true)"); done
  quartiles_of "${login[@]}"
  echo "$hosts hosts, one rank each, $runs runs each, in turn; one login takes $median ms"
  budget=$(awk "BEGIN {print $median + 200}")
  compare "$runs" "bare mpirun" "smlaunch" "$hosts hosts, one rank each, from start to end"
  kept "over bare mpirun" "$budget"
  echo
  "$cluster" down
done
