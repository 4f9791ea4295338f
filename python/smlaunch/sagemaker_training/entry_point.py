# SPDX-License-Identifier: Apache-2.0
"""Runs the user's program, by ``smlaunch``."""
from __future__ import annotations

import json
import os
import shlex
import subprocess
import sys
import tempfile
from typing import Any, Dict, List, Mapping, Optional

from smlaunch import program
from smlaunch.sagemaker_training import _code, _told, environment, errors, runner

_LAUNCHERS = {
    "MPI": "mpi",
    "Process": "process",
    "SMDataParallel": "smddp",
    "PyTorchXLA": "xla",
    "TorchDistributed": "torchrun",
}
_COUNT = {"sagemaker_mpi_num_of_processes_per_host": "--processes-per-host"}
_OPTIONS = {  # those that each launcher looks at, as under the toolkit
    "mpi": {**_COUNT, "sagemaker_mpi_custom_mpi_options": "--mpi-options"},
    "smddp": {**_COUNT, "sagemaker_distributed_dataparallel_custom_mpi_options": "--mpi-options"},
    "torchrun": _COUNT,
}
_COUNT_IN_ALL = "sagemaker_mpi_num_processes"


def run(
    uri: str,
    user_entry_point: Optional[str],
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
        user_entry_point: the program, relative to the code: ``Environment().user_entry_point``.
        args: its arguments.
        env_vars: variables for it. They are set in this process too.
        wait: wait for its end.
        capture_error: put what it said at its end into the exception.
        runner_type: how it is started: a ``RunnerType`` of this package or of the toolkit.
        extra_opts: options of MPI by the names of their hyperparameters; ``sagemaker_mpi_num_processes`` is none of
            them here: it is only a hyperparameter.

    Returns:
        The process of smlaunch, which has ended if ``wait`` is true.

    Raises:
        errors.ExecuteUserScriptError: the program ended with an error, or Python found no such file.
        errors.InstallModuleError, errors.InstallRequirementsError: pip failed.
        errors.ClientError: the program is named wrongly, or the code cannot be had.
        ValueError: there is no such runner, or no such option of it here.
        FileNotFoundError: there is no such command, or nothing where the code should come from.
    """
    if not user_entry_point:
        raise errors.ClientError("the name of the program is empty: name one in the code, like train.py")
    options = _options(_launcher_of(runner_type), extra_opts or {})
    variables = dict(env_vars or {})
    code = environment.code_dir
    os.makedirs(code, exist_ok=True)
    _ask_kind(user_entry_point)  # what is named wrongly is refused before anything is done
    _code.prepare(uri, user_entry_point, code, capture_error)
    kind = _ask_kind(user_entry_point)
    os.environ.update(variables)

    words = _program_words(user_entry_point, kind, code) + [str(arg) for arg in args]
    if not wait:
        return _start(options, words, code)
    with tempfile.TemporaryDirectory(prefix="smlaunch-run.") as folder:
        report = os.path.join(folder, "report.json")
        lines = os.path.join(folder, "lines")
        told = ["--report", report] + (["--log-dir", lines] if capture_error else [])
        process = _start(options + told, words, code)
        if process.wait() != 0:
            output = _told.output_of_ranks(lines) if capture_error else None
            raise _as_error(process.returncode, report, _as_command(options, words, kind, code), kind, output)
    return process


def _start(options: List[str], words: List[str], code: str) -> "subprocess.Popen[bytes]":
    command = [program.find_program(), *options, "--", *words]
    return subprocess.Popen(command, cwd=code, stdin=subprocess.DEVNULL)


def _ask_kind(user_entry_point: str) -> str:
    """What the program is; refused where it does not lie in the code."""
    try:
        answer = program.ask(["env", "--format", "json"], {**os.environ, "SAGEMAKER_PROGRAM": user_entry_point})
    except program.SmlaunchError as refused:
        raise errors.ClientError(str(refused)) from refused
    kind: str = answer["entry_point"]["kind"]
    return kind


def _launcher_of(runner_type: Any) -> str:
    name = getattr(runner_type, "value", runner_type)
    if name not in _LAUNCHERS:
        raise ValueError(f"Invalid identifier {runner_type}")
    return _LAUNCHERS[name]


def _options(launcher: str, extra: Mapping[str, Any]) -> List[str]:
    if launcher == "mpi" and extra.get(_COUNT_IN_ALL):
        raise ValueError(f"{_COUNT_IN_ALL} in extra_opts: set it as a hyperparameter")
    options = ["--launcher", launcher, "--python", sys.executable]
    for name, option in _OPTIONS.get(launcher, {}).items():
        if extra.get(name):
            options += [option, str(extra[name])]
    return options


def _program_words(name: str, kind: str, code: str) -> List[str]:
    if kind == "python_package":
        path = name[2:] if name.startswith("./") else name
        return ["-m", path.replace(".py", "").replace("/", ".")]
    if kind == "command":
        path = os.path.realpath(os.path.join(code, name))
        try:
            os.chmod(path, 0o777)
        except FileNotFoundError:
            raise
        except OSError:
            pass  # smlaunch finds another way to start what lies on a read-only file system
        return [name if "/" in name else "./" + name]
    return [name]


def _as_command(options: List[str], words: List[str], kind: str, code: str) -> str:
    """What was run, as the toolkit would tell it."""
    if kind == "command" and "process" in options:
        return "/bin/sh -c " + " ".join(map(shlex.quote, words))
    plan = subprocess.run(
        [program.find_program(), "--dry-run", "--format", "json", *options, "--", *words],
        cwd=code,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        check=False,
    )
    if plan.returncode != 0:
        return " ".join(words)
    answer: Dict[str, Any] = json.loads(plan.stdout)
    return " ".join(answer["process_command"] if answer["engine"] == "local" else answer["command"])


def _as_error(
    exit_code: int, report: str, command: str, kind: str, output: Optional[str]
) -> errors.ClientError:
    told: Dict[str, Any] = {}
    if os.path.exists(report):
        with open(report, encoding="utf-8") as file:
            told = json.load(file)
    if told.get("class") == "configuration":
        return errors.ClientError(told.get("message", ""))
    failure = told.get("first_failure")
    if failure and failure.get("exit_code") is not None:
        exit_code = failure["exit_code"]
    elif failure and failure.get("signal"):
        # The toolkit starts a command by a shell, which tells a signal by its own exit code.
        exit_code = 128 + failure["signal"] if kind == "command" else -failure["signal"]
    elif told.get("class") == "start" and kind == "python_program":
        exit_code = 2  # of Python, for a file that it cannot open
    info = "OutOfMemory: Process killed by SIGKILL (signal 9)" if exit_code == 137 else None
    return errors.ExecuteUserScriptError(cmd=command, return_code=exit_code, output=output, info=info)
