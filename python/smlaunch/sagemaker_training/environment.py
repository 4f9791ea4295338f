# SPDX-License-Identifier: Apache-2.0
"""The container's environment, as ``smlaunch env`` tells it."""
from __future__ import annotations

import collections.abc
import json
import os
import tempfile
from typing import TYPE_CHECKING, Any, Dict, Iterator, List, Mapping, Optional, cast

from smlaunch import program

if TYPE_CHECKING:
    from smlaunch.sagemaker_training._answer import Answer, TrainingEnv

    Attributes = Mapping[str, Any]
else:
    Attributes = collections.abc.Mapping

BASE_PATH_ENV = "SAGEMAKER_BASE_DIR"


def _base_dir() -> str:
    return os.environ.get(BASE_PATH_ENV, "/opt/ml")


base_dir: str = _base_dir()
code_dir: str = os.path.join(base_dir, "code")
"""Where the user's code is."""
model_dir: str = os.path.join(base_dir, "model")
"""Where models are saved."""
input_dir: str = os.path.join(base_dir, "input")
input_config_dir: str = os.path.join(input_dir, "config")
output_dir: str = os.path.join(base_dir, "output")
output_data_dir: str = os.path.join(output_dir, "data")
output_intermediate_dir: str = os.path.join(output_dir, "intermediate")


def _as_text(value: Any) -> Any:
    """A hyperparameter that is text already must not be decoded a second time."""
    return json.dumps(value) if isinstance(value, str) else value


def _ask_about(configs: Dict[str, Optional[Dict[str, Any]]]) -> Answer:
    """What ``smlaunch env`` answers; with other config files where some are given."""
    if all(config is None for config in configs.values()):
        return cast("Answer", program.ask(["env", "--format", "json"]))
    base = os.path.abspath(_base_dir())
    with tempfile.TemporaryDirectory(prefix="smlaunch-env.") as folder:
        os.makedirs(os.path.join(folder, "input", "config"))
        for name, config in configs.items():
            place = os.path.join(folder, "input", "config", name)
            if config is not None:
                with open(place, "w", encoding="utf-8") as file:
                    json.dump(config, file)
            elif os.path.exists(os.path.join(base, "input", "config", name)):
                os.symlink(os.path.join(base, "input", "config", name), place)
        answer = program.ask(["env", "--format", "json"], {**os.environ, BASE_PATH_ENV: folder})
        moved: Answer = json.loads(json.dumps(answer).replace(folder, base))
        return moved


class Environment(Attributes):
    """A read-only snapshot of the container's environment.

    Every attribute of the toolkit's ``Environment`` is here, with the same type and value, and as there it is a mapping
    of them.

    Args:
        resource_config: instead of what resourceconfig.json holds.
        input_data_config: instead of what inputdataconfig.json holds.
        hyperparameters: instead of what hyperparameters.json holds, decoded.

    Raises:
        smlaunch.program.SmlaunchError: a config file is missing or wrong.
    """

    def __init__(
        self,
        resource_config: Optional[Dict[str, Any]] = None,
        input_data_config: Optional[Dict[str, Any]] = None,
        hyperparameters: Optional[Dict[str, Any]] = None,
    ):
        given = {key: _as_text(value) for key, value in hyperparameters.items()} if hyperparameters else None
        self._answer = _ask_about(
            {
                "resourceconfig.json": resource_config or None,
                "inputdataconfig.json": input_data_config or None,
                "hyperparameters.json": given,
            }
        )
        self._values: TrainingEnv = self._answer["training_env"]

    @property
    def additional_framework_parameters(self) -> Dict[str, Any]:
        """The hyperparameters that begin with ``sagemaker_`` and are not the toolkit's own."""
        return self._values["additional_framework_parameters"]

    @property
    def channel_input_dirs(self) -> Dict[str, str]:
        """Each channel's folder."""
        return self._values["channel_input_dirs"]

    @property
    def current_host(self) -> str:
        """This container's name on the network of the job."""
        return self._values["current_host"]

    @property
    def current_instance_group(self) -> str:
        """The instance group that this host is in."""
        return self._values["current_instance_group"]

    @property
    def current_instance_group_hosts(self) -> List[str]:
        """The hosts of this host's instance group."""
        return self._values["current_instance_group_hosts"]

    @property
    def current_instance_type(self) -> str:
        """This host's instance type, ``local`` where none is told."""
        return self._values["current_instance_type"]

    @property
    def distribution_hosts(self) -> List[str]:
        """The hosts that work together."""
        return self._values["distribution_hosts"]

    @property
    def distribution_instance_groups(self) -> List[str]:
        """The instance groups that work together."""
        return self._values["distribution_instance_groups"]

    @property
    def framework_module(self) -> Optional[str]:
        """``MODULE:FUNCTION`` of the variable SAGEMAKER_TRAINING_MODULE."""
        return self._values["framework_module"]

    @property
    def hosts(self) -> List[str]:
        """All hosts of the job."""
        return self._values["hosts"]

    @property
    def hyperparameters(self) -> Dict[str, Any]:
        """The user's hyperparameters, decoded."""
        return self._values["hyperparameters"]

    @property
    def input_config_dir(self) -> str:
        """The folder of the config files."""
        return self._values["input_config_dir"]

    @property
    def input_data_config(self) -> Dict[str, Any]:
        """What inputdataconfig.json holds."""
        return self._values["input_data_config"]

    @property
    def input_dir(self) -> str:
        """The folder above config files and channels."""
        return self._values["input_dir"]

    @property
    def instance_groups(self) -> List[str]:
        """The names of the instance groups."""
        return self._values["instance_groups"]

    @property
    def instance_groups_dict(self) -> Dict[str, Any]:
        """The instance groups by name, as resourceconfig.json has them."""
        return self._values["instance_groups_dict"]

    @property
    def is_hetero(self) -> bool:
        """Are there several instance groups?"""
        return self._values["is_hetero"]

    @property
    def is_master(self) -> bool:
        """Does this host lead?"""
        return self._values["is_master"]

    @property
    def is_modelparallel_enabled(self) -> Any:
        """What SM_HP_MP_PARAMETERS says of model parallelism: None or empty where it is not set."""
        return self._values["is_modelparallel_enabled"]

    @property
    def is_smddpmprun_installed(self) -> bool:
        """Is smddpmprun on PATH?"""
        return self._values["is_smddpmprun_installed"]

    @property
    def is_smddprun_installed(self) -> bool:
        """Is smddprun on PATH?"""
        return self._values["is_smddprun_installed"]

    @property
    def job_name(self) -> Optional[str]:
        """The variable TRAINING_JOB_NAME."""
        return self._values["job_name"]

    @property
    def log_level(self) -> Any:
        """The log level; 20 where none is told."""
        return self._values["log_level"]

    @property
    def master_hostname(self) -> str:
        """The host that leads."""
        return self._values["master_hostname"]

    @property
    def model_dir(self) -> str:
        """Where models are saved."""
        return self._values["model_dir"]

    @property
    def module_dir(self) -> str:
        """Where the user's code comes from: a path or ``s3://…``."""
        return self._values["module_dir"]

    @property
    def module_name(self) -> str:
        """The user's program without ``.py``."""
        return self._values["module_name"]

    @property
    def network_interface_name(self) -> str:
        """The network interface of the job."""
        return self._values["network_interface_name"]

    @property
    def num_cpus(self) -> int:
        """The CPUs of this host."""
        return self._values["num_cpus"]

    @property
    def num_gpus(self) -> int:
        """The GPUs of this host."""
        return self._values["num_gpus"]

    @property
    def num_neurons(self) -> int:
        """The Neuron cores of this host."""
        return self._values["num_neurons"]

    @property
    def output_data_dir(self) -> str:
        """Where a program leaves what is no model."""
        return self._values["output_data_dir"]

    @property
    def output_dir(self) -> str:
        """The folder of the files success and failure."""
        return self._values["output_dir"]

    @property
    def output_intermediate_dir(self) -> str:
        """What is put here is uploaded during the job."""
        return self._values["output_intermediate_dir"]

    @property
    def resource_config(self) -> Dict[str, Any]:
        """What resourceconfig.json holds."""
        return self._values["resource_config"]

    @property
    def topology(self) -> Any:
        """Which hosts are in which capacity unit; empty where it is not told."""
        return self._values["topology"]

    @property
    def user_entry_point(self) -> Optional[str]:
        """The user's program."""
        return self._values["user_entry_point"]

    def to_cmd_args(self) -> List[str]:
        """The hyperparameters as the program's arguments."""
        return list(self._answer["arguments"])

    def to_env_vars(self) -> Dict[str, str]:
        """The variables ``SM_*``."""
        return dict(self._answer["environment"])

    def sagemaker_s3_output(self) -> Optional[str]:
        """Where intermediate output is uploaded: the hyperparameter ``sagemaker_s3_output``."""
        return self._answer["s3_output"]

    def properties(self) -> List[str]:
        """The names of the attributes."""
        return [name for name in dir(type(self)) if isinstance(getattr(type(self), name), property)]

    def __getitem__(self, name: str) -> Any:
        if name not in self.properties():
            raise KeyError(name)
        return getattr(self, name)

    def __len__(self) -> int:
        return len(self.properties())

    def __iter__(self) -> Iterator[str]:
        return iter(self.properties())

    def __str__(self) -> str:
        return str(dict(self))
