# SPDX-License-Identifier: Apache-2.0
"""The toolkit's exceptions, with its messages."""
from __future__ import annotations

from typing import Optional


class ClientError(Exception):
    """What the user, not the framework, did wrong."""


class _CalledProcessError(ClientError):
    """A process ended with an error.

    Attributes:
        cmd, return_code, output, extra_info
    """

    def __init__(
        self, cmd: object, return_code: object = None, output: object = None, info: Optional[str] = None
    ):
        super().__init__()
        self.cmd = cmd
        self.return_code = str(return_code)
        self.output = output
        self.extra_info = info

    def __str__(self) -> str:
        output = self.output.decode("utf-8") if isinstance(self.output, bytes) else self.output
        lines = [
            f"{type(self).__name__}:",
            f"ExitCode {self.return_code}",
            f'ErrorMessage "{output or ""}"',
        ]
        if self.extra_info is not None:
            lines.append(f'ExtraInfo "{self.extra_info}"')
        lines.append(f'Command "{self.cmd}"')
        return "\n".join(lines).strip()


class InstallModuleError(_CalledProcessError):
    """pip could not install the user's package."""


class InstallRequirementsError(_CalledProcessError):
    """pip could not install the user's requirements."""


class ImportModuleError(ClientError):
    """A module could not be imported."""


class ExecuteUserScriptError(_CalledProcessError):
    """The user's program ended with an error."""
