# SPDX-License-Identifier: Apache-2.0
"""Of what a program has said, the lines that an exception of the toolkit's tells."""
from __future__ import annotations

import builtins
import os
from typing import Iterable, List, Sequence

_NAMES = [
    name
    for name, value in vars(builtins).items()
    if isinstance(value, type)
    and issubclass(value, Exception)
    and (name == "Exception" or name.endswith("Error"))
]
_NAMES += ["Invalid requirement", "ResourceExhaustedError", "OutOfRangeError", "InvalidArgumentError"]
_NAMES += ["BaseException", "ExecuteUserScriptError", "mpirun.real", "ORTE"]


def _from_first_error(lines: Iterable[str], more_names: Sequence[str]) -> str:
    names = [*_NAMES, *more_names]
    kept: List[str] = []
    for line in lines:
        if kept or any(name in line for name in names):
            kept.append(line.strip(" :\n") + "\n")
    return " ".join(kept)


def output_of(stdout: Iterable[str], stderr: Iterable[str], more_names: Sequence[str] = ()) -> str:
    """The lines from the first with an error's name on, of stdout and then of stderr, each once and all but one indented."""
    text = _from_first_error(stdout, more_names) + " " + _from_first_error(stderr, more_names)
    return "\n".join(dict.fromkeys(text.split("\n"))).strip()


def output_of_ranks(folder: str) -> str:
    """The same of all ranks, whose lines smlaunch has put into this folder; a file for each rank and stream."""
    streams: List[List[str]] = []
    names = sorted(os.listdir(folder)) if os.path.isdir(folder) else []
    for suffix in (".stdout", ".stderr"):
        lines: List[str] = []
        for name in names:
            if name.endswith(suffix):
                with open(os.path.join(folder, name), encoding="utf-8", errors="replace") as file:
                    lines += file.read().strip().split("\n")
        streams.append(lines)
    return output_of(*streams)
