#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Ranks that print as fast as their lines are taken: lines a second, lines broken or lost, memory; against mpirun's tagged
# output and, where PyTorch is installed, torchrun's tee, in turn in the same minute.
# usage: bench/output_bench.sh SMLAUNCH PRINT_LINES [LINES-A-RANK [RUNS]]
# Budget: at least 1 million lines a second with none broken.
set -euo pipefail

# The job alone is measured; what the smoke test adds, smoke_bench.sh says.
export SMLAUNCH_SMOKE=off SMLAUNCH_CLUSTER_ENV=SMLAUNCH_SMOKE=off

# shellcheck source=bench/compare.sh
source "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/compare.sh"
smlaunch=$(readlink -f "$1")
print_lines=$(readlink -f "$2")
lines=${3:-1000000}
runs=${4:-3}
ranks=4
work=$(mktemp -d "$([[ -w /dev/shm ]] && echo /dev/shm || echo "${TMPDIR:-/tmp}")/smlaunch-bench.XXXXXX")
trap 'rm -rf "$work"' EXIT
cd "$work"
export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1

# Lines that are not one whole line of one rank behind one prefix (that much may be any text), or are missing.
broken() { # PATTERN
  local all whole wanted=$((ranks * lines))
  all=$(wc -l <out)
  whole=$(grep -cE -- "$1" out || :)
  echo $((all - whole + (wanted > whole ? wanted - whole : 0)))
}
measure() { # NAME PATTERN COMMAND...
  local name=$1 pattern=$2 begin end seconds broken; shift 2
  rm -f out
  begin=$EPOCHREALTIME
  /usr/bin/env time -f '%M' -o memory "$@" >out 2>err </dev/null || { cat err >&2; return 1; }
  end=$EPOCHREALTIME
  seconds=$(awk "BEGIN {print $end - $begin}")
  broken=$(broken "$pattern")
  record "lines through the launcher, four ranks" lines/s "$name" "$(awk "BEGIN {printf \"%.0f\", $ranks * $lines / $seconds}")"
  record "lines broken or lost, of $((ranks * lines))" lines "$name" "$broken"
  awk -v name="$name" -v seconds="$seconds" -v total=$((ranks * lines)) -v broken="$broken" \
    -v memory="$(tail -n 1 memory)" 'BEGIN {
      printf "%-36s %6.2f s  %9.0f lines/s  broken or lost %d  memory of its largest process %d MiB\n",
        name, seconds, total / seconds, broken, memory / 1024 }'
}

command -v time >/dev/null 2>&1 || [[ -x /usr/bin/time ]] || { echo "output: not measured: no time(1)"; exit 0; }
echo "$ranks ranks on this host, $lines lines of 75 bytes each, to a file in memory"
for ((i = 0; i < runs; i++)); do
  measure "smlaunch --launcher ddp" '^\[[0-3] localhost] line [0-9]+\.{60}end$' \
    "$smlaunch" -q --base-dir "$work/none" --hosts "localhost:$ranks" --launcher ddp -- "$print_lines" "$lines"
  if command -v mpirun >/dev/null; then
    measure "smlaunch --launcher mpi" '^\[[0-3] localhost] line [0-9]+\.{60}end$' \
      "$smlaunch" -q --base-dir "$work/none" --hosts "localhost:$ranks" --launcher mpi -- "$print_lines" "$lines"
    measure "mpirun --tag-output" '^\[1,[0-3]]<stdout>:line [0-9]+\.{60}end$' \
      mpirun --oversubscribe -np "$ranks" --tag-output "$print_lines" "$lines"
  fi
  if command -v torchrun >/dev/null; then
    measure "torchrun -t 1 -r 1" '^\[[^]]*]:line [0-9]+\.{60}end$' \
      torchrun --nnodes 1 --nproc_per_node "$ranks" -r 1 -t 1 --log_dir "$work/logs" --no_python "$print_lines" "$lines"
  fi
done
