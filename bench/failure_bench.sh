#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# From the moment a rank fails until the launcher has ended and no process of the job is left, on this host and on hosts
# out of Linux namespaces; against bare mpirun, in turn.
# usage: bench/failure_bench.sh SMLAUNCH [RUNS]
# Budget: 2 s + grace (0 here).
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
mkdir "$scratch/shared"
export SMLAUNCH_CLUSTER_BIND=$scratch/shared
cat >"$scratch/shared/rank.sh" <<'END'
#!/bin/bash
# The last rank fails after a second; the others ignore SIGTERM and have a child each.
if [ "${OMPI_COMM_WORLD_RANK:-$RANK}" = 3 ]; then
  sleep 1
  echo "$EPOCHREALTIME" >"$1"
  exit 3
fi
trap '' TERM
sleep 600 &
while :; do sleep 0.05; done
END
chmod +x "$scratch/shared/rank.sh"

# once WHERE COMMAND...: milliseconds from the failure to the end, and whether anything is left then
once() {
  local moment=$scratch/shared/moment end left
  rm -f "$moment"
  "$@" "$scratch/shared/rank.sh" "$moment" >/dev/null 2>&1 </dev/null || :
  end=$EPOCHREALTIME
  left=$(pgrep -cf "$scratch/shared/rank.sh" || :)
  awk -v from="$(<"$moment")" -v to="$end" -v left="$left" 'BEGIN { printf "%.1f %d\n", (to - from) * 1000, left }'
}
measure() { # NAME WHERE COMMAND...
  local name=$1 where=$2 i times=() left=0 result
  shift 2
  for ((i = 0; i < runs; i++)); do
    result=$(once "$@")
    times+=("${result% *}")
    left=$((left + ${result#* }))
  done
  record "from a failure to the end, $where" ms "$name" "${times[@]}"
  quartiles_of "${times[@]}"
  printf '%-22s %-10s %9.1f ms  (quartiles %.1f to %.1f), processes left at its end: %d in %d runs\n' "$name" "$where" "$median" \
    "$lower" "$upper" "$left" "$runs"
}

export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1
echo "One of four ranks exits with code 3; grace 0; $runs runs each"
measure "smlaunch --launcher ddp" "this host" "$smlaunch" -q --base-dir "$scratch/none" --failure-grace 0 \
  --hosts localhost:4 --launcher ddp --
measure "smlaunch --launcher mpi" "this host" "$smlaunch" -q --base-dir "$scratch/none" --failure-grace 0 \
  --hosts localhost:4 --launcher mpi --
measure mpirun "this host" mpirun --oversubscribe -np 4
status=0
reason=$("$cluster" up 4 --with $$ 2>&1) || status=$?
if ((status != 0)); then
  echo "several hosts: not measured: $reason"
  exit 0
fi
list=algo-1:1,algo-2:1,algo-3:1,algo-4:1
measure "smlaunch --launcher mpi" "four hosts" "$cluster" exec algo-1 "$smlaunch" -q --failure-grace 0 --hosts "$list" --launcher mpi --
measure mpirun "four hosts" "$cluster" exec algo-1 mpirun --allow-run-as-root --host "$list" -np 4
