#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# What the watch over a host's devices costs while a job runs: the processor time of its thread in the first agent. Budget:
# 1 ms a second. On a machine with GPUs that is with NVML.
# usage: bench/watch_bench.sh SMLAUNCH [SECONDS]
set -euo pipefail

# shellcheck source=bench/compare.sh
source "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/compare.sh"
smlaunch=$(readlink -f "$1")
seconds=${2:-20}
work=$(mktemp -d)
started=
finish() {
  [[ -z $started ]] || kill "$started" 2>/dev/null || :
  wait || :
  rm -rf "$work"
}
trap finish EXIT
cd "$work"

SMLAUNCH_SMOKE=off "$smlaunch" -q --base-dir "$work/none" --hosts localhost:1 --launcher ddp -- sleep 600 >out 2>err &
started=$!
agent=
threads() { local all=("/proc/$agent/task"/*); echo "${#all[@]}"; }
until [[ -n $agent ]] && (($(threads) > 1)); do
  kill -0 "$started" 2>/dev/null || { cat err >&2; exit 1; }
  sleep 0.1
  agent=$(pgrep -P "$started" | head -n 1 || :)
done
for thread in "/proc/$agent/task"/*; do [[ ${thread##*/} == "$agent" ]] || break; done
sleep 2 # the first look opens NVML
spent() { cut -d ' ' -f 1 "$thread/schedstat"; }
before=$(spent)
sleep "$seconds"
ms=$(awk -v spent="$(($(spent) - before))" -v seconds="$seconds" 'BEGIN { printf "%.3f", spent / 1e6 / seconds }')
measure="the watch over a host's devices, of one core in a second"
record "$measure" ms smlaunch "$ms"
record_budget "$measure" value 1
awk -v ms="$ms" 'BEGIN {
  printf "%.2f ms of one core a second; budget 1: %s\n", ms, ms <= 1 ? "kept" : "NOT KEPT" }'
