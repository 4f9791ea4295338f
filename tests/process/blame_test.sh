#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Who is named for a failure that begins elsewhere: a rank that left too early, mpirun itself.
source "$(dirname "$0")/lib.sh"
python=/usr/bin/python3
[[ -x $python ]] || skip "there is no $python"
leave_early=$(cd "$(dirname "$0")/../programs" && pwd)/leave_early.py
container

step "a rank that leaves with 0 while its peer still needs it is named, not the peer"
run env MEETING="$scratch/meeting" "$smlaunch" --base-dir "$base" --hosts localhost:2 --launcher ddp \
  --python "$python" -- "$leave_early"
assert_eq 1 "$status"
read -r first <"$base/output/failure"
assert_contains "$first" "rank 1 on localhost ended with code 0"
assert_contains "$first" "while others still ran; then rank 0"
[[ $first != *"before any other"* ]] || fail "$first"
assert_report .first_failure.rank 1

step "so is a rank that has closed its connection, and ends after the traceback of its peer"
rm -f "$base/output/failure" "$scratch"/meeting*
run env MEETING="$scratch/meeting" "$smlaunch" --base-dir "$base" --hosts localhost:2 --launcher ddp \
  --python "$python" -- "$leave_early" stays
assert_eq 1 "$status"
read -r first <"$base/output/failure"
assert_contains "$first" "rank 1 on localhost ended with code 0"
assert_contains "$first" "while others still ran; then rank 0"
assert_report .first_failure.rank 1

step "an mpirun that fails has its own words in the sentence and in the file"
command -v mpirun >/dev/null || exit 0
rm -f "$base/output/failure"
: >"$base/code/train.py"
hyperparameters '{"sagemaker_program": "train.py", "sagemaker_mpi_enabled": true,
  "sagemaker_mpi_custom_mpi_options": "--no-such-option-of-mpirun"}'
run "$smlaunch" --python "$python"
assert_eq 71 "$status"
read -r first <"$base/output/failure"
assert_contains "$first" "no-such-option-of-mpirun"
