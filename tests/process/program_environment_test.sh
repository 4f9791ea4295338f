#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# What a program finds beside SM_*: its modules, its host, the job's name and region. It may be a module itself.
source "$(dirname "$0")/lib.sh"
needs python3

launchers=(process ddp mpi)
! command -v torchrun >/dev/null || launchers+=(torchrun)

container
mkdir "$base/code/pkg" "$scratch/lib"
echo 'name = "common"' >"$base/code/common.py"
echo 'name = "theirs"' >"$scratch/lib/theirs.py"
: >"$base/code/pkg/__init__.py"
cat >"$base/code/pkg/train.py" <<'END'
import os, sys
import common, theirs
print(common.name, theirs.name, sys.argv[1:], *[os.environ.get(name) for name in
      ("CURRENT_HOST", "SAGEMAKER_JOB_NAME", "SAGEMAKER_REGION")], flush=True)
END
job='"lr": 0.1, "sagemaker_job_name": "job-1", "sagemaker_region": "us-west-2"'
expected="common theirs ['--lr', '0.1'] algo-1 job-1 us-west-2"

step "a program in a folder of the code imports its modules"
hyperparameters "{\"sagemaker_program\": \"pkg/train.py\", $job}"
for launcher in "${launchers[@]}"; do
  run PYTHONPATH="$scratch/lib" CURRENT_HOST=other SAGEMAKER_REGION=other "$smlaunch" --launcher "$launcher"
  assert_success
  assert_contains "$out" "$expected"
done
run PYTHONPATH="$scratch/lib" "$smlaunch" --dry-run --format json
assert_eq "[\"$base/code:$scratch/lib\",\"algo-1\",\"job-1\",\"us-west-2\"]" \
  "$(jq -c '.environment | [.PYTHONPATH, .CURRENT_HOST, .SAGEMAKER_JOB_NAME, .SAGEMAKER_REGION]' <<<"$out")"

step "a module that the interpreter finds"
hyperparameters "{\"sagemaker_program\": \"-m pkg.train\", $job}"
for launcher in "${launchers[@]}"; do
  run PYTHONPATH="$scratch/lib" "$smlaunch" --launcher "$launcher"
  assert_success
  assert_contains "$out" "$expected"
done
run "$smlaunch" --dry-run --format json
assert_eq '["python_package","-m pkg.train"]' "$(jq -c '[.entry_point.kind, .entry_point.name]' <<<"$out")"
cd "$base/code"
run PYTHONPATH="$scratch/lib" "$smlaunch" --hosts localhost:2 -- -m pkg.train --lr 0.1
assert_success
for rank in 0 1; do assert_contains "$out" "[$rank localhost] common theirs ['--lr', '0.1'] localhost"; done
run "$smlaunch" --hosts localhost:2 -- -m
assert_eq 64 "$status"
assert_eq "smlaunch: -- -m: is not followed by the name of a module; write -- -m PACKAGE.MODULE ARG..." "$err"

step "every CPU that is online is counted, whoever may use it"
needs taskset
cd /
online=$(getconf _NPROCESSORS_ONLN)
container
# shellcheck disable=SC2016
hyperparameters '{"sagemaker_program": "train.sh"}'
echo 'echo "$SM_NUM_CPUS"' >"$base/code/train.sh"
run taskset -c 0 "$smlaunch"
assert_eq "$online" "$out"
run taskset -c 0 "$smlaunch" env
assert_contains "$out" "SM_NUM_CPUS=$online"
