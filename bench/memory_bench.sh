#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# What the leader keeps for each rank: its largest size with 10, 100 and 1,000 ranks on this host, each with its agent and
# its connection, each printing a thousand lines.
# usage: bench/memory_bench.sh SMLAUNCH PRINT_LINES [RANKS...]
set -euo pipefail

# The job alone is measured; what the smoke test adds, smoke_bench.sh says.
export SMLAUNCH_SMOKE=off SMLAUNCH_CLUSTER_ENV=SMLAUNCH_SMOKE=off

# shellcheck source=bench/compare.sh
source "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/compare.sh"
smlaunch=$(readlink -f "$1")
print_lines=$(readlink -f "$2")
shift 2
if (($# == 0)); then set -- 10 100 1000; fi
[[ -x /usr/bin/time ]] || { echo "memory: not measured: no /usr/bin/time"; exit 0; }
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
before=
for ranks; do
  /usr/bin/time -f '%M %e' -o memory "$smlaunch" -q --base-dir "$work/none" --hosts "localhost:$ranks" --launcher ddp -- \
    "$print_lines" 1000 >out 2>err || { cat err >&2; exit 1; }
  read -r kilobytes seconds < <(tail -n 1 memory)
  record "the leader's memory" MiB "$ranks ranks" "$(awk "BEGIN {printf \"%.1f\", $kilobytes / 1024}")"
  awk -v ranks="$ranks" -v kb="$kilobytes" -v seconds="$seconds" -v lines="$(wc -l <out)" -v before="$before" 'BEGIN {
    printf "%5d ranks: %6.1f MiB, %5.1f s in all, %d of %d lines", ranks, kb / 1024, seconds, lines, ranks * 1000
    if (before != "") { split(before, b, " "); printf ", %.1f KiB for each further rank", (kb - b[2]) / (ranks - b[1]) }
    print "" }'
  before="$ranks $kilobytes"
done
