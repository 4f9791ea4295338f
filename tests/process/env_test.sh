#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# `smlaunch env --format shell` is for a shell to evaluate; the program answers to the name `train`.
source "$(dirname "$0")/lib.sh"

container
hyperparameters '{"sagemaker_program": "train", "quote": "it'"'"'s \"so\" $HOME `id` \\ ;", "line": "one\ntwo\n", "empty": "", "unicode": "žluťoučký"}'

step "values survive a shell"
run "$smlaunch" env --format shell
assert_eq 0 "$status"
printf '%s\n' "$out" >"$scratch/variables.sh"
for name in SM_HP_QUOTE SM_HP_LINE SM_HP_EMPTY SM_HP_UNICODE SM_HPS SM_TRAINING_ENV SM_USER_ARGS; do
  theirs=$(SAGEMAKER_BASE_DIR=$base "$smlaunch" env --format json | jq -j --arg name "$name" '.environment[$name]'; echo x)
  # shellcheck disable=SC2016
  ours=$(env -i /bin/sh -c '. "$1"; eval "printf %s \"\$$2\""' sh "$scratch/variables.sh" "$name"; echo x)
  assert_eq "$theirs" "$ours"
done

step "as train, by a link and by a copy"
cp "$programs/write_arguments" "$base/code/train"
mkdir "$scratch/bin"
ln -s "$smlaunch" "$scratch/bin/train"
run WRITE_TO="$scratch/arguments" PATH="$scratch/bin:$PATH" train
assert_success
assert_contains "$(tr '\0' ' ' <"$scratch/arguments")" "--unicode žluťoučký"
cp --remove-destination "$smlaunch" "$scratch/bin/train"
run WRITE_TO="$scratch/arguments" PATH="$scratch/bin:$PATH" train
assert_success
