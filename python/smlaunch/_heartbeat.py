# SPDX-License-Identifier: Apache-2.0
"""Heartbeats: how a rank tells smlaunch that it makes progress. Any language can do the same with one line of text."""
import os
import re
from typing import Optional, SupportsFloat, Union

HEARTBEAT_VARIABLE = "SMLAUNCH_HEARTBEAT"
ASKS = ("stop", "restart", "exclude-host")
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_./-]{0,63}")


def _number(value: Union[SupportsFloat, str]) -> str:
    number = float(value)
    return str(int(number)) if number.is_integer() and abs(number) < 1e15 else repr(number)


def heartbeat(*, smlaunch: Optional[str] = None, **values: Union[SupportsFloat, str]) -> None:
    """Tells smlaunch that this rank makes progress: ``smlaunch.heartbeat(step=120, loss=loss)``.

    The values appear in the events and in the report. Outside smlaunch it does nothing, and a file system that fails
    ends no training.

    Args:
        smlaunch: what is to follow when this try of the job fails: ``stop`` (no other try), ``restart`` (another one),
            ``exclude-host`` (another one without this host).
        values: numbers, or what ``float()`` makes one of, such as a tensor with one element.

    Raises:
        ValueError: a name that no value can have, or a wish that smlaunch does not know.
    """
    for name in values:
        if not _NAME.fullmatch(name):
            raise ValueError(f"{name!r} is no name of a value: letters, digits and _ . / - after a letter")
    if smlaunch is not None and smlaunch not in ASKS:
        raise ValueError(f"smlaunch={smlaunch!r} is none of {', '.join(ASKS)}")
    path = os.environ.get(HEARTBEAT_VARIABLE)
    if not path:
        return
    # The ranks of torchrun share one file.
    rank = os.environ.get("RANK", "")
    words = [f"rank={rank}"] if rank.isdecimal() and "rank" not in values else []
    words += [f"{name}={_number(value)}" for name, value in values.items()]
    if smlaunch is not None:
        words.append(f"smlaunch={smlaunch}")
    try:
        file = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CLOEXEC)
        try:
            os.write(file, (" ".join(words) + "\n").encode("ascii"))
        finally:
            os.close(file)
    except OSError:
        pass
