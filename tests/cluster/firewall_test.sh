#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# A host whose firewall lets only SSH through: mpirun waits for its daemon and says nothing. The deadline names the host.
source "$(dirname "$0")/job.sh"
cluster_up 3
bystanders
mpi 1
program <<'END'
#!/bin/sh
echo never
END
host algo-3 ip rule add pref 100 ipproto tcp sport 22 lookup main
host algo-3 ip rule add pref 200 ipproto tcp dport 1024-65534 prohibit

start algo-1 "$smlaunch"
over 71 failure 90 algo-1
assert_contains "$err" "mpirun's daemon on algo-3 has not connected to mpirun on algo-1"
[[ $err != *"never heard of"* ]] || fail "other hosts are accused: $err"
assert_eq "" "$out"
assert_nothing_left
