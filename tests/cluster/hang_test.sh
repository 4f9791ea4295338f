#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# A job of two hosts that hangs, with real PyTorch: the rank for which the others wait is named with its host, and what
# the ranks of both hosts have told lies beside the leader's report.
source "$(dirname "$0")/lib.sh"
smlaunch=${SMLAUNCH:?the program under test}
python=/usr/bin/python3
"$python" -c 'import torch, torch.distributed' 2>/dev/null || skip "PyTorch is not installed (Debian: python3-torch)"
cluster_up 2
for name in "${hosts[@]}"; do
  host "$name" tee /opt/ml/code/train.py >/dev/null <<'END'
import time
import torch
import torch.distributed as dist

torch.set_num_threads(1)


def load_batch():
    time.sleep(600)


dist.init_process_group("gloo")
x = torch.ones(8)
dist.all_reduce(x)
print("ready", flush=True)
if dist.get_rank() == 3:
    load_batch()
dist.barrier()
END
done

for launcher in ddp torchrun; do
  step "a rank of the other host has not come, started by $launcher"
  run 120 host algo-1 "$smlaunch" --launcher "$launcher" --python "$python" --hosts algo-1:2,algo-2:2 \
    --start-timeout 60 --hang-timeout 3 --progress ready --failure-grace 1 -- /opt/ml/code/train.py
  assert_eq 76 "$status"
  [[ $(tail -n 1 <<<"$err") =~ "; rank 3 (algo-2) has not come to barrier"(\ [0-9]+)?" of the default group, in which \
3 ranks wait; it is in load_batch (train.py:9)"$ ]] || fail "$err"
  report=$(host algo-1 cat /opt/ml/output/data/smlaunch/report.json)
  assert_eq '[3,"algo-2",true]' "$(jq -c '.first_failure | [.rank, .host, .certain]' <<<"$report")"
  assert_eq '[[0,1,2]]' "$(jq -c '.hang_evidence.waiting | map(.ranks)' <<<"$report")"
  assert_eq "rank-0.json rank-1.json rank-2.json rank-3.json " \
    "$(host algo-1 ls /opt/ml/output/data/smlaunch/hang | grep '^rank-[0-9]*.json' | tr '\n' ' ')"
  for name in "${hosts[@]}"; do
    assert_no_process_left "$name" 'train\.py' 10
    assert_eq "" "$(host "$name" bash -c 'compgen -G "/tmp/smlaunch-0/python.*" || :')"
  done
done
