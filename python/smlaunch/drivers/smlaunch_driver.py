# SPDX-License-Identifier: Apache-2.0
"""What the SDK's sm_train.sh runs in the container: it becomes smlaunch, which reads the rest itself.

It stands alone: the container has no package smlaunch.
"""
import json
import os
import shutil
import sys
import sysconfig
from typing import Any, Dict, List

ABSENT = """smlaunch is not on PATH in this container, and the job asks for it (distributed=Smlaunch(...)).
Put it into the image: RUN pip install smlaunch"""


def make_command(program: str, distributed: Dict[str, Any]) -> List[str]:
    """smlaunch with the options that distributed.json alone does not tell it."""
    command = [program, "--smoke", distributed.get("smoke") or "auto"]
    if distributed.get("max_restarts"):
        command += ["--max-restarts", str(distributed["max_restarts"])]
    return command + [str(word) for word in distributed.get("options") or []]


def main() -> None:
    distributed = json.loads(os.environ.get("SM_DISTRIBUTED_CONFIG") or "{}")
    program = shutil.which("smlaunch", path=sysconfig.get_path("scripts")) or shutil.which("smlaunch")
    if program is None:
        print(ABSENT, file=sys.stderr, flush=True)
        failure = os.environ.get("SM_OUTPUT_FAILURE", "/opt/ml/output/failure")
        if not os.path.exists(failure):
            with open(failure, "w", encoding="utf-8") as file:
                file.write(ABSENT + "\n")
        sys.exit(71)
    command = make_command(program, distributed)
    os.execv(program, command)


if __name__ == "__main__":
    main()
