#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# DistributedDataParallel with real PyTorch, started in every way there is: one host of four ranks and two hosts of two
# print the same loss.
source "$(dirname "$0")/lib.sh"
smlaunch=${SMLAUNCH:?the program under test}
example=$(cd "$(dirname "$0")/../../examples/digits_ddp/opt-ml" && pwd)
# Debian's PyTorch, and any other that is the first on PATH.
pythons=()
for python in /usr/bin/python3 "$(command -v python3)"; do
  [[ -x $python && " ${pythons[*]} " != *" $python "* ]] || continue
  "$python" -c 'import torch, torch.distributed, numpy' 2>/dev/null && pythons+=("$python")
done
((${#pythons[@]})) || skip "PyTorch is not installed (Debian: python3-torch)"
cluster_up 2
for name in "${hosts[@]}"; do
  tar -C "$example" -ch code input/data | host "$name" tar -x --no-same-owner -C /opt/ml
done
configure inputdataconfig '{"training": {"TrainingInputMode": "File"}}'
losses() { grep -o 'epoch [0-9]*: loss [0-9.]*\|accuracy: [0-9.]*' "$scratch/out"; }
job() { configure hyperparameters "{\"sagemaker_program\": \"train.py\", \"epochs\": 10, $1}"; }
per_host='"sagemaker_mpi_num_of_processes_per_host"'
on_both() { # COMMAND...: on every host, as the platform does; algo-1's streams
  local other
  timeout 120 "$cluster" exec algo-2 "$@" >"$scratch/algo-2.out" 2>"$scratch/algo-2.err" &
  other=$!
  run 120 host algo-1 "$@"
  assert_eq 0 "$status"
  wait "$other" || fail "algo-2: $(<"$scratch/algo-2.err")"
}

for python in "${pythons[@]}"; do
  echo "PyTorch $("$python" -c 'import torch; print(torch.__version__)') of $python"
  export OMP_NUM_THREADS=1

  step "four ranks on one host, each started by smlaunch"
  job "$per_host: 4"
  run 120 host algo-1 "$smlaunch" --launcher ddp --python "$python" --hosts algo-1:4 -- /opt/ml/code/train.py --epochs 10
  assert_eq 0 "$status"
  expected=$(losses)
  assert_eq 3 "$(wc -l <<<"$expected")"
  assert_contains "$expected" "accuracy: 0.9"

  step "four ranks on one host, by torchrun"
  run 120 host algo-1 "$smlaunch" --launcher torchrun --python "$python" --hosts algo-1:4 -- /opt/ml/code/train.py --epochs 10
  assert_eq "0 $expected" "$status $(losses)"

  step "two on each of two hosts, through mpirun"
  job "$per_host: 2, \"sagemaker_pytorch_ddp_enabled\": true"
  on_both "$smlaunch" --python "$python"
  assert_eq "$expected" "$(losses)"
  assert_contains "$out" "[0 algo-1] accuracy"

  step "a torchrun on each of two hosts, started by the host itself"
  job "$per_host: 2, \"sagemaker_torch_distributed_enabled\": true"
  on_both "$smlaunch" --python "$python"
  assert_eq "$expected" "$(losses)"

  step "a torchrun on each of two hosts, through mpirun"
  run 120 host algo-1 "$smlaunch" --launcher torchrun --python "$python" --hosts algo-1:2,algo-2:2 -- /opt/ml/code/train.py --epochs 10
  assert_eq "0 $expected" "$status $(losses)"

  step "a rank that fails while the others wait for it: it is named, whoever's connection breaks"
  for name in "${hosts[@]}"; do
    host "$name" tee /opt/ml/code/fail.py >/dev/null <<'END'
import os, time
import torch, torch.distributed as dist
dist.init_process_group("gloo")
dist.barrier()
if os.environ["RANK"] == "2":
    raise ValueError("bad batch")
dist.all_reduce(torch.zeros(1))
END
  done
  configure hyperparameters "{\"sagemaker_program\": \"fail.py\", \"sagemaker_pytorch_ddp_enabled\": true, $per_host: 2}"
  timeout 60 "$cluster" exec algo-2 "$smlaunch" --python "$python" --failure-grace 2 >/dev/null 2>"$scratch/algo-2.err" &
  other=$!
  run 60 host algo-1 "$smlaunch" --python "$python" --failure-grace 2
  assert_eq 1 "$status"
  assert_eq '["user_code",2]' "$(host algo-1 jq -c '[.class, .first_failure.rank]' /opt/ml/output/data/smlaunch/report.json)"
  assert_contains "$(tail -n 1 <<<"$err")" "rank 2 on algo-2"
  assert_contains "$(tail -n 1 <<<"$err")" "ValueError: bad batch"
  status=0
  wait "$other" || status=$?
  assert_eq 1 "$status"
  assert_eq "$(tail -n 1 <<<"$err")" "$(tail -n 1 "$scratch/algo-2.err")"
  assert_no_process_left algo-2 '(^| )SMLAUNCH_JOB=' 10
done
