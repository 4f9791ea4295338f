#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# SAGEMAKER_TRAINING_MODULE: a module of the user's is run; one of AWS's images is not needed.
source "$(dirname "$0")/lib.sh"
needs python3

container
hyperparameters '{"sagemaker_program": "train.py", "lr": 0.1}'
cat >"$base/code/my_framework.py" <<'END'
import os, sys
def main():
    print("argv", sys.argv, "arguments", os.environ["SM_USER_ARGS"], "module", os.environ["SM_FRAMEWORK_MODULE"], flush=True)
def leave():
    sys.exit(9)
def absent():
    open("/absent/file")
def broken():
    raise OSError("no number")
def huge():
    raise OSError(512, "no exit code")
def fail():
    raise ValueError("no such thing")
END
cat >"$base/code/train.py" <<'END'
import os, sys
print("program", sys.argv, [os.environ.get(name) for name in ("MASTER_ADDR", "MASTER_PORT", "NCCL_DEBUG", "TF_CONFIG")], flush=True)
END

step "a function of a module"
run SAGEMAKER_TRAINING_MODULE=my_framework:main "$smlaunch"
assert_success
assert_eq "argv ['-c'] arguments [\"--lr\",\"0.1\"] module my_framework:main" "$out"
run SAGEMAKER_TRAINING_MODULE=my_framework:leave "$smlaunch"
assert_eq 9 "$status"
run SAGEMAKER_TRAINING_MODULE=my_framework:fail "$smlaunch"
assert_eq 1 "$status"
assert_contains "$(<"$base/output/failure")" "ValueError: no such thing"
step "an exception's errno is the exit code, as under the toolkit"
rm "$base/output/failure"
run SAGEMAKER_TRAINING_MODULE=my_framework:absent "$smlaunch"
assert_eq 2 "$status"
assert_contains "$(<"$base/output/failure")" "FileNotFoundError: [Errno 2] No such file or directory: '/absent/file'"
for function in broken huge; do
  run SAGEMAKER_TRAINING_MODULE=my_framework:$function "$smlaunch"
  assert_eq 1 "$status"
done

step "a module or function that is not there"
run SAGEMAKER_TRAINING_MODULE=my_framework:nowhere "$smlaunch"
assert_eq 1 "$status"
run SAGEMAKER_TRAINING_MODULE=my_framework "$smlaunch"
assert_eq 78 "$status"

step "the module of AWS's PyTorch images: its part is done here, the program runs itself"
rm -f "$base/output/failure"
run SAGEMAKER_TRAINING_MODULE=sagemaker_pytorch_container.training:main "$smlaunch"
assert_success
[[ $out =~ ^"program ['train.py', '--lr', '0.1'] ['algo-1', '"([0-9]+)"', 'WARN', None]"$ ]] || fail "$out"
((BASH_REMATCH[1] != 7777)) || fail "the toolkit's port, where nobody else must know it"
run SAGEMAKER_TRAINING_MODULE=sagemaker_pytorch_container.training:main MASTER_ADDR=elsewhere MASTER_PORT=1 "$smlaunch" --master-port 4711
assert_eq "program ['train.py', '--lr', '0.1'] ['algo-1', '4711', 'WARN', None]" "$out"
run SAGEMAKER_TRAINING_MODULE=sagemaker_pytorch_container.training:main NCCL_DEBUG=INFO "$smlaunch" --dry-run --format json
assert_eq '["python_program","train.py",null]' "$(jq -c '[.entry_point.kind, .entry_point.name, .environment.NCCL_DEBUG]' <<<"$out")"
assert_contains "$(jq -r .sources.entry_point <<<"$out")" "is done by smlaunch"

step "or it is run, where that is asked for"
run SAGEMAKER_TRAINING_MODULE=sagemaker_pytorch_container.training:main "$smlaunch" --framework-module run
assert_eq 1 "$status"
assert_contains "$(<"$base/output/failure")" "ModuleNotFoundError: No module named 'sagemaker_pytorch_container'"

step "TensorFlow's cluster"
container algo-1 algo-2
hyperparameters '{"sagemaker_program": "train.py", "sagemaker_multi_worker_mirrored_strategy_enabled": true}'
run SAGEMAKER_TRAINING_MODULE=sagemaker_tensorflow_container.training:main "$smlaunch" --dry-run --format json --current-host algo-2
assert_eq '{"cluster":{"worker":["algo-1:8890","algo-2:8890"]},"environment":"cloud","task":{"index":1,"type":"worker"}}' \
  "$(jq -c '.environment.TF_CONFIG | fromjson' <<<"$out")"
