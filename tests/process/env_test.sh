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

step "names that no shell has are left out, and nothing is executed"
hyperparameters '{"sagemaker_program": "train", "batch-size": "3", "a b": "1", "x;touch '"$scratch"'/pwned;": "1", "é": "1",
  "$(touch '"$scratch"'/pwned)": "1", "`touch '"$scratch"'/pwned`": "1", "q\nuote'"'"'\"": "$(touch '"$scratch"'/pwned)", "": "1",
  "\u001b[31m": "1", "lr": "0.1", "_x9": "y"}'
echo '{"train-set": {}, "good": {}}' >"$base/input/config/inputdataconfig.json"
run "$smlaunch" env --format shell
assert_eq 0 "$status"
printf '%s\n' "$out" >"$scratch/variables.sh"
! grep -vE '^export SM_[A-Za-z0-9_]+=' "$scratch/variables.sh" || fail "a line is no variable"
assert_eq 1 "$(wc -l <<<"$err")"
assert_contains "$err" 'smlaunch: warning: left out, for no shell has a variable of such a name: '
for name in '"SM_HP_A B"' '"SM_HP_BATCH-SIZE"' '"SM_CHANNEL_TRAIN-SET"' '"SM_HP_\u00c9"' '"SM_HP_\u001b[31M"' '"SM_HP_Q\nUOTE'"'"'\""'; do
  assert_contains "$err" "$name"
done
for shell in dash bash "bash --posix"; do
  command -v "${shell%% *}" >/dev/null || continue
  # shellcheck disable=SC2016,SC2086
  theirs=$(env -i PATH="$PATH" $shell -e -u -c '. "$1"; printf "%s " "$SM_HP_LR" "$SM_HP__X9" "$SM_CHANNEL_GOOD"' sh "$scratch/variables.sh" 2>&1)
  assert_eq "0.1 y $base/input/data/good " "$theirs"
done
[[ ! -e $scratch/pwned ]] || fail "something was executed"
run "$smlaunch" env
assert_contains "$out" "SM_HP_BATCH-SIZE=3"
assert_eq "" "$err"
echo '{}' >"$base/input/config/inputdataconfig.json"
hyperparameters '{"sagemaker_program": "train", "unicode": "žluťoučký"}'

step "as train, by a link and by a copy"
cp "$programs/write_arguments" "$base/code/train"
mkdir "$scratch/bin"
ln -s "$smlaunch" "$scratch/bin/train"
run WRITE_TO="$scratch/arguments" PATH="$scratch/bin:$PATH" train
assert_success
assert_contains "$(tr '\0' ' ' <"$scratch/arguments")" "--unicode žluťoučký"
run WRITE_TO="$scratch/arguments" PATH="$scratch/bin:$PATH" train train
assert_success
run PATH="$scratch/bin:$PATH" train serve
assert_eq 64 "$status"
assert_contains "$err" serve
cp --remove-destination "$smlaunch" "$scratch/bin/train"
run WRITE_TO="$scratch/arguments" PATH="$scratch/bin:$PATH" train
assert_success
