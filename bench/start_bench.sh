#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# What smlaunch costs over running one process bare, and over a bare mpirun with the same options.
# usage: bench/start_bench.sh SMLAUNCH [RUNS]
# shellcheck disable=SC2034  # compare reads command_a and command_b
set -euo pipefail

# The job alone is measured; what the smoke test adds, smoke_bench.sh says.
export SMLAUNCH_SMOKE=off SMLAUNCH_CLUSTER_ENV=SMLAUNCH_SMOKE=off

# shellcheck source=bench/compare.sh
source "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/compare.sh"
smlaunch=$1
runs=${2:-30}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"

echo "One process, $runs runs each, in turn"
command_a=(/bin/true)
command_b=("$smlaunch" --base-dir "$work/none" --hosts localhost --launcher process -- /bin/true)
compare "$runs" "/bin/true" "smlaunch -- /bin/true" "one process, from start to end"
kept "own cost" 30
echo

# The first python3 that is no script: pyenv's would be measured instead of Python.
python=$(type -aP python3 | while read -r each; do [[ $(head -c 2 "$each") == '#!' ]] || { echo "$each" && break; }; done)
if [[ -n $python ]]; then
  echo "One process, its processor time and ours, $runs times ten runs each, in turn"
  command_a=("$python" -c pass)
  command_b=("$smlaunch" --base-dir "$work/none" --hosts localhost --launcher process -- "$python" -c pass)
  meter=cpu_milliseconds
  compare "$runs" "python3 -c pass" "smlaunch -- python3 -c pass" "one process, processor time from start to end"
  kept "own processor time" 12
  meter=milliseconds
  echo
fi

if ! command -v mpirun >/dev/null; then
  echo "No mpirun on PATH: not compared with it"
  exit 0
fi
# The same line without our agents and what they are told.
job=("$smlaunch" --base-dir "$work/none" --hosts localhost:4 --launcher mpi)
line=$("${job[@]}" -v --dry-run -- /bin/true | sed -n '/^  [^ ]*mpirun /,$p' | grep -v '^    -x ' |
  sed 's|[^ ]*smlaunch rank -- ||; s| \\$||')
eval "command_a=($(tr '\n' ' ' <<<"$line"))"
command_b=("${job[@]}" -- /bin/true)
export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1
few=$(((runs + 2) / 3))
echo "Four ranks under mpirun on this host, $few runs each, in turn"
compare "$few" "mpirun, the same options" "smlaunch --launcher mpi" "four ranks on one host, from start to end"
