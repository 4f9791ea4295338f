#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The type hints of the Python package hold, by mypy's strictest rules, with the SDK beside it; and a wrong call is found.
set -euo pipefail
python=${SMLAUNCH_SDK:?the folder with mypy and the SDK}/sdk/bin/python
if ! "$python" -m mypy --version >/dev/null 2>&1; then
  echo "SKIPPED: mypy is not there: tests/sdk/build $SMLAUNCH_SDK"
  exit 77
fi
cd "$(dirname "$0")/../../python"
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
check() { "$python" -m mypy --strict --follow-imports=silent --cache-dir "$scratch/cache" "$@"; }
check smlaunch
[[ -e smlaunch/py.typed ]] || { echo "FAILED: no py.typed: nobody's checker reads these hints"; exit 1; }
cat >"$scratch/user.py" <<'END'
from smlaunch.sagemaker_training import entry_point, environment
env = environment.Environment()
entry_point.run(uri=env.module_dir, user_entry_point=env.user_entry_point, args=env.to_cmd_args(), env_vars=env.to_env_vars())
END
MYPYPATH=$PWD check "$scratch/user.py"
sed -i 's/env.user_entry_point/env.num_gpus/' "$scratch/user.py"
if words=$(MYPYPATH=$PWD check "$scratch/user.py"); then
  echo "FAILED: a program's name that is a number was taken"
  exit 1
fi
grep -q 'Argument "user_entry_point" to "run" has incompatible type "int"' <<<"$words" || { echo "FAILED: $words"; exit 1; }
