#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Where each host starts its own ranks, it waits until the names of all hosts are known.
source "$(dirname "$0")/lib.sh"

program() {
  container algo-1 "$@"
  hyperparameters '{"sagemaker_program": "train.sh"}'
  echo 'echo ran' >"$base/code/train.sh"
}

step "a name that stays unknown is named"
program localhost absent.invalid
sed -i 's/"algo-1"/"127.0.0.1"/g' "$base/input/config/resourceconfig.json"
run "$smlaunch" --ready-timeout 1
assert_eq 69 "$status"
assert_eq "" "$out"
assert_report '[.outcome, .class, .exit_code]' '["failure","not_ready",69]'
failure=$(<"$base/output/failure")
assert_contains "$failure" "not_ready: 1 of 3 host names not known after "
assert_contains "$failure" "; absent.invalid: name unknown ("
assert_contains "$failure" "; check the spelling; see that DNS or /etc/hosts of this machine knows the name"
assert_eq "smlaunch: ${failure#not_ready: }" "$(tail -n 1 "$scratch/err")"

step "nobody waits in SageMaker Studio's local mode, nor on one host"
run SM_STUDIO_LOCAL_MODE=True "$smlaunch" --ready-timeout 1
assert_success
assert_eq ran "$out"
program
run "$smlaunch" --ready-timeout 1
assert_success

step "names that are known hold nothing up"
program localhost
sed -i 's/"algo-1"/"127.0.0.1"/g' "$base/input/config/resourceconfig.json"
run "$smlaunch"
assert_success
assert_eq ran "$out"
assert_report '[.phases[].name][0]' '"ready"'

step "a stop ends the waiting"
program absent.invalid
start "$smlaunch"
eventually 30 grep -q "^smlaunch: 0/2 ready; .*name unknown" "$scratch/err"
kill -TERM "$started"
ended
assert_eq 143 "$status"
assert_neither_file
assert_contains "$err" "stopped by SIGTERM while waiting for the names of the hosts"
assert_nothing_left
