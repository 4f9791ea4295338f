#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# A disk that is full and a link that was lost for a moment are told by the host that has them, and stand in the sentence
# of the rank that fails there later.
source "$(dirname "$0")/job.sh"
cluster_up 2
bystanders
mpi 1
program <<'END'
#!/bin/sh
echo waiting
until [ -e /tmp/fail ]; do sleep 0.1; done
exit 3
END
host algo-2 test -e /sys/class/net/eth0/carrier_changes || skip "/sys here does not show the network"
host algo-2 sh -c 'mkdir -p /opt/ml/checkpoints && mount -t tmpfs -o size=4m full /opt/ml/checkpoints &&
  head -c 4194304 /dev/zero >/opt/ml/checkpoints/state'

step "a disk that is full at the start is told at once"
for name in algo-2 algo-1; do start "$name" "$smlaunch"; done
eventually 40 printed algo-1 1 "smlaunch: algo-2: /opt/ml/checkpoints was full: 0 MiB of 4 MiB free"

step "a link that was lost and is back is told, and the job goes on"
# What is told of the disk came by the first look, which all others are compared with.
host algo-2 sh -c 'ip link set eth0 down && ip link set eth0 up'
eventually 20 printed algo-1 1 "smlaunch: algo-2: eth0 lost its link and has it again"

step "both are evidence of the failure that follows on that host"
host algo-2 touch /tmp/fail
over 3 failure 30 algo-1 algo-2
[[ $err =~ "rank 1 on algo-2 exited with code 3 "[0-9.]+" s after the start, before any other; its last words: waiting; "[0-9.]+" s before, " ]] ||
  fail "$err"
evidence=$(report '.first_failure.evidence[]')
[[ $evidence =~ [0-9.]+" s before, eth0 of algo-2 lost its link and has it again" ]] || fail "$evidence"
[[ $evidence =~ [0-9.]+" s before, /opt/ml/checkpoints of algo-2 was full: 0 MiB of 4 MiB free" ]] || fail "$evidence"
assert_eq '["algo-2"]' "$(report '[.devices[] | select(.kind == "nic_link" or .kind == "disk_full") | .host] | unique')"
assert_nothing_left
