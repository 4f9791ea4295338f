# SPDX-License-Identifier: Apache-2.0
"""A job of SageMaker's SDK v3 that smlaunch starts in its container.

>>> from sagemaker.train import ModelTrainer
>>> from smlaunch.sagemaker import Smlaunch
>>> trainer = ModelTrainer(..., distributed=Smlaunch(process_count_per_node=8, smoke="auto"))
"""
from __future__ import annotations

import os
from typing import Any, List, Optional

try:
    from sagemaker.train.distributed import (  # type: ignore[import-not-found, import-untyped, unused-ignore]
        DistributedConfig,
    )
except ImportError as absent:
    raise ImportError("smlaunch.sagemaker needs SageMaker's SDK, version 3: pip install 'sagemaker>=3'") from absent

try:
    from typing import Literal
except ImportError:
    from typing_extensions import Literal


class Smlaunch(DistributedConfig):  # type: ignore[misc, unused-ignore]
    """Has the job's program started by smlaunch: with an all-reduce test before it, ranks near their GPUs, and a report
    that says what failed where. The container's image needs smlaunch on its PATH.

    Parameters:
        process_count_per_node: ranks on each host; as many as it has GPUs where it is not said.
        launcher: how ranks are started.
        mpi_additional_options: words for mpirun.
        smoke: the all-reduce test before the job.
        max_restarts: how often the job is tried again.
        options: more options of smlaunch, word by word: ``["--hang-timeout", "600"]``.
    """

    process_count_per_node: Optional[int] = None
    launcher: Literal["auto", "process", "mpi", "ddp", "torchrun", "xla", "smddp"] = "auto"
    mpi_additional_options: Optional[List[str]] = None
    smoke: Literal["auto", "nccl", "cpu", "off"] = "auto"
    max_restarts: int = 0
    options: Optional[List[str]] = None

    def model_post_init(self, context: Any) -> None:
        """Numbers that no job can have are refused where they are written."""
        if self.process_count_per_node is not None and self.process_count_per_node < 1:
            raise ValueError("process_count_per_node must be above 0")
        if self.max_restarts < 0:
            raise ValueError("max_restarts must not be below 0")

    @property
    def driver_dir(self) -> str:
        """The folder that the SDK puts among its drivers."""
        return os.path.join(os.path.dirname(os.path.abspath(__file__)), "drivers")

    @property
    def driver_script(self) -> str:
        """The driver in it."""
        return "smlaunch_driver.py"
