# SPDX-License-Identifier: Apache-2.0
"""What ``smlaunch env --format json`` answers, as far as this package reads it. For type checkers alone."""
from typing import Any, Dict, List, Optional, TypedDict


class TrainingEnv(TypedDict):
    """The toolkit's Environment, attribute by attribute."""

    additional_framework_parameters: Dict[str, Any]
    channel_input_dirs: Dict[str, str]
    current_host: str
    current_instance_group: str
    current_instance_group_hosts: List[str]
    current_instance_type: str
    distribution_hosts: List[str]
    distribution_instance_groups: List[str]
    framework_module: Optional[str]
    hosts: List[str]
    hyperparameters: Dict[str, Any]
    input_config_dir: str
    input_data_config: Dict[str, Any]
    input_dir: str
    instance_groups: List[str]
    instance_groups_dict: Dict[str, Any]
    is_hetero: bool
    is_master: bool
    is_modelparallel_enabled: Any
    is_smddpmprun_installed: bool
    is_smddprun_installed: bool
    job_name: Optional[str]
    log_level: Any
    master_hostname: str
    model_dir: str
    module_dir: str
    module_name: str
    network_interface_name: str
    num_cpus: int
    num_gpus: int
    num_neurons: int
    output_data_dir: str
    output_dir: str
    output_intermediate_dir: str
    resource_config: Dict[str, Any]
    topology: Any
    user_entry_point: Optional[str]


class EntryPoint(TypedDict):
    """The program."""

    arguments: List[str]
    kind: str
    name: str
    working_directory: str


class Answer(TypedDict):
    """The whole answer."""

    arguments: List[str]
    entry_point: EntryPoint
    environment: Dict[str, str]
    s3_output: Optional[str]
    training_env: TrainingEnv
