#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Plans on machines that others have saved, and pictures of them.
source "$(dirname "$0")/lib.sh"
needs jq
saved=$(dirname "$(readlink -f "$0")")/../golden/topologies

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

step "the hosts of a NVLink domain stand next to each other, where that is known and nobody says another order"
for rack in a b; do
  "$smlaunch" topology --format json --topology "$saved/turin-4xh200-nvml.xml" |
    jq ".gpus[].nvlink_domain = {cluster: (\"$rack\" * 32), clique: 1}" >"$scratch/$rack.json"
done
run "$smlaunch" topology --topology "$scratch/a.json"
assert_contains "$out" "NVLink domain aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa, clique 1: "
cmp "$scratch/a.json" <("$smlaunch" topology --format json --topology "$scratch/a.json" | jq .) || fail "it is not read back"
racks=(--topology "$scratch/a.json" --topology "b1=$scratch/b.json" --topology "b2=$scratch/b.json" --hosts "a1,b1,a2,b2")
plan "${racks[@]}" --current-host a1
assert_eq '["a1","a2","b1","b2"]' "$(jq -c '[.hosts[].name]' <<<"$out")"
assert_eq "the hosts of one NVLink domain stand next to each other" "$(jq -r .sources.host_order <<<"$out")"
assert_contains "$(jq -r '.command | join(" ")' <<<"$out")" "a1:4,a2:4,b1:4,b2:4"
plan "${racks[@]}" --current-host a1 --mpi-options "--map-by node"
assert_eq '["a1","b1","a2","b2"]' "$(jq -c '[.hosts[].name]' <<<"$out")"

step "pictures"
run "$smlaunch" --dry-run --format svg --topology "$saved/turin-4xh200-nvml.xml" --hosts node-a,node-b \
  --current-host node-a -- "$programs/end_with" exit 0
assert_eq 0 "$status"
assert_contains "$out" ">node-b: 4 ranks, from a file<"
assert_contains "$out" ">rank 7<"
assert_eq 1 "$(grep -c '^</svg>$' <<<"$out")"
run "$smlaunch" topology --format svg --topology "$saved/turin-4xh200-nvml.xml"
assert_eq 0 "$status"
assert_contains "$out" ">mlx5_5<"

step "a number of GPUs on a saved machine: the first of them, or more without a place, or none"
plan --topology "$saved/turin-4xh200-nvml.xml" --hosts node-a --current-host node-a --gpus-per-host 2
assert_eq "0:1:mlx5_0 1:2:mlx5_3" "$(places)"
assert_eq "0000:16:00.0" "$(jq -r '.ranks[1].gpu.pci' <<<"$out")"
plan --topology "$saved/turin-4xh200-nvml.xml" --hosts node-a --current-host node-a --gpus-per-host 5
assert_eq 5 "$(jq '.ranks | length' <<<"$out")"
assert_contains "$(jq -r '.ranks[4].why' <<<"$out")" "the machine does not say which CPUs its GPU is near"
plan --topology "$saved/turin-4xh200-nvml.xml" --hosts node-a --current-host node-a --gpus-per-host 0
assert_eq "null 0" "$(jq -r '"\(.ranks[0].gpu) \(.hosts[0].gpus)"' <<<"$out")"

step "GPUs that cannot be used, and ranks that share cores, are warnings of the plan"
plan --topology "$saved/turin-4xh200-nodriver.xml" --hosts node-a:4 --current-host node-a
assert_contains "$(jq -r '.warnings[]' <<<"$out")" "node-a: 4 of its 4 GPUs cannot be used (0000:06:00.0, "
plan --topology "$saved/dgx2-16xv100.xml" --hosts node-a --current-host node-a
assert_eq "node-a has 4 cores for 16 ranks: ranks share cores" "$(jq -r '.warnings[]' <<<"$out")"

step "a saved machine comes through a pipe too; what does not end is refused"
run "$smlaunch" topology --topology <(cat "$saved/pascal-2xp100.xml")
assert_eq 0 "$status"
assert_contains "$out" "pascal4: 2 packages, 2 NUMA nodes, 36 cores"
run "$smlaunch" topology --topology /dev/zero
assert_eq 78 "$status"
assert_contains "$err" "/dev/zero: is a device, not a file"

step "a run goes by the machine as it is, and says where that is not the saved one"
cat >"$scratch/show" <<'END'
#!/bin/sh
sed -n 's/^Cpus_allowed_list:\t/cpus /p' /proc/self/status
END
chmod +x "$scratch/show"
run "$smlaunch" --launcher ddp --topology "$saved/turin-4xh200-nvml.xml" --hosts localhost:1 -- "$scratch/show"
assert_eq "0/$("$scratch/show")" "$status/$out"
assert_contains "$err" "warning: localhost: "
assert_contains "$err" "the host differs from its saved topology: it has $(nproc) CPUs instead of 256"

step "where binding is refused it is said where the rank runs instead"
run "$smlaunch" --launcher ddp --topology "$saved/turin-4xh200-nvml.xml" --gpus-per-host 4 --hosts localhost:1 \
  -- "$scratch/show"
assert_eq 0 "$status"
(($(nproc) > 16)) || assert_contains "$err" "rank 0: planned 16-31,144-159, runs on ${out#*cpus } (the kernel refuses"

step "who does not want ranks to be bound says so to mpirun, too"
if command -v mpirun >/dev/null; then
  run "$smlaunch" --launcher mpi --mpi-options '--bind-to none' --hosts localhost:2 -- "$scratch/show"
  assert_eq 0 "$status"
  assert_eq "$("$scratch/show")" "$(sed 's/^.*] //' <<<"$out" | sort -u)"
fi

step "--probe belongs to a dry run"
run "$smlaunch" --probe -- "$programs/end_with" exit 0
assert_eq 64 "$status"
assert_contains "$err" "--probe goes only with --dry-run"
