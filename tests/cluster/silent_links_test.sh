#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# A network that loses what ranks send each other, while all of their agents reach the leader, which is no host of the job:
# real PyTorch over gloo waits for ever, and the hosts between which nothing gets through are named, and none is blamed.
source "$(dirname "$0")/job.sh"
python=/usr/bin/python3
"$python" -c 'import torch, torch.distributed' 2>/dev/null || skip "PyTorch is not installed (Debian: python3-torch)"
cluster_up 3
bystanders
host fabric mkdir -p /tmp/ml/output/data

# It goes on printing until its host says that the network is lost.
program <<'END'
#!/usr/bin/python3
import os
import time
import torch
import torch.distributed as dist

torch.set_num_threads(1)
dist.init_process_group("gloo")
x = torch.ones(1000, 10)
dist.all_reduce(x)
while not os.path.exists("/tmp/lost"):
    print("alive", flush=True)
    time.sleep(0.1)
print("alive, without a network", flush=True)
dist.all_reduce(x)
END

begin() {
  local name
  for name in "${hosts[@]}"; do host "$name" rm -f /tmp/lost; done
  start fabric "$smlaunch" --base-dir /tmp/ml --hosts algo-1:1,algo-2:1,algo-3:1 --launcher ddp --python "$python" \
    --start-timeout 120 --hang-timeout 6 --progress alive --failure-grace 1 -- /opt/ml/code/train.sh
  for name in 0 1 2; do eventually 60 printed fabric 1 "[$name algo-$((name + 1))] alive"; done
}
lost() { local name; for name in "${hosts[@]}"; do host "$name" touch /tmp/lost; done; }
# WORDS FIRST: the last sentence ends with these words (REGEX), and the report points at FIRST.
hangs() {
  local all="no rank is missing: all have come to all_reduce( [0-9]+)? of the default group, and ranks 0, 1, 2 still wait in it"
  local network="what is sent between $1 has not been acknowledged for [0-9]+ s"
  ended fabric 60
  assert_eq 76 "$status"
  # All hosts here have one kernel: what another test has it kill for lack of memory is told after that.
  [[ $(tail -n 1 <<<"$err") =~ "the job hangs: ".*\;\ $all\;\ $network(\;.*" for lack of memory")?$ ]] || fail "$err"
  report=$(host fabric cat /tmp/ml/output/data/smlaunch/report.json)
  assert_eq "$2" "$(jq -c '[.class, .first_failure.rank, .first_failure.host, .first_failure.tied_with, .first_failure.certain]' <<<"$report")"
}

step "a host that loses the two others"
begin
for number in 1 2; do host algo-3 ip route add blackhole "198.18.0.$number"; done
lost
hangs "algo-3 and algo-1, algo-2" '["hang",2,"algo-3",[],false]'
assert_eq '[["algo-1","algo-3"],["algo-2","algo-3"]]' "$(jq -c '[.hang_evidence.unacknowledged[].hosts]' <<<"$report")"
for number in 1 2; do host algo-3 ip route del blackhole "198.18.0.$number"; done
assert_nothing_left

step "two hosts that lose each other"
begin
host algo-3 ip route add blackhole 198.18.0.2
lost
hangs "algo-2 and algo-3" '["hang",1,"algo-2",[2],false]'
host algo-3 ip route del blackhole 198.18.0.2
assert_nothing_left
