#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Which network the ranks' and mpirun's traffic goes over, and interfaces that cannot carry it.
source "$(dirname "$0")/job.sh"
cluster_up 3
bystanders
pi=${SMLAUNCH_BUILD_DIR:?}/examples/pi/opt-ml/code/example_pi

# As a container engine leaves it: up, with a container in it, and with the same address on every host.
docker0='ip link add docker0 type bridge && ip addr add 172.17.0.1/16 dev docker0 && ip link set docker0 up &&
  ip link add c0 type veth peer name c1 && ip link set c0 master docker0 && ip link set c0 up && ip link set c1 up'
for name in "${hosts[@]}"; do host "$name" sh -c "$docker0"; done
fabric sh -c "$docker0"

step "a machine that leads and hosts no rank keeps mpirun to the subnet that all hosts are in"
run 60 fabric "$smlaunch" --dry-run --format json --hosts algo-1:1,algo-2:1 -- "$pi"
assert_eq 0 "$status"
assert_contains "$(jq -r '.command | join(" ")' <<<"$out")" \
  "-mca btl_tcp_if_include 198.18.0.0/24 -mca oob_tcp_if_include 198.18.0.0/24"
assert_eq "none named: this machine, which leads, is none of the hosts; mpirun keeps to 198.18.0.0/24, the subnet of \
eth0 here that all the other hosts are in" "$(jq -r .sources.network_interface <<<"$out")"
if [[ -x $pi ]]; then
  run 60 fabric "$smlaunch" --hosts algo-1:1,algo-2:1 -- "$pi"
  assert_eq 0 "$status"
fi

step "where not every host is in one, it keeps mpirun off docker0"
run 60 fabric sh -c "ip addr flush dev eth0 && ip addr add 198.18.0.254/31 dev eth0 && ip route add 198.18.0.0/24 dev eth0 &&
  '$smlaunch' --dry-run --format json --hosts algo-1:1,algo-2:1 -- '$pi'"
assert_eq 0 "$status"
avoided=127.0.0.1/8,172.17.0.0/16,docker0,virbr0,lxdbr0,podman0,cni0
assert_contains "$(jq -r '.command | join(" ")' <<<"$out")" \
  "-mca btl_tcp_if_exclude $avoided -mca oob_tcp_if_exclude $avoided"
assert_contains "$(jq -r .sources.network_interface <<<"$out")" \
  "mpirun keeps off loopback and container engines' bridges, because no subnet of this machine has all the other hosts in it"
if [[ -x $pi ]]; then
  run 60 fabric "$smlaunch" --hosts algo-1:1,algo-2:1 -- "$pi"
  assert_eq 0 "$status"
fi

step "the user's own choice is left alone"
run 60 fabric "$smlaunch" --dry-run --format json --mpi-options '-mca btl_tcp_if_include eth0' \
  --hosts algo-1:1,algo-2:1 -- "$pi"
assert_eq "left to the MPI options given" "$(jq -r .sources.network_interface <<<"$out")"
assert_eq "" "$(jq -r '.command[]' <<<"$out" | grep -e exclude -e oob_tcp_if || :)"

step "localhost beside others is called by the address that they reach, and Gloo keeps to the interface that NCCL keeps to"
# As Debian's installer leaves it.
host algo-1 sh -c 'sed "/ algo-1$/d" /etc/hosts >/tmp/hosts && echo "127.0.1.1 algo-1" >>/tmp/hosts && cp /etc/hosts /tmp/hosts.before &&
  cat /tmp/hosts >/etc/hosts'
# shellcheck disable=SC2016
run 60 host algo-1 "$smlaunch" --launcher ddp --hosts localhost:1,algo-2:1 -- \
  sh -c 'echo "$RANK of $(hostname) $MASTER_ADDR $NCCL_SOCKET_IFNAME $GLOO_SOCKET_IFNAME"'
assert_eq 0 "$status"
assert_eq "0 of algo-1 198.18.0.1 eth0 eth0,1 of algo-2 198.18.0.1 eth0 eth0" \
  "$(sed 's/^\[[^]]*\] //' <<<"$out" | sort | paste -sd ,)"
# shellcheck disable=SC2016
run 60 host algo-1 env GLOO_SOCKET_IFNAME=mine "$smlaunch" --launcher ddp --hosts algo-2:1 -- sh -c 'echo "$GLOO_SOCKET_IFNAME"'
assert_eq "0 mine" "$status ${out##* }"
host algo-1 sh -c 'cat /tmp/hosts.before >/etc/hosts'

step "an interface without a carrier, and one with only a link-local address"
mpi 1
program <<<'#!/bin/sh'
host algo-2 sh -c 'ip link add x0 type veth peer name x1 && ip addr add 10.9.0.2/24 dev x0 && ip link set x0 up'
host algo-3 sh -c 'echo 0 >/proc/sys/net/ipv6/conf/all/disable_ipv6; ip link add x0 type veth peer name x1 &&
  echo 0 >/proc/sys/net/ipv6/conf/x0/disable_ipv6; ip link set x0 up && ip link set x1 up; ip addr flush dev x0;
  ip -6 addr add fe80::3/64 dev x0'
host algo-1 sh -c 'ip link add x0 type veth peer name x1 && ip addr add 10.9.0.1/24 dev x0 && ip link set x0 up &&
  ip link set x1 up'
for name in "${hosts[@]}"; do
  host "$name" sed -i 's/"network_interface_name": *"[^"]*"/"network_interface_name": "x0"/' \
    /opt/ml/input/config/resourceconfig.json
done
run 60 host algo-1 "$smlaunch" --dry-run --probe
assert_eq 78 "$status"
assert_contains "$err" "smlaunch: algo-2: network interface x0: has no carrier there, so it cannot carry the job"
if host algo-3 ip -6 addr show dev x0 | grep -q fe80; then
  assert_contains "$err" "smlaunch: algo-3: network interface x0: has no address but link-local there"
fi
run 60 host algo-1 "$smlaunch"
assert_eq "78/" "$status/$out"
[[ $err =~ smlaunch:\ algo-[23]:\ network\ interface\ x0:\ has\ no\  ]] || fail "$err"

step "docker0 is refused where there are several hosts"
for name in "${hosts[@]}"; do
  host "$name" sed -i 's/"network_interface_name": *"[^"]*"/"network_interface_name": "docker0"/' \
    /opt/ml/input/config/resourceconfig.json
done
run 60 host algo-1 "$smlaunch"
assert_eq "78/" "$status/$out"
assert_contains "$err" \
  "algo-1: network interface docker0: is a container engine's, which leads to no other host there"
run 60 host algo-1 "$smlaunch" --dry-run
assert_eq 0 "$status"
assert_contains "$err" "warning: algo-1: network interface docker0: is a container engine's"

step "interfaces that the user names are looked for on every host"
for name in "${hosts[@]}"; do
  host "$name" sed -i 's/"network_interface_name": *"[^"]*"/"network_interface_name": "eth0"/' \
    /opt/ml/input/config/resourceconfig.json
done
host algo-1 sh -c 'ip link add y0 type veth peer name y1 && ip addr add 10.8.0.1/24 dev y0 && ip link set y0 up &&
  ip link set y1 up'
run 60 host algo-1 env NCCL_SOCKET_IFNAME=y "$smlaunch" --mpi-options '-mca btl_tcp_if_include y0'
assert_eq "78/" "$status/$out"
odd=$(sed -n 's/^smlaunch: \(algo-[23]\): network interface y0 .*/\1/p' <<<"$err" | head -1)
assert_contains "$err" "smlaunch: $odd: network interface y0 of -mca btl_tcp_if_include: does not exist there"
assert_contains "$err" $'\nsmlaunch: '"$odd: NCCL_SOCKET_IFNAME=y: matches no interface there"
run 60 host algo-1 env NCCL_SOCKET_IFNAME='^docker,lo' "$smlaunch"
assert_eq 0 "$status"
run 60 host algo-1 env NCCL_SOCKET_IFNAME==z0 "$smlaunch" --dry-run
assert_eq 0 "$status"
assert_contains "$err" "warning: algo-1: NCCL_SOCKET_IFNAME==z0: does not exist there"
assert_nothing_left
