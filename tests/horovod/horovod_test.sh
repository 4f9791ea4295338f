#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Real Horovod: four ranks on one host and two on each of two print the same loss; a rank that fails is named.
source "$(dirname "$0")/../cluster/lib.sh"
smlaunch=${SMLAUNCH:?the program under test}
example=$(cd "$(dirname "$0")/../../examples/digits_horovod/opt-ml" && pwd)
folder=${SMLAUNCH_HOROVOD:?the folder with Horovod}
python=/usr/bin/python3
PYTHONPATH=$folder "$python" -c 'import horovod.torch' || skip "Horovod is not built: tests/horovod/build $folder"
cluster_up 2
for name in "${hosts[@]}"; do
  tar -C "$example" -ch code input/data | host "$name" tar -x --no-same-owner -C /opt/ml
done
configure inputdataconfig '{"training": {"TrainingInputMode": "File"}}'
configure hyperparameters '{"sagemaker_program": "train.py", "sagemaker_mpi_enabled": true,
  "sagemaker_mpi_num_of_processes_per_host": 2, "epochs": 10}'
launch=(env PYTHONPATH="$folder" OMP_NUM_THREADS=1 "$smlaunch" --python "$python")
losses() { grep -o 'epoch [0-9]*: loss [0-9.]*\|accuracy: [0-9.]*' "$scratch/out"; }

step "four ranks on one host"
run 120 host algo-1 "${launch[@]}" --launcher mpi --hosts algo-1:4 -- /opt/ml/code/train.py \
  --epochs 10 --training /opt/ml/input/data/training --model-dir /opt/ml/model
((status == 0)) || fail "status $status: $(tail -n 15 "$scratch/err")"
expected=$(losses)
assert_eq 3 "$(wc -l <<<"$expected")"
assert_contains "$expected" "accuracy: 0.9"
echo "$expected"

step "two on each of two hosts, as on SageMaker"
timeout 120 "$cluster" exec algo-2 "${launch[@]}" >"$scratch/algo-2.log" 2>&1 &
other=$!
run 120 host algo-1 "${launch[@]}"
((status == 0)) || fail "status $status: $(tail -n 15 "$scratch/err")"
wait "$other" || fail "algo-2: $(<"$scratch/algo-2.log")"
assert_eq "$expected" "$(losses)"

step "a rank that fails while the others wait for it in an all-reduce"
cat >"$scratch/fails.py" <<'END'
import horovod.torch as hvd, torch
hvd.init()
hvd.allreduce(torch.ones(1), name="first")
if hvd.rank() == 3:
    raise ValueError("no such batch")
hvd.allreduce(torch.ones(1), name="second")
END
for name in "${hosts[@]}"; do "$cluster" put "$name" "$scratch/fails.py" /opt/ml/code/fails.py; done
run 60 host algo-1 "${launch[@]}" --launcher mpi --hosts algo-1:2,algo-2:2 -- /opt/ml/code/fails.py
assert_eq 1 "$status"
# The last sentence: the others may have ended before it, of its leaving MPI while Python still ran.
assert_contains "$(tail -n 1 <<<"$err")" "rank 3 on algo-2 "
assert_contains "$(tail -n 1 <<<"$err")" "ValueError: no such batch"
