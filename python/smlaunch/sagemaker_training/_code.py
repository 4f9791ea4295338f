# SPDX-License-Identifier: Apache-2.0
"""The user's code, fetched and installed by ``smlaunch worker --prepare-code``.

It reads what is to be done as MessagePack on stdin, and its last line on stdout is the answer. Program and package are
of one version, so this is no contract with anyone else.
"""
from __future__ import annotations

import errno
import os
import struct
import subprocess
import sys
from typing import Any, Dict, List, Optional, Tuple

from smlaunch import program
from smlaunch.sagemaker_training import _told, errors

_ANSWER = b"code: "
_PIP = b"smlaunch: pip: "


def _pack(value: Any) -> bytes:
    if isinstance(value, bool):
        return b"\xc3" if value else b"\xc2"
    if isinstance(value, int):
        return struct.pack(">Bq", 0xD3, value)
    if isinstance(value, str):
        data = value.encode("utf-8", "surrogateescape")
        return struct.pack(">BI", 0xDB, len(data)) + data
    parts = [struct.pack(">BI", 0xDF, len(value))]
    for key, entry in value.items():
        parts += [_pack(key), _pack(entry)]
    return b"".join(parts)


def _unpack(data: bytes, at: int = 0) -> Tuple[Any, int]:
    kind = data[at]
    at += 1
    if kind in (0xC2, 0xC3):
        return kind == 0xC3, at
    if kind & 0xF0 == 0x80:
        entries: Dict[str, Any] = {}
        for _ in range(kind & 0x0F):
            key, at = _unpack(data, at)
            entries[key], at = _unpack(data, at)
        return entries, at
    if kind & 0xE0 == 0xA0:
        size = kind & 0x1F
    else:
        width = {0xD9: 1, 0xDA: 2, 0xDB: 4}[kind]
        size = int.from_bytes(data[at : at + width], "big")
        at += width
    return data[at : at + size].decode("utf-8", "surrogateescape"), at + size


def prepare(uri: str, user_entry_point: str, code: str, capture_error: bool = False) -> None:
    """Fetches ``uri`` into ``code`` where that is empty, and installs what the program needs there.

    Raises:
        errors.InstallModuleError, errors.InstallRequirementsError: pip failed; with its words where they are captured.
        errors.ClientError: the code is not there, or may not be unpacked.
        FileNotFoundError: there is nothing at ``uri``.
    """
    request = {
        "host": "",
        "code": code,
        "module_dir": uri,
        "program": user_entry_point,
        "is_trainer": False,
        "requirements": "",
        "python": sys.executable,
        "region": "",
        "is_quiet": False,
        "terminal_width": 0,
        "leader_environment": {},
    }
    process = subprocess.Popen(
        [program.find_program(), "worker", "--prepare-code"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE if capture_error else None,
    )
    assert process.stdin is not None and process.stdout is not None
    with process:
        process.stdin.write(_pack(request))
        process.stdin.close()
        said = []
        for line in process.stderr or []:
            sys.stderr.write(line.decode("utf-8", "replace"))
            said.append(line)
        lines = process.stdout.read().splitlines()
    answers = [line for line in lines if line.startswith(_ANSWER)]
    if process.returncode != 0 or not answers:
        raise errors.ClientError(f"the code could not be prepared: exit code {process.returncode}")
    answer, _ = _unpack(bytes.fromhex(answers[-1][len(_ANSWER) :].decode()))
    if answer["is_ready"]:
        return
    pip = [line[len(_PIP) :].decode("utf-8", "replace").rstrip() for line in said if line.startswith(_PIP)]
    raise _as_error(answer, uri, pip if capture_error else None)


def _as_error(answer: Dict[str, Any], uri: str, pip: Optional[List[str]]) -> Exception:
    name = answer["failure_class"]
    kind = {
        "InstallModuleError": errors.InstallModuleError,
        "InstallRequirementsError": errors.InstallRequirementsError,
    }.get(name)
    if kind is None and not uri.startswith("s3://") and not os.path.exists(uri):
        return FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), uri)
    if kind is None:
        return errors.ClientError(answer["message"])
    fields = _parse_failure(answer["failure"].splitlines())
    output = None if pip is None else _told.output_of([], pip, [name])
    return kind(cmd=fields["Command"], return_code=fields["ExitCode"], output=output)


def _parse_failure(lines: List[str]) -> Dict[str, str]:
    """The fields of a failure text; a field goes on until the next one begins."""
    fields = {"ExitCode": "1", "ErrorMessage": "", "ExtraInfo": "", "Command": ""}
    current = ""
    for line in lines:
        name = line.split(" ", 1)[0]
        if name in fields and " " in line:
            current = name
            fields[name] = line[len(name) + 1 :]
        elif current:
            fields[current] += "\n" + line
    return {
        name: text.split('"')[1] if name == "Command" and text.count('"') > 1 else text.strip().strip('"')
        for name, text in fields.items()
    }
