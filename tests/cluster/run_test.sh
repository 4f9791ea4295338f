#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# What ranks see on the hosts of a job: each host's own environment and variables, one plan everywhere.
source "$(dirname "$0")/job.sh"
cluster_up 3
mpi 1 '"sagemaker_distribution_instance_groups": ["group-1", "group-2", "group-3"]'
for i in 1 2 3; do
  host "algo-$i" tee /opt/ml/input/config/resourceconfig.json >/dev/null <<END
{"current_host": "algo-$i", "hosts": ["algo-1", "algo-2", "algo-3"], "network_interface_name": "eth0",
 "current_instance_type": "ml.$i.xlarge", "current_group_name": "group-$i",
 "instance_groups": [{"instance_group_name": "group-1", "instance_type": "ml.1.xlarge", "hosts": ["algo-1"]},
                     {"instance_group_name": "group-2", "instance_type": "ml.2.xlarge", "hosts": ["algo-2"]},
                     {"instance_group_name": "group-3", "instance_type": "ml.3.xlarge", "hosts": ["algo-3"]}]}
END
done
program <<'END'
#!/bin/sh
env -0 >"/opt/ml/output/data/environment"
pwd >"/opt/ml/output/data/folder"
END
variable() { host "$1" sed -zn "s/^$2=//p" /opt/ml/output/data/environment | tr -d '\0'; }
variables() { local name; for name; do echo "$name=$(variable "$host" "$name")"; done; }

step "a variable of each host's own container; where no smlaunch waits, of the leader's, less what is the leader's own"
start algo-2 env GREETING=from-2 PRIVATE_TO=2 "$smlaunch"
eventually 5 printed algo-2 1 "waits for algo-1"
start algo-1 env GREETING=from-1 HOME=/leader USER=boss SSH_AGENT_PID=1 PWD=/somewhere TERM=vt52 "$smlaunch"
over 0 success 30 algo-1 algo-2
assert_eq "from-1 from-2 from-1" \
  "$(variable algo-1 GREETING) $(variable algo-2 GREETING) $(variable algo-3 GREETING)"
assert_eq " 2 " "$(variable algo-1 PRIVATE_TO) $(variable algo-2 PRIVATE_TO) $(variable algo-3 PRIVATE_TO)"
assert_eq "/leader boss /root root" \
  "$(variable algo-1 HOME) $(variable algo-1 USER) $(variable algo-2 HOME) $(variable algo-2 USER)"
assert_eq "/root root/" "$(variable algo-3 HOME) $(variable algo-3 USER)/$(variable algo-3 SSH_AGENT_PID)"
for name in "${hosts[@]}"; do
  assert_eq "$name $(host algo-1 cat /opt/ml/output/data/folder)" "$name $(host "$name" cat /opt/ml/output/data/folder)"
  # SMLAUNCH_SMOKE is the test's own (job.sh).
  assert_eq "SMLAUNCH_HEARTBEAT SMLAUNCH_JOB " \
    "$(host "$name" sed -zn '/^SMLAUNCH_SMOKE=/d; s/^\(SMLAUNCH[^=]*\).*/\1/p' /opt/ml/output/data/environment | sort -z | tr '\0' ' ')"
done

step "each host's own SM_ variables"
for i in 1 2 3; do
  host=algo-$i
  assert_eq "SM_CURRENT_HOST=algo-$i
SM_CURRENT_INSTANCE_TYPE=ml.$i.xlarge
SM_CURRENT_INSTANCE_GROUP=group-$i
SM_CURRENT_INSTANCE_GROUP_HOSTS=[\"algo-$i\"]
RANK=$((i - 1))
LOCAL_RANK=0
NODE_RANK=$((i - 1))
GROUP_RANK=$((i - 1))
WORLD_SIZE=3
LOCAL_WORLD_SIZE=1
MASTER_ADDR=algo-1
NCCL_SOCKET_IFNAME=eth0" "$(variables SM_CURRENT_HOST SM_CURRENT_INSTANCE_TYPE SM_CURRENT_INSTANCE_GROUP \
    SM_CURRENT_INSTANCE_GROUP_HOSTS RANK LOCAL_RANK NODE_RANK GROUP_RANK WORLD_SIZE LOCAL_WORLD_SIZE MASTER_ADDR \
    NCCL_SOCKET_IFNAME)"
  assert_eq "\"algo-$i\"" "$(variable "$host" SM_RESOURCE_CONFIG | jq -c .current_host)"
  assert_eq "[\"algo-$i\",\"ml.$i.xlarge\"]" \
    "$(variable "$host" SM_TRAINING_ENV | jq -c '[.current_host, .current_instance_type]')"
done
assert_eq "$(variable algo-1 MASTER_PORT)" "$(variable algo-3 MASTER_PORT)"

step "one plan: the same hash on every host, shown, run and reported"
hash=$(host algo-1 "$smlaunch" --dry-run --format json | jq -r .hash)
[[ $hash =~ ^[0-9a-f]{64}$ ]] || fail "no hash: $hash"
for name in algo-2 algo-3; do
  assert_eq "$name $hash" "$name $(host "$name" "$smlaunch" --dry-run --format json | jq -r .hash)"
done
for name in "${hosts[@]}"; do start "$name" "$smlaunch"; done
over 0 success 30 "${hosts[@]}"
for name in "${hosts[@]}"; do assert_contains "$(<"$scratch/$name.err")" "smlaunch: plan $hash"; done
assert_eq "\"$hash\"" "$(report .plan_hash)"
