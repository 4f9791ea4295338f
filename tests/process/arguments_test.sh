#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Hyperparameters and arguments reach every rank as they were written, whatever they hold.
source "$(dirname "$0")/lib.sh"

# In the order in which they are passed. Nothing in it is for this shell.
# shellcheck disable=SC2016
values='{
  "a_command": "a; rm -rf /", "b_single": "it'"'"'s", "c_double": "say \"hi\"", "d_newlines": "one\ntwo\n\nthree\n",
  "e_unicode": "žluťoučký 🐎 \u00e9", "f_substitution": "$(touch pwned) `touch pwned` ${HOME} $HOME",
  "g_backslashes": "\\ \\\\ \\n \\", "h_empty": "", "i_dash": "-x", "j_glob": "* ? [a-z] ~ !! # &", "k_blanks": "  a\tb  ",
  "l_percent": "%s%n %(x)s {x}", "m_equals": "=a=b", "n_tag": "[1,0]<stdout>:x", "o_crlf": "a\r\nb", "p_dashes": "--"}'
expected=$scratch/expected
jq -j 'to_entries[] | "--" + .key + "\u0000" + .value + "\u0000"' <<<"$values" >"$expected"

declare -A switches=([process]=none [ddp]=sagemaker_pytorch_ddp_enabled [mpi]=sagemaker_mpi_enabled)
with_program() { # PROGRAM
  jq --arg program "$1" --arg switch "${switches[$launcher]}" '. + {sagemaker_program: $program} +
    if $switch == "none" then {} else {($switch): true} end' <<<"$values" >"$base/input/config/hyperparameters.json"
}
assert_arguments() { # FILE
  cmp "$expected" "$1" || fail "other arguments arrived: $(tr '\0' '\n' <"$1")"
}
assert_unharmed() { [[ -z $(find "$base" "$scratch/here" -name pwned) ]] || fail "an argument was run by a shell"; }
# shellcheck disable=SC2016
python_writer='import os, sys
with open(os.environ["WRITE_TO"] + os.environ.get("RANK", ""), "wb") as file:
  for argument in sys.argv[1:]:
    file.write(os.fsencode(argument) + b"\0")
'
mkdir "$scratch/here"
cd "$scratch/here"

check() { # WHAT
  local rank
  step "$1, launcher $launcher with $ranks ranks"
  rm -f "$scratch"/got*
  if [[ $launcher == process ]]; then
    run WRITE_TO="$scratch/got" "$smlaunch"
    assert_success
    assert_arguments "$scratch/got"
  else
    run WRITE_TO="$scratch/got" "$smlaunch" --processes-per-host "$ranks"
    assert_success
    for ((rank = 0; rank < ranks; rank++)); do assert_arguments "$scratch/got$rank"; done
  fi
  assert_unharmed
}

launchers=("process 1" "ddp 2")
if command -v mpirun >/dev/null; then launchers+=("mpi 4"); else echo "mpirun is not installed: without launcher mpi"; fi
for each in "${launchers[@]}"; do
  read -r launcher ranks <<<"$each"

  container
  printf '%s' "$python_writer" >"$base/code/train.py"
  with_program train.py
  check "a Python program"

  container
  printf '%s' "$python_writer" >"$base/code/my_training.py"
  echo 'from setuptools import setup; setup(name="my_training", py_modules=["my_training"])' >"$base/code/setup.py"
  with_program my_training.py
  check "a Python package"

  container
  printf '#!/bin/bash\nexec %q "$@"\n' "$programs/write_arguments" >"$base/code/train.sh"
  chmod 644 "$base/code/train.sh"
  with_program train.sh
  check "a shell script without the x bit"

  container
  printf 'exec %q "$@"\n' "$programs/write_arguments" >"$base/code/train.sh"
  with_program train.sh
  check "a shell script without an interpreter line"

  step "a file of somebody else's keeps its mode"
  printf '#!/bin/sh\n' >"$scratch/theirs"
  container
  run "$smlaunch" -- "$scratch/theirs"
  assert_eq 71 "$status"
  assert_contains "$err" "$scratch/theirs: Permission denied"
  assert_eq 644 "$(stat -c %a "$scratch/theirs")"

  container
  cp "$programs/write_arguments" "$base/code/train"
  with_program train
  check "an executable"

  step "arguments after --, launcher $launcher"
  container
  hyperparameters '{"not": "passed"}'
  # shellcheck disable=SC2016
  arguments=('a; b' $'two\nlines' '' -x -- --dry-run '"' "'" '$(touch pwned)' '\' $'broken \xff\xfe UTF-8' 'č')
  printf '%s\0' "${arguments[@]}" >"$scratch/expected_after"
  rm -f "$scratch"/got*
  run WRITE_TO="$scratch/got" "$smlaunch" --hosts "localhost:$ranks" --launcher "$launcher" -- \
    "$programs/write_arguments" "${arguments[@]}"
  assert_success
  for file in "$scratch"/got*; do
    cmp "$scratch/expected_after" "$file" || fail "other arguments arrived: $(tr '\0' '\n' <"$file")"
  done
  assert_unharmed
done

step "an entry point after -- is taken from the current directory"
container
cp "$programs/write_arguments" "$scratch/here/mine"
printf '%s' "$python_writer" >"$scratch/here/mine.py"
printf 'one\0two\0' >"$scratch/expected_after"
for entry in mine ./mine mine.py; do
  rm -f "$scratch/got"
  run WRITE_TO="$scratch/got" "$smlaunch" -- "$entry" one two
  assert_success
  cmp "$scratch/expected_after" "$scratch/got"
done
assert_nothing_left
