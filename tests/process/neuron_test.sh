#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Neuron cores: as the instance type says, or neuron-ls; a run says where they differ.
source "$(dirname "$0")/lib.sh"

container
echo 'echo "$SM_NUM_NEURONS"' >"$base/code/train"
hyperparameters '{"sagemaker_program": "train"}'
mkdir "$scratch/bin"
tell() { printf '#!/bin/sh\necho '\''%s'\''\n' "$1" >"$scratch/bin/neuron-ls"; chmod 755 "$scratch/bin/neuron-ls"; }
type_is() { sed -i "s/\"\(current_\)\?instance_type\": \"[^\"]*\"/\"\1instance_type\": \"$1\"/g" "$base/input/config/resourceconfig.json"; }

step "neuron-ls is asked, but not of a trn2"
tell '[{"nc_count": 2}, {"nc_count": 2}]'
type_is ml.trn1.2xlarge
run PATH="$scratch/bin:$PATH" "$smlaunch"
assert_success
assert_eq 4 "$out"
[[ $err != *Neuron* ]] || fail "$err"

step "a trn2 that shows other devices is a warning"
type_is ml.trn2.48xlarge
run PATH="$scratch/bin:$PATH" "$smlaunch"
assert_success
assert_eq 64 "$out"
assert_contains "$err" "smlaunch: warning: ml.trn2.48xlarge counts as 64 Neuron cores (SM_NUM_NEURONS), but neuron-ls shows 4 \
on this host: give the number of ranks with --processes-per-host"
tell '[{"nc_count": 64}]'
run PATH="$scratch/bin:$PATH" "$smlaunch"
[[ $err != *Neuron* ]] || fail "$err"
run "$smlaunch"
assert_eq 64 "$out"
[[ $err != *Neuron* ]] || fail "$err"

step "a neuron-ls that fails or prints something else is a warning where there should be cores, an absent neuron-ls is none"
type_is ml.trn1.2xlarge
for broken in 'echo "no devices" >&2; exit 1' 'echo nothing'; do
  printf '#!/bin/sh\n%s\n' "$broken" >"$scratch/bin/neuron-ls"
  for how in "" --dry-run; do
    run PATH="$scratch/bin:$PATH" "$smlaunch" $how
    assert_eq 0 "$status"
    assert_contains "$out$err" "$scratch/bin/neuron-ls: "
    assert_contains "$out$err" "SM_NUM_NEURONS is 0 on this ml.trn1.2xlarge; give the number of ranks with --processes-per-host"
  done
done
run "$smlaunch"
assert_success
assert_eq 0 "$out"
[[ $err != *NEURON* ]] || fail "$err"

step "what it prints to stderr is no part of its answer"
printf '#!/bin/sh\necho "[{\\"nc_count\\": 2}]"\necho careful >&2\n' >"$scratch/bin/neuron-ls"
run PATH="$scratch/bin:$PATH" "$smlaunch"
assert_success
assert_eq 2 "$out"
