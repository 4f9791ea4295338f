#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# What the all-reduce test adds to a start, on this host and on hosts out of Linux namespaces; and its all-reduce on the
# CPU against a plain MPI_Allreduce loop with the same options, in turn.
# usage: bench/smoke_bench.sh SMLAUNCH ALLREDUCE_LOOP [RUNS]
# Budgets: the test's all-reduce is at least 0.9 times as fast as the loop; a test with 1 MiB on 8 hosts adds at most 0.6 s.
# shellcheck disable=SC2034  # compare reads command_a and command_b
set -euo pipefail

here=$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")
# shellcheck source=bench/compare.sh
source "$here/compare.sh"
smlaunch=$(readlink -f "$1")
loop=$(readlink -f "$2")
runs=${3:-7}
work=$(mktemp -d)
cluster=$here/../tests/cluster/cluster
clean_up() {
  [[ ! -d $work/cluster ]] || "$cluster" down || :
  rm -rf "$work"
}
trap clean_up EXIT
cd "$work"
command -v mpirun >/dev/null && command -v jq >/dev/null || { echo "mpirun or jq is missing: not measured"; exit 0; }
export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1

job=("$smlaunch" -q --base-dir "$work/none" --hosts localhost:4 --launcher mpi)
for bytes in 67108864 1048576; do
  echo "Four ranks on this host, the test with $bytes bytes, $runs runs each, in turn"
  command_a=("${job[@]}" --smoke off -- /bin/true)
  command_b=("${job[@]}" --smoke cpu --smoke-bytes "$bytes" -- /bin/true)
  compare "$runs" "smlaunch --smoke off" "smlaunch --smoke cpu" "four ranks on one host, the test with $((bytes >> 20)) MiB"
  echo
done

# As the plan says that the check is started, without our agents and what they are told.
# Bound as the loop is: not at all.
check=("$smlaunch" smoke --bind none --base-dir "$work/none" --hosts localhost:4 --launcher mpi --smoke cpu)
mapfile -t line < <("$smlaunch" --dry-run --format json --base-dir "$work/none" --hosts localhost:4 --launcher mpi \
  --smoke cpu -- /bin/true | jq -r '.smoke.command[]')
plain=()
for ((i = 0; i < ${#line[@]}; i++)); do
  case ${line[i]} in
    -x) i=$((i + 1)) ;;
    */smlaunch) break ;;
    *) plain+=("${line[i]}") ;;
  esac
done
for bytes in 67108864 1048576; do
  echo "One all-reduce of $bytes bytes over four ranks on this host, median of $runs runs each, in turn"
  ours=() theirs=()
  for ((i = 0; i < runs; i++)); do
    theirs+=("$("${plain[@]}" "$loop" "$bytes" 5 2>/dev/null | sed -n 's/.*median_us //p')")
    ours+=("$("${check[@]}" --smoke-bytes "$bytes" --format json 2>/dev/null | jq .time_us.p50)")
  done
  measure="one all-reduce of $((bytes >> 20)) MiB, four ranks on one host"
  record "$measure" us "MPI_Allreduce loop" "${theirs[@]}"
  record "$measure" us "smlaunch, the test" "${ours[@]}"
  record_budget "$measure" ratio 1.11
  quartiles_of "${theirs[@]}"
  their_median=$median
  printf '%-28s %9.0f us  (quartiles %.0f to %.0f)\n' "MPI_Allreduce loop" "$median" "$lower" "$upper"
  quartiles_of "${ours[@]}"
  printf '%-28s %9.0f us  (quartiles %.0f to %.0f)\n' "the test" "$median" "$lower" "$upper"
  awk "BEGIN {r = $their_median / $median; printf \"speed of the test: %.2f times the loop's; budget: 0.9: %s\n\n\", r, (r >= 0.9 ? \"kept\" : \"EXCEEDED\")}"
done

export SMLAUNCH_CLUSTER_DIR=$work/cluster
# on_hosts HOSTS BYTES...: one rank each
on_hosts() {
  local hosts=$1 bytes status=0 reason list
  shift
  reason=$("$cluster" up "$hosts" --with $$ 2>&1) || status=$?
  if ((status != 0)); then
    echo "$hosts hosts: not measured: $reason"
    return
  fi
  list=$(for ((i = 1; i <= hosts; i++)); do printf '%salgo-%d:1' "$([[ $i -gt 1 ]] && echo ,)" "$i"; done)
  job=("$cluster" exec algo-1 "$smlaunch" -q --hosts "$list" --launcher mpi)
  for bytes; do
    echo "$hosts hosts with one rank each, the test with $bytes bytes, $runs runs each, in turn"
    command_a=("${job[@]}" --smoke off -- /bin/true)
    command_b=("${job[@]}" --smoke cpu --smoke-bytes "$bytes" -- /bin/true)
    compare "$runs" "smlaunch --smoke off" "smlaunch --smoke cpu" \
      "$hosts hosts with one rank each, the test with $((bytes >> 20)) MiB"
    if [[ $hosts/$bytes == 8/1048576 ]]; then kept "the test" 600; fi
    echo
  done
  "$cluster" down
}
on_hosts 4 67108864 1048576
on_hosts 8 1048576
