# SPDX-License-Identifier: Apache-2.0
"""The program ``smlaunch``: where it is, and what it answers."""
from __future__ import annotations

import json
import os
import shutil
import subprocess
import sysconfig
from typing import Any, Dict, List, Mapping, Optional

PROGRAM_VARIABLE = "SMLAUNCH_PROGRAM"


class SmlaunchError(Exception):
    """What smlaunch has said against something, with its exit code."""

    def __init__(self, message: str, exit_code: int):
        super().__init__(message)
        self.exit_code = exit_code


def find_program() -> str:
    """The program that ``SMLAUNCH_PROGRAM`` names, else ``smlaunch`` of this interpreter's environment, which PATH need
    not name, else the first one on PATH.

    Raises:
        FileNotFoundError: there is none.
    """
    named = os.environ.get(PROGRAM_VARIABLE)
    found = shutil.which(named) if named else which_with_scripts("smlaunch")
    if found is None:
        raise FileNotFoundError(
            f"{named or 'smlaunch'} is not there: install smlaunch, or name it with the variable {PROGRAM_VARIABLE}"
        )
    return found


def which_with_scripts(name: str) -> Optional[str]:
    """``shutil.which`` that looks first where pip puts the programs of this interpreter."""
    return shutil.which(name, path=sysconfig.get_path("scripts")) or shutil.which(name)


def own_words(stderr: str) -> str:
    """The program's own sentences on stderr, without what stands before each of them."""
    return "\n".join(line[len("smlaunch: ") :] for line in stderr.splitlines() if line.startswith("smlaunch: "))


def ask(arguments: List[str], environment: Optional[Mapping[str, str]] = None) -> Dict[str, Any]:
    """The answer of ``smlaunch ARGUMENTS``, which prints one JSON object.

    Raises:
        SmlaunchError: it ended with an error.
    """
    answer = subprocess.run(
        [find_program(), *arguments],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=dict(environment) if environment is not None else None,
        check=False,
    )
    if answer.returncode != 0:
        raise SmlaunchError(own_words(answer.stderr.decode("utf-8", "replace")), answer.returncode)
    told: Dict[str, Any] = json.loads(answer.stdout)
    return told
