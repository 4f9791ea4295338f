#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# A node of a Slurm job that is lost, and a job that is cancelled, end the job with a sentence, long before Slurm itself
# notices the first.
source "$(dirname "$0")/../cluster/lib.sh"
cluster=$(dirname "$(readlink -f "$0")")/slurm-cluster
smlaunch=${SMLAUNCH:?the program under test}
# Slurm must not be the first to see it.
export SMLAUNCH_SLURM_CONF="SlurmdTimeout=300"
cluster_up 3
# A node of Slurm's is no container of SageMaker's.
for name in "${hosts[@]}"; do host "$name" sh -c "umount -l /opt/ml; rmdir /opt/ml"; done

started() { [[ $(host algo-1 grep -c 'up$' /tmp/out) == 3 ]]; }

step "a node that dies is named"
host algo-1 sh -c "salloc --quiet -N3 '$smlaunch' --launcher ddp --lost-after 3 -- sh -c 'echo up; exec sleep 300' >/tmp/out 2>/tmp/err; echo \$? >/tmp/status" &
waiting=$!
eventually 60 started
"$cluster" power algo-3
wait "$waiting"
assert_eq 76 "$(host algo-1 cat /tmp/status)"
assert_contains "$(host algo-1 cat /tmp/err)" "algo-3"
for name in algo-1 algo-2; do assert_no_process_left "$name" '(^| )sleep 300' 10; done
