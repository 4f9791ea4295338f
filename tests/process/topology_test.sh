#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Plans on machines that others have saved, and pictures of them.
source "$(dirname "$0")/lib.sh"
needs jq
saved=$(dirname "$(readlink -f "$0")")/../../../shared/topologies
[[ -r $saved/turin-4xh200-nvml.xml ]] || skip "the saved topologies are not beside the project"

plan() { run "$smlaunch" --dry-run --format json "$@" -- "$programs/end_with" exit 0; assert_eq 0 "$status"; }
places() { jq -r '[.ranks[] | "\(.gpu.index):\(.numa | join("+")):\(.nic.name // "-")"] | join(" ")' <<<"$out"; }

step "ranks sit beside their GPUs and NICs"
plan --topology "$saved/turin-4xh200-nvml.xml" --hosts node-a,node-b --current-host node-a
assert_eq "0:1:mlx5_0 1:2:mlx5_3 2:6:mlx5_4 3:7:mlx5_5 0:1:mlx5_0 1:2:mlx5_3 2:6:mlx5_4 3:7:mlx5_5" "$(places)"
assert_eq "file file" "$(jq -r '[.hosts[].topology] | join(" ")' <<<"$out")"
assert_eq 0 "$(jq '.warnings | length' <<<"$out")"

step "a host that is not like the others is named"
plan --topology "$saved/turin-4xh200-nvml.xml" --topology "node-c=$saved/pascal-2xp100.xml" \
  --hosts node-a,node-b,node-c --current-host node-a
assert_contains "$(jq -r '.warnings[]' <<<"$out")" "node-c differs: usable GPUs "

step "pictures"
run "$smlaunch" --dry-run --format svg --topology "$saved/turin-4xh200-nvml.xml" --hosts node-a,node-b \
  --current-host node-a -- "$programs/end_with" exit 0
assert_eq 0 "$status"
assert_contains "$out" ">node-b: 4 ranks, topology file<"
assert_contains "$out" ">rank 7<"
assert_eq 1 "$(grep -c '^</svg>$' <<<"$out")"
run "$smlaunch" topology --format svg --topology "$saved/turin-4xh200-nvml.xml"
assert_eq 0 "$status"
assert_contains "$out" ">mlx5_5<"

step "--probe belongs to a dry run"
run "$smlaunch" --probe -- "$programs/end_with" exit 0
assert_eq 64 "$status"
assert_contains "$err" "--probe goes only with --dry-run"
