#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# A disk that is full and a link that was lost for a moment are told by the host that has them, and stand in the sentence
# of the rank that fails there later. A host with a broken GPU is not used for the next try.
source "$(dirname "$0")/job.sh"
cluster_up 3
bystanders
mpi 1
begin() { # OPTION...
  local name
  for name in algo-3 algo-2 algo-1; do start "$name" "$smlaunch" --spare-hosts 1 --failure-grace 1 "$@"; done
}
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
begin
eventually 40 printed algo-1 1 "smlaunch: algo-2: /opt/ml/checkpoints was full: 0 MiB of 4 MiB free"

step "a link that was lost and is back is told, and the job goes on"
# What is told of the disk came by the first look, which all others are compared with.
host algo-2 sh -c 'ip link set eth0 down && ip link set eth0 up'
eventually 20 printed algo-1 1 "smlaunch: algo-2: eth0 lost its link and has it again"

step "both are evidence of the failure that follows on that host"
host algo-2 touch /tmp/fail
over 3 failure 30 algo-1 algo-2 algo-3
[[ $err =~ "rank 1 on algo-2 exited with code 3 "[0-9.]+" s after the start, before any other; its last words: waiting; "[0-9.]+" s before, " ]] ||
  fail "$err"
evidence=$(report '.first_failure.evidence[]')
[[ $evidence =~ [0-9.]+" s before, eth0 of algo-2 lost its link and has it again" ]] || fail "$evidence"
[[ $evidence =~ [0-9.]+" s before, /opt/ml/checkpoints of algo-2 was full: 0 MiB of 4 MiB free" ]] || fail "$evidence"
assert_eq '["algo-2"]' "$(report '[.devices[] | select(.kind == "nic_link" or .kind == "disk_full") | .host] | unique')"
assert_nothing_left

step "a spare host takes the place of a host whose GPU has fallen off the bus (the tests' imitation of NVML)"
fakes=${SMLAUNCH_BUILD_DIR:?}/tests/programs/fake_gpu.d
[[ -e $fakes/libnvidia-ml.so.1 ]] || skip "the tests' own NVML is not built"
host algo-2 rm /tmp/fail
mpi 1 "\"sagemaker_mpi_custom_mpi_options\": \"-x LD_LIBRARY_PATH=$fakes -x FAKE_GPU_XIDS=/tmp/xids\""
program <<'END'
#!/bin/sh
if [ "$SM_CURRENT_HOST" = algo-2 ]; then
  echo "1 79" >>/tmp/xids
  until [ -e /tmp/fail ]; do sleep 0.1; done
  exit 1
fi
[ "$RESTART_COUNT" = 0 ] || exit 0
exec sleep 600
END
begin --max-restarts 1 --restart-on user_code
eventually 40 printed algo-1 1 "smlaunch: algo-2: GPU 1 reported XID 79 (the GPU has fallen off the bus)"
host algo-2 touch /tmp/fail
over 0 success 60 algo-1 algo-3
assert_contains "$(<"$scratch/algo-1.err")" "smlaunch: algo-3 takes the place of algo-2"
assert_contains "$(report '.earlier[0].message')" \
  "s before, GPU 1 of algo-2 reported XID 79 (the GPU has fallen off the bus)"
over 1 failure 10 algo-2
assert_nothing_left
