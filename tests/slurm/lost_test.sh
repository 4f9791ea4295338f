#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# A node of a Slurm job that is lost, and a job that is cancelled, end the job with a sentence, long before Slurm itself
# notices the first.
# shellcheck source=tests/cluster/lib.sh
source "$(dirname "$0")/../cluster/lib.sh"
# shellcheck disable=SC2034 # it is lib.sh's
cluster=$(dirname "$(readlink -f "$0")")/slurm-cluster
smlaunch=${SMLAUNCH:?the program under test}
# Slurm must not be the first to see it.
export SMLAUNCH_SLURM_CONF="SlurmdTimeout=300"
cluster_up 3
# A node of Slurm's is no container of SageMaker's.
for name in "${hosts[@]}"; do host "$name" sh -c "umount -l /opt/ml; rmdir /opt/ml"; done

# shellcheck disable=SC2317
started() { [[ $(host algo-1 grep -c 'up$' /tmp/out) == 3 ]]; }

step "a node that dies is named"
host algo-1 sh -c "salloc --quiet -N3 '$smlaunch' --launcher ddp --lost-after 3 -- sh -c 'echo up; exec sleep 300' >/tmp/out 2>/tmp/err; echo \$? >/tmp/status" &
eventually 60 started
"$cluster" power algo-3
eventually 60 host algo-1 test -s /tmp/status
assert_eq 76 "$(host algo-1 cat /tmp/status)"
assert_contains "$(host algo-1 cat /tmp/err)" "algo-3"
for name in algo-1 algo-2; do assert_no_process_left "$name" '(^| )sleep 300' 10; done

step "a job that is cancelled says so, and leaves nothing"
"$cluster" start algo-3
host algo-3 sh -c "umount -l /opt/ml; rmdir /opt/ml"
host algo-1 tee /tmp/job.sh >/dev/null <<END
#!/bin/sh
exec "$smlaunch" --launcher ddp -- sh -c 'echo up; exec sleep 300'
END
run 60 host algo-1 sbatch --parsable -N2 --exclude algo-3 --output=/tmp/out /tmp/job.sh
assert_eq 0 "$status"
job=$out
# shellcheck disable=SC2317
two_started() { [[ $(host algo-1 grep -c 'up$' /tmp/out) == 2 ]]; }
eventually 60 two_started
host algo-1 scancel "$job"
# shellcheck disable=SC2317
is_said() { host algo-1 grep 'stopped by SIGTERM' /tmp/out || { host algo-1 tail -n 40 /tmp/out /var/log/slurmd.log; false; }; }
eventually 30 is_said
for name in algo-1 algo-2; do assert_no_process_left "$name" '(^| )sleep 300|orted' 10; done
