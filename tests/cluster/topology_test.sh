#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Hosts that are not what the plan assumed, and a network interface that one of them lacks.
source "$(dirname "$0")/job.sh"
(($(nproc) >= 2)) || skip "one CPU: no host can have fewer than another"
cluster_up 3
bystanders
mpi 2
program <<'END'
#!/bin/bash
echo "cpus $(sed -n 's/^Cpus_allowed_list:\t//p' /proc/self/status) threads $OMP_NUM_THREADS"
END
spawned() { host algo-1 jq -r 'select(.event == "spawn") | "\(.host) \(.cpus)"' /opt/ml/output/data/smlaunch/events.jsonl | sort; }

step "ranks run where the plan says, and nothing is said about it"
run 60 host algo-1 "$smlaunch"
assert_eq 0 "$status"
[[ $err != *warning* ]] || fail "a warning: $err"
plan=$(host algo-1 "$smlaunch" --dry-run --format json)
assert_eq "$(jq -r '.ranks[] | "\(.host) \(.cpus)"' <<<"$plan" | sort)" "$(spawned)"
assert_eq "algo-1 probed,algo-2 assumed,algo-3 assumed" \
  "$(jq -r '[.hosts[] | "\(.name) \(.topology)"] | join(",")' <<<"$plan")"

step "what is installed on one host and not on the others is named before any rank starts, the leader's host no less"
folder=/usr/lib/x86_64-linux-gnu
for odd in algo-2 algo-1; do
  host "$odd" sh -c "touch $folder/libnccl.so.9.9.9 && ln -sf libnccl.so.9.9.9 $folder/libnccl.so.2"
  run 60 host algo-1 "$smlaunch"
  assert_eq 0 "$status"
  assert_contains "$err" "smlaunch: warning: $odd differs: NCCL 9.9.9, on the 2 other hosts "
  assert_eq 1 "$(grep -c warning <<<"$err")"
  host "$odd" sh -c "rm -f $folder/libnccl.so.9.9.9 $folder/libnccl.so.2"
done

step "a saved machine is planned on; ranks go by the hosts as they are"
host algo-1 tee /tmp/small.json >/dev/null <<'END'
{"schema": "smlaunch.topology/1", "numa_nodes": [{"cpus": "0-63"}]}
END
run 60 host algo-1 "$smlaunch" --topology algo-2=/tmp/small.json
assert_eq 0 "$status"
assert_contains "$err" "smlaunch: warning: algo-2: "
assert_contains "$err" "the host differs from its saved topology: it has $(nproc) CPUs instead of 64"
where_on() { sed -n "s/^.* $1] //p" <<<"$out" | sort; }
assert_eq "$(where_on algo-3)" "$(where_on algo-2)"

step "a host with fewer CPUs: its agents place their ranks by what is there, and the leader says so in one line"
only=$(($(nproc) - 1))
host algo-2 taskset -cp "$only" "$(host algo-2 pgrep -o -x sshd)" >/dev/null
run 60 host algo-1 "$smlaunch"
assert_eq 0 "$status"
assert_eq "[2 algo-2] cpus $only threads 1;[3 algo-2] cpus $only threads 1" "$(grep algo-2 <<<"$out" | sort | paste -sd ';')"
assert_eq $'algo-2 '"$only"$'\nalgo-2 '"$only" "$(spawned | grep algo-2)"
assert_contains "$err" "smlaunch: warning: algo-2: "
assert_contains "$err" "the host differs from what was assumed: it has 1 CPUs instead of $(nproc)"
assert_contains "$err" "planned "
assert_contains "$err" ", runs on $only"
assert_contains "$err" "smlaunch: warning: algo-2 differs: CPUs 1, on the 2 other hosts $(nproc)"
assert_eq 1 "$(grep -c "warning: algo-2: " <<<"$err")"

step "--probe asks every host, and names the host that is not like the others"
run 60 host algo-1 "$smlaunch" --dry-run --probe --format json
assert_eq 0 "$status"
assert_eq "algo-1 probed,algo-2 probed,algo-3 probed" "$(jq -r '[.hosts[] | "\(.name) \(.topology)"] | join(",")' <<<"$out")"
assert_eq "$only" "$(jq -r '[.ranks[] | select(.host == "algo-2").cpus] | unique | join(",")' <<<"$out")"
assert_contains "$(jq -r '.warnings[]' <<<"$out")" "algo-2 differs: cores 1, on the 2 other hosts $(nproc)"
assert_eq "$(jq -r .hash <<<"$out")" "$(host algo-3 "$smlaunch" -q --dry-run --probe --format json | jq -r .hash)"

step "what is planned on a made-up machine stays as planned"
run 60 host algo-1 "$smlaunch" --dry-run --gpus-per-host 2 --format json
assert_eq "0,1,0,1,0,1" "$(jq -r '[.ranks[].gpu.index | tostring] | join(",")' <<<"$out")"

step "--probe, and a host that does not answer"
"$cluster" sshd algo-3 stop
run 30 host algo-1 "$smlaunch" --dry-run --probe --ready-timeout 2
assert_eq 69 "$status"
assert_contains "$err" "algo-3 (tcp): TCP refused"
"$cluster" sshd algo-3 start

step "an interface that one host lacks is named with that host before any rank starts"
host algo-3 sh -c 'ip link set eth0 down && ip link set eth0 name net0 && ip addr flush net0 &&
  ip addr add 198.18.0.3/24 dev net0 && ip link set net0 up'
run 60 host algo-1 "$smlaunch"
assert_eq "78/" "$status/$out"
assert_contains "$err" "algo-3: network interface eth0: does not exist there"
assert_contains "$err" "of those there, net0 can"
assert_eq '"configuration"' "$(report .class)"
assert_eq failure "$(output algo-1)"
run 60 host algo-1 "$smlaunch" --dry-run --probe
assert_eq 78 "$status"
assert_contains "$err" "algo-3: network interface eth0: does not exist there"
run 60 host algo-1 "$smlaunch" --dry-run
assert_eq "0/" "$status/$err"
run 60 host algo-3 "$smlaunch" --dry-run
assert_eq 0 "$status"
assert_contains "$err" "warning: algo-3: network interface eth0: does not exist there"

step "with given hosts the interface is that which leads to them"
run 60 host algo-1 "$smlaunch" --dry-run --format json --hosts algo-1:1,algo-2:1 -- /opt/ml/code/train.sh
assert_eq "eth0 the route to algo-2 goes over it" "$(jq -r '.network_interface + " " + .sources.network_interface' <<<"$out")"
assert_eq eth0 "$(jq -r .environment.NCCL_SOCKET_IFNAME <<<"$out")"
assert_contains "$(jq -r '.command | join(" ")' <<<"$out")" "-mca btl_tcp_if_include eth0"
run 60 host algo-1 "$smlaunch" --hosts algo-1:1,algo-2:1 -- /opt/ml/code/train.sh
assert_eq 0 "$status"
assert_nothing_left algo-1 algo-2
