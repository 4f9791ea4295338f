#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The recorded answers of the SageMaker Training Toolkit, from the program itself: `smlaunch env` on each recorded container.
# usage: env_goldens_test.sh SMLAUNCH GOLDENS
set -euo pipefail
smlaunch=$1 goldens=$2
command -v python3 >/dev/null || { echo "SKIPPED: python3 is not installed"; exit 77; }
scratch=$(mktemp -d "${TMPDIR:-/tmp}/smlaunch-goldens.XXXXXX")
trap 'rm -rf "$scratch"' EXIT

exec_python=$(command -v python3)
"$exec_python" - "$smlaunch" "$goldens" "$scratch" <<'PYTHON'
import json, os, pathlib, re, subprocess, sys

smlaunch, goldens, scratch = sys.argv[1:]
failed = 0
cases = json.load(open(goldens))
for case in cases:
    base = pathlib.Path(scratch) / case["name"]
    for folder in ("code", "input/config"):
        (base / folder).mkdir(parents=True)
    for name, text in case["code"].items():
        (base / "code" / name).parent.mkdir(parents=True, exist_ok=True)
        (base / "code" / name).write_text(text)
    for name, value in case["config"].items():
        (base / "input/config" / (name + ".json")).write_text(json.dumps(value))
    variables = {"PATH": "/nonexistent", "SAGEMAKER_BASE_DIR": str(base), **case["environ"]}
    ran = subprocess.run([smlaunch, "env", "--format", "json", "--gpus-per-host", str(case["gpus"])],
                         env=variables, capture_output=True)
    problems = []
    if ran.returncode != 0:
        problems.append("exit %d: %s" % (ran.returncode, ran.stderr.decode()))
    else:
        answer = json.loads(ran.stdout)
        ours, expect = answer["environment"], case["expect"]
        wanted = {name: value.replace("${BASE}", str(base)) for name, value in expect["env"].items()}
        # This machine's number of CPUs, not the recorded one's.
        cpus = ours.get("SM_NUM_CPUS", "")
        if not re.fullmatch("[1-9][0-9]*", cpus):
            problems.append("SM_NUM_CPUS is %r" % cpus)
        wanted["SM_TRAINING_ENV"] = wanted["SM_TRAINING_ENV"].replace(
            '"num_cpus":%s,' % wanted["SM_NUM_CPUS"], '"num_cpus":%s,' % cpus)
        wanted["SM_NUM_CPUS"] = cpus
        for name in sorted(set(ours) | set(wanted)):
            if ours.get(name) != wanted.get(name):
                problems.append("%s\n  expected %r\n  got      %r" % (name, wanted.get(name), ours.get(name)))
        for ours_is, theirs in ((answer["arguments"], expect["args"]), (answer["leader"], expect["master"]),
                                (answer["is_leader"], expect["is_master"]), (answer["launcher"], expect["runner"])):
            if json.dumps(ours_is) != json.dumps(theirs).replace("${BASE}", str(base)):
                problems.append("expected %r, got %r" % (theirs, ours_is))
    if problems:
        failed += 1
        print("%s:\n%s" % (case["name"], "\n".join(problems)))
print("%d of %d recorded answers are the program's" % (len(cases) - failed, len(cases)))
sys.exit(failed > 0 or not cases)
PYTHON
