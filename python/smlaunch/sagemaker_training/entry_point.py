# SPDX-License-Identifier: Apache-2.0
"""Runs the user's program, by ``smlaunch``."""
from __future__ import annotations

import builtins
import json
import os
import shlex
import subprocess
import sys
import tempfile
from typing import Any, Dict, List, Mapping, Optional

from smlaunch import program
from smlaunch.sagemaker_training import _code, environment, errors, runner

_LAUNCHERS = {
    "MPI": "mpi",
    "Process": "process",
    "SMDataParallel": "smddp",
    "PyTorchXLA": "xla",
    "TorchDistributed": "torchrun",
}
_OPTIONS = {
    "sagemaker_mpi_num_of_processes_per_host": "--processes-per-host",
    "sagemaker_mpi_custom_mpi_options": "--mpi-options",
    "sagemaker_distributed_dataparallel_custom_mpi_options": "--mpi-options",
}

_ERROR_NAMES = [
    name for name, value in vars(builtins).items() if isinstance(value, type) and issubclass(value, Exception)
]
_ERROR_NAMES += ["Invalid requirement", "ResourceExhaustedError", "OutOfRangeError", "InvalidArgumentError", "ORTE"]


def run(
    uri: str,
    user_entry_point: str,
    args: List[str],
    env_vars: Optional[Mapping[str, str]] = None,
    wait: bool = True,
    capture_error: bool = False,
    runner_type: Any = runner.ProcessRunnerType,
    extra_opts: Optional[Mapping[str, Any]] = None,
) -> "subprocess.Popen[bytes]":
    """Fetches the user's code where the container has none, installs what it needs, and runs the program.

    Args:
        uri: where the code is: ``s3://…``, a folder or an archive. Taken where the code folder is empty.
        user_entry_point: the program, relative to the code.
        args: its arguments.
        env_vars: variables for it. They are set in this process too.
        wait: wait for its end.
        capture_error: put what it said at its end into the exception.
        runner_type: how it is started: a ``RunnerType`` of this package or of the toolkit.
        extra_opts: options of MPI by the names of their hyperparameters.

    Returns:
        The process of smlaunch, which has ended if ``wait`` is true.

    Raises:
        errors.ExecuteUserScriptError: the program ended with an error.
        errors.InstallModuleError, errors.InstallRequirementsError: pip failed.
        errors.ClientError: there is no such program, or the code cannot be had.
    """
    variables = dict(env_vars or {})
    code = environment.code_dir
    os.makedirs(code, exist_ok=True)
    kind = _ask_kind(user_entry_point)
    _code.prepare(uri, user_entry_point, code)
    kind = _ask_kind(user_entry_point)
    os.environ.update(variables)

    options = ["--launcher", _launcher_of(runner_type), "--python", sys.executable]
    for name, value in (extra_opts or {}).items():
        if value and name in _OPTIONS:
            options += [_OPTIONS[name], str(value)]
    program_words = _program_words(user_entry_point, kind, code) + [str(arg) for arg in args]
    with tempfile.TemporaryDirectory(prefix="smlaunch-run.") as folder:
        report = os.path.join(folder, "report.json")
        command = [program.find_program(), *options, "--report", report, "--", *program_words]
        process = subprocess.Popen(command, cwd=code, stdin=subprocess.DEVNULL)
        if not wait:
            return process
        if process.wait() != 0:
            raise _as_error(process.returncode, report, options, program_words, code, capture_error)
    return process


def _ask_kind(user_entry_point: str) -> str:
    """What the program is; refused where it does not lie in the code."""
    try:
        answer = program.ask(["env", "--format", "json"], {**os.environ, "SAGEMAKER_PROGRAM": user_entry_point})
    except program.SmlaunchError as refused:
        raise errors.ClientError(str(refused)) from refused
    return answer["entry_point"]["kind"]


def _launcher_of(runner_type: Any) -> str:
    name = getattr(runner_type, "value", runner_type)
    if name not in _LAUNCHERS:
        raise ValueError(f"Invalid identifier {runner_type}")
    return _LAUNCHERS[name]


def _program_words(name: str, kind: str, code: str) -> List[str]:
    if kind == "python_package":
        return ["-m", name.replace(".py", "")]
    if kind == "command":
        path = os.path.join(code, name)
        if os.path.exists(path):
            os.chmod(path, 0o777)
        return [name if "/" in name else "./" + name]
    return [name]


def _planned_command(options: List[str], program_words: List[str], code: str) -> str:
    plan = subprocess.run(
        [program.find_program(), "--dry-run", "--format", "json", *options, "--", *program_words],
        cwd=code,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        check=False,
    )
    if plan.returncode != 0:
        return shlex.join(program_words)
    answer: Dict[str, Any] = json.loads(plan.stdout)
    return " ".join(answer["process_command"] if answer["engine"] == "local" else answer["command"])


def _error_lines(lines: List[str]) -> str:
    """What the toolkit keeps: the lines from the first with an error's name on, each once, all but that one indented."""
    kept: List[str] = []
    for line in lines:
        if kept or any(name in line for name in _ERROR_NAMES):
            kept.append(line.strip(" :\n"))
    return "\n ".join(dict.fromkeys(kept)).strip()


def _as_error(
    exit_code: int, report: str, options: List[str], program_words: List[str], code: str, capture_error: bool
) -> errors.ClientError:
    told: Dict[str, Any] = {}
    if os.path.exists(report):
        with open(report, encoding="utf-8") as file:
            told = json.load(file)
    failure = told.get("first_failure")
    if told.get("class") == "configuration":
        return errors.ClientError(told.get("message", ""))
    output = None
    if capture_error and failure:
        output = _error_lines(failure.get("last_lines") or [])
    if failure and failure.get("exit_code") is not None:
        exit_code = failure["exit_code"]
    elif failure and failure.get("signal"):
        exit_code = -failure["signal"]
    info = "OutOfMemory: Process killed by SIGKILL (signal 9)" if exit_code == 137 else None
    return errors.ExecuteUserScriptError(
        cmd=_planned_command(options, program_words, code), return_code=exit_code, output=output, info=info
    )
