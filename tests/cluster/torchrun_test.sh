#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# torchrun on two hosts: where the platform starts smlaunch on each, and where one machine leads.
source "$(dirname "$0")/lib.sh"
command -v torchrun >/dev/null || skip "torchrun is not installed"
smlaunch=${SMLAUNCH:?the program under test}
cluster_up 2
configure hyperparameters '{"sagemaker_program": "train.py", "sagemaker_torch_distributed_enabled": true,
  "sagemaker_mpi_num_of_processes_per_host": 1}'
for each in "${hosts[@]}"; do
  host "$each" mkdir -p /opt/ml/code
  host "$each" tee /opt/ml/code/train.py >/dev/null <<'END'
import torch
import torch.distributed as dist

dist.init_process_group("gloo")
sum = torch.tensor([float(dist.get_rank() + 1)])
dist.all_reduce(sum)
print("rank", dist.get_rank(), "of", dist.get_world_size(), "has", sum.item(), flush=True)
END
done

step "each host starts its own"
within 120 host algo-2 "$smlaunch" >"$scratch/second" 2>&1 &
second=$!
run 120 host algo-1 "$smlaunch"
assert_eq 0 "$status"
wait "$second"
grep -q '^\[0 algo-1\] rank 0 of 2 has 3.0' <<<"$out" || fail "algo-1: $out $err"
grep -q '^\[1 algo-2\] rank 1 of 2 has 3.0' "$scratch/second" || fail "algo-2: $(<"$scratch/second")"

step "through mpirun"
run 120 host algo-1 bash -c 'cd /opt/ml/code && "$1" --hosts algo-1:1,algo-2:1 --launcher torchrun -- train.py' bash "$smlaunch"
assert_eq 0 "$status"
for n in 0 1; do grep -q "^\[$n algo-$((n + 1))\] rank $n of 2 has 3.0" <<<"$out" || fail "rank $n: $out $err"; done

# The torchrun of algo-2 waits five minutes for that of algo-1, whose rank 1 waits for ever.
step "a rank that fails ends the job, and the report lists every rank of every host, with its own end"
configure hyperparameters '{}'
host algo-1 tee /opt/ml/code/fail.py >/dev/null <<'END'
import os, sys, time
if os.environ["RANK"] == "0": sys.exit(0)
if os.environ["RANK"] == "2": time.sleep(1); sys.exit(7)
time.sleep(600)
END
host algo-1 cat /opt/ml/code/fail.py | host algo-2 tee /opt/ml/code/fail.py >/dev/null
run 120 host algo-1 bash -c 'cd /opt/ml/code && "$1" --hosts algo-1:2,algo-2:2 --launcher torchrun --failure-grace 2 --report /tmp/report.json -- fail.py' bash "$smlaunch"
assert_eq 7 "$status"
grep -q 'rank 2 on algo-2 exited with code 7 .*, the first to fail' <<<"$err" || fail "$err"
assert_eq '[2,"algo-2",7,"user_code"]' \
  "$(host algo-1 jq -c '[(.first_failure | .rank, .host, .exit_code), .class]' /tmp/report.json)"
assert_eq '[[0,"algo-1",0],[1,"algo-1",null],[2,"algo-2",7],[3,"algo-2",null]]' \
  "$(host algo-1 jq -c '[.ranks[] | [.rank, .host, .exit_code]]' /tmp/report.json)"
assert_eq '[[0,"own"],[1,"stopped_by_us"],[2,"own"],[3,"collateral"]]' \
  "$(host algo-1 jq -c '[.ranks[] | [.rank, .cause]]' /tmp/report.json)"
assert_eq '[["algo-1",0],["algo-2",2]]' "$(host algo-1 jq -c '[.starters[] | [.host, .first_rank]]' /tmp/report.json)"
