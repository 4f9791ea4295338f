#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# A job of SageMaker's SDK v3 (ModelTrainer): its drivers and its code come in two channels, and nothing names a program
# for `train`. The SDK itself is not needed; tests/sdk compares with it.
source "$(dirname "$0")/lib.sh"
needs python3
command -v mpirun >/dev/null && has_mpi=yes || has_mpi=

trainer() { # SOURCECODE DISTRIBUTED
  container
  sed -i 's/"lo"/"ethwe"/' "$base/input/config/resourceconfig.json"
  rmdir "$base/code"
  mkdir -p "$base"/input/data/{code,sm_drivers/distributed_drivers}
  printf '%s' "$1" >"$base/input/data/sm_drivers/sourcecode.json"
  printf '%s' "$2" >"$base/input/data/sm_drivers/distributed.json"
  echo '{"code": {"TrainingInputMode": "File"}, "sm_drivers": {"TrainingInputMode": "File"}}' \
    >"$base/input/config/inputdataconfig.json"
  hyperparameters '{"lr": "0.1", "e": "true", "layers": "[1, 2]", "name": "a b"}'
  cat >"$base/input/data/code/train.py" <<'END'
import os, sys
print(sys.argv, os.getcwd(), [os.environ.get(name) for name in (
    "RANK", "SM_ENTRY_SCRIPT", "SM_MASTER_ADDR", "SM_HOST_COUNT", "SM_CURRENT_HOST_RANK", "SM_HP_LAYERS",
    "NOTE")], flush=True)
END
}
script='{"source_dir": "s", "requirements": null, "entry_script": "train.py", "command": null, "args": null}'
arguments="['train.py', '--lr', '0.1', '--e', 'true', '--layers', '[1, 2]', '--name', 'a b']"
variables="'train.py', 'algo-1', '1', '0', '[1, 2]', None"

step "smlaunch and train start the entry script with the drivers' arguments and variables"
trainer "$script" '{}'
ln -s "$smlaunch" "$scratch/train"
for program in "$smlaunch" "$scratch/train"; do
  rm -f "$base/output/success"
  run "$program"
  assert_success
  assert_eq "$arguments $base/input/data/code [None, $variables]" "$out"
done
run "$smlaunch" --dry-run --format json
drivers=$base/input/data/sm_drivers
assert_eq "[\"entry_script of $drivers/sourcecode.json\",\"$drivers/distributed.json asks for none\"]" \
  "$(jq -c '[.sources.entry_point, .sources.launcher]' <<<"$out")"

step "so does smlaunch -- train.py, with its own arguments"
run "$smlaunch" -- train.py 1
assert_success
assert_eq "['train.py', '1'] $base/input/data/code [None, $variables]" "$out"

step "a shell script is run itself"
trainer '{"entry_script": "run.sh", "requirements": null}' '{}'
printf '#!/bin/sh\necho "$@"\n' >"$base/input/data/code/run.sh"
run "$smlaunch"
assert_success
assert_eq "--lr 0.1 --e true --layers [1, 2] --name a b" "$out"

step "a command is run as the SDK's script runs it"
trainer '{"entry_script": null, "command": "echo $SM_HP_LR", "args": ["a b", 2]}' '{}'
run "$smlaunch"
assert_success
assert_eq "0.1 a b 2" "$out"

step "a command that is smlaunch starts the entry script"
trainer '{"entry_script": "train.py", "command": "smlaunch", "args": null}' '{}'
run SM_SOURCE_DIR=/opt/ml/input/data/code "$smlaunch"
assert_success
assert_eq "$arguments $base/input/data/code [None, $variables]" "$out"

step "the requirements that are named are installed, unless the SDK's script has started us"
trainer '{"entry_script": "train.py", "requirements": "pip/own.txt", "command": null}' '{}'
run "$smlaunch" --dry-run --format json
assert_contains "$(jq -r .sources.code <<<"$out")" "-m pip install -r pip/own.txt"
run SM_SOURCE_DIR=/opt/ml/input/data/code "$smlaunch" --dry-run --format json
assert_eq null "$(jq -r .sources.code <<<"$out")"
run "$smlaunch"
assert_eq 1 "$status"
assert_contains "$(<"$base/output/failure")" "InstallRequirementsError"

step "a source folder that is an archive is unpacked where it lies, and only once"
trainer '{"source_dir": "a/src.tar.gz", "entry_script": "train.py", "requirements": null}' '{}'
mv "$base/input/data/code" "$scratch/src"
mkdir "$base/input/data/code"
tar -czf "$base/input/data/code/src.tar.gz" -C "$scratch/src" .
run "$smlaunch" --dry-run --format json
assert_contains "$(jq -r .sources.code <<<"$out")" "a run puts $base/input/data/code/src.tar.gz into $base/input/data/code"
run "$smlaunch" -- train.py 1
assert_success
assert_eq "['train.py', '1'] $base/input/data/code [None, $variables]" "$out"
for again in first second; do
  [[ $again == second ]] || rm "$base/input/data/code/train.py"
  run "$smlaunch"
  assert_success
  assert_eq "$arguments $base/input/data/code [None, $variables]" "$out"
  assert_eq "src.tar.gz train.py" "$(ls -A "$base/input/data/code" | paste -sd' ')"
done

step "Smlaunch's ranks, where the interface is local mode's"
trainer "$script" '{"process_count_per_node": 2, "mpi_additional_options": null, "launcher": "ddp"}'
run "$smlaunch" --dry-run --format json
assert_eq "[\"ddp\",2,\"process_count_per_node of $drivers/distributed.json\"]" \
  "$(jq -c '[.launcher, .world_size, .sources.processes_per_host]' <<<"$out")"
run "$smlaunch"
assert_success
assert_eq "[0 algo-1] $arguments $base/input/data/code ['0', $variables]
[1 algo-1] $arguments $base/input/data/code ['1', $variables]" "$(sort <<<"$out")"

step "an option and a variable of ours come before the distribution"
run "$smlaunch" --processes-per-host 1 --dry-run --format json
assert_eq '[1,"option --processes-per-host"]' "$(jq -c '[.world_size, .sources.processes_per_host]' <<<"$out")"
run SMLAUNCH_LAUNCHER=process "$smlaunch" --dry-run --format json
assert_eq '["process","variable SMLAUNCH_LAUNCHER"]' "$(jq -c '[.launcher, .sources.launcher]' <<<"$out")"

if [[ -n $has_mpi ]]; then
  step "MPI, with its options"
  trainer "$script" '{"process_count_per_node": 2, "mpi_additional_options": ["-x", "NOTE=A B"]}'
  run "$smlaunch" --dry-run --format json
  assert_eq "[\"mpi\",\"mpi_additional_options of $drivers/distributed.json\"]" \
    "$(jq -c '[.launcher, .sources.mpi_options]' <<<"$out")"
  run "$smlaunch"
  assert_success
  assert_eq 2 "$(grep -cF "${variables%None}'A B'" <<<"$out")"
fi

step "what is wrong in its files is named"
trainer '{"entry_script": 7}' '{'
run "$smlaunch"
assert_eq 78 "$status"
assert_contains "$err" "sourcecode.json: entry_script"
assert_contains "$err" "distributed.json"
