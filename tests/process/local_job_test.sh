#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Outside a container a run makes a job's folder, as the toolkit does; nothing else does.
source "$(dirname "$0")/lib.sh"
[[ ! -e /opt/ml ]] || skip "/opt/ml is there: this is a container"
jobs=$scratch/home/sagemaker_local/jobs
mkdir -p "$scratch/home"
outside() { run env -u SAGEMAKER_BASE_DIR HOME="$scratch/home" "$@"; }
cd "$scratch"

step "a dry run and env say what would be made, and make nothing"
outside "$smlaunch" --dry-run --format json -- "$programs/end_with" exit 0
assert_eq 0 "$status"
assert_contains "$(jq -r .sources.base_dir <<<"$out")" "a run makes such a folder"
assert_eq "\"$(hostname)\"" "$(jq .current_host <<<"$out")"
outside "$smlaunch" env --format json
assert_eq 0 "$status"
[[ $(jq -r .paths.base <<<"$out") =~ ^"$jobs"/[0-9.]+/opt/ml$ ]] || fail "another folder: $out"
[[ ! -e $scratch/home/sagemaker_local ]] || fail "something was made"

step "a run makes it"
outside WRITE_TO="$scratch/environment" "$smlaunch" -- "$programs/write_environment"
assert_eq 0 "$status"
made=$(echo "$jobs"/*/opt/ml)
grep -qzx "SAGEMAKER_BASE_DIR=$made" "$scratch/environment" || fail "the program is not told"
assert_contains "$err" "the job's folder is $made"
assert_eq '{}' "$(<"$made/input/config/hyperparameters.json")"
assert_eq '{}' "$(<"$made/input/config/inputdataconfig.json")"
assert_eq "{\"current_host\":\"$(hostname)\",\"current_instance_group\":\"homogeneousCluster\",\"hosts\":[\"$(hostname)\"]}" \
  "$(jq -cS 'del(.instance_groups)' "$made/input/config/resourceconfig.json")"
assert_eq "[{\"hosts\":[\"$(hostname)\"],\"instance_group_name\":\"homogeneousCluster\",\"instance_type\":\"local\"}]" \
  "$(jq -cS .instance_groups "$made/input/config/resourceconfig.json")"
for folder in code model output/data; do [[ -d $made/$folder ]] || fail "no $folder"; done
assert_eq 0 "$(stat -c %s "$made/output/success")"

step "not where hosts are named"
outside "$smlaunch" --hosts localhost:1 -- "$programs/end_with" exit 0
assert_eq 0 "$status"
assert_eq 1 "$(find "$jobs" -mindepth 1 -maxdepth 1 | wc -l)"
