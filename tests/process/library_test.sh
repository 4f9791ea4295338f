#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The installed package, as another project uses it: examples/library.
source "$(dirname "$0")/lib.sh"
needs cmake
needs python3
build=$(dirname "$programs")
build=${build%/tests}
example=$(cd "$(dirname "$0")/../../examples/library" && pwd)

step "install, configure, compile"
cmake --install "$build" --component library --prefix "$scratch/installed" >"$scratch/log" || fail "$(<"$scratch/log")"
assert_eq "include/smlaunch/base/error.hpp
include/smlaunch/contract.hpp
include/smlaunch/launcher/contract/entry_point.hpp
include/smlaunch/launcher/contract/environment.hpp
include/smlaunch/launcher/contract/paths.hpp
include/smlaunch/launcher/contract/python_value.hpp
include/smlaunch/launcher/contract/result_files.hpp" "$(cd "$scratch/installed" && find include -type f | LC_ALL=C sort)"
cmake -S "$example" -B "$scratch/build" -DCMAKE_PREFIX_PATH="$scratch/installed" >"$scratch/log" 2>&1 || fail "$(<"$scratch/log")"
cmake --build "$scratch/build" >"$scratch/log" 2>&1 || fail "$(<"$scratch/log")"

step "the container, and the user's program"
container algo-1 algo-2
hyperparameters '{"sagemaker_program": "train.py", "lr": 0.1}'
echo '{"training": {}}' >"$base/input/config/inputdataconfig.json"
echo 'import os, sys; print(sys.argv, os.environ["SM_CHANNELS"], flush=True); sys.stderr.write("oh"); sys.exit(int(os.environ.get("CODE", "0")))' \
  >"$base/code/train.py"
run "$scratch/build/show_job"
assert_eq 0 "$status"
assert_eq "host algo-1 of 2, model in $base/model
channel training in $base/input/data/training
['train.py', '--lr', '0.1'] [\"training\"]
exit code 0, signal 0, 2 bytes on stderr" "$out"
assert_eq oh "$err"
run CODE=3 "$scratch/build/show_job"
assert_eq 1 "$status"
assert_contains "$out" "exit code 3, signal 0"

step "a framework's module calls it: the user's program runs, and finds what the toolkit gives it"
mkdir "$base/code/pkg"
echo 'name = "common"' >"$base/code/common.py"
echo 'import os, common; print(common.name, os.environ["CURRENT_HOST"], os.environ["SAGEMAKER_REGION"], os.environ["PYTHONPATH"], flush=True)' \
  >"$base/code/pkg/train.py"
hyperparameters '{"sagemaker_program": "pkg/train.py", "sagemaker_region": "us-west-2"}'
run SAGEMAKER_TRAINING_MODULE=my_framework.training:main PYTHONPATH=/lib "$scratch/build/show_job"
assert_eq 0 "$status"
assert_contains "$out" "common algo-1 us-west-2 $base/code:/lib"

step "all that it writes to stderr is passed on, to a pipe too that is full and does not wait"
echo 'import sys; sys.stderr.write("".join(f"{i}\n" for i in range(100000)))' >"$base/code/train.py"
hyperparameters '{"sagemaker_program": "train.py"}'
cat >"$scratch/read_late.py" <<'END'
import os, subprocess, sys, time
ours, theirs = os.pipe()
os.set_blocking(theirs, False)
program = subprocess.Popen(sys.argv[1:], stderr=theirs)
os.close(theirs)
time.sleep(0.3)
lines = open(ours).read().splitlines()
print(program.wait(), lines == [str(i) for i in range(100000)])
END
run python3 "$scratch/read_late.py" "$scratch/build/show_job"
assert_contains "$out" "exit code 0, signal 0, 588890 bytes on stderr"
assert_contains "$out" "0 True"

step "a variable that is too long for the kernel lies in a file"
cat >"$base/code/train.py" <<'END'
import os
print([name for name in ("SM_HP_LONG", "SM_TRAINING_ENV") if name in os.environ], flush=True)
END
python3 -c 'import json; print(json.dumps({"sagemaker_program": "train.py", "long": "x" * 131000}))' \
  >"$base/input/config/hyperparameters.json"
run "$scratch/build/show_job"
assert_eq 0 "$status"
assert_contains "$out" "['SM_HP_LONG']"
file=$base/output/data/smlaunch/env/SM_TRAINING_ENV
assert_contains "$out" "SM_TRAINING_ENV was too long for a variable, and lay in $file"
assert_eq 131000 "$(jq -r .hyperparameters.long "$file" | tr -d '\n' | wc -c)"
rm -r "$base/output/data"
: >"$base/output/data"
run "$scratch/build/show_job"
assert_eq 71 "$status"
assert_contains "$err" "$base/output/data/smlaunch/env: cannot be created"
rm "$base/output/data"
mkdir "$base/output/data"

step "a command is made executable"
printf '#!/bin/sh\necho command\n' >"$base/code/run"
chmod 644 "$base/code/run"
hyperparameters '{"sagemaker_program": "run"}'
run "$scratch/build/show_job"
assert_eq 0 "$status"
assert_contains "$out" command
assert_eq 755 "$(stat -c %a "$base/code/run")"

step "what cannot be"
hyperparameters '{}'
run "$scratch/build/show_job"
assert_eq 71 "$status"
assert_contains "$err" "names no program to run"
rm "$base/input/config/resourceconfig.json"
run "$scratch/build/show_job"
assert_eq 78 "$status"
