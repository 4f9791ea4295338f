#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Where a host's ranks cannot reach the leader's channel, mpirun still starts and ends them.
source "$(dirname "$0")/job.sh"
cluster_up 3
bystanders
mpi 1
program <<'END_OF_PROGRAM'
#!/bin/sh
echo "line of $RANK"
[ ! -e /tmp/fail ] || exit 3
END_OF_PROGRAM
host algo-2 ip rule add ipproto tcp dport 7777 prohibit

step "one host of three: the job ends when its ranks do"
start algo-1 "$smlaunch" --channel-port 7777 --lost-after 2
over 0 success 30 algo-1
assert_contains "$err" "rank 1 on algo-2 has no channel to the leader"
for rank in 0 1 2; do assert_eq 1 "$(grep -c "line of $rank\$" <<<"$out")"; done
assert_nothing_left

step "a rank without a channel fails"
host algo-2 touch /tmp/fail
start algo-1 "$smlaunch" --channel-port 7777 --lost-after 2
over 3 failure 30 algo-1
assert_nothing_left
