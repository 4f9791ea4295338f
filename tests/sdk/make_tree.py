# SPDX-License-Identifier: Apache-2.0
"""make_tree.py CASE FOLDER: what a ModelTrainer job brings into its container, made by the SDK's own code.

FOLDER/input then is BASE/input but for resourceconfig.json.
"""
import json
import os
import shutil
import sys

from sagemaker.train import templates
from sagemaker.train.constants import SM_DRIVERS_LOCAL_PATH
from sagemaker.train.distributed import MPI, Torchrun

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path.insert(0, os.path.join(ROOT, "python"))

HYPERPARAMETERS = {"lr": 0.1, "e": True, "batch-size": 32, "layers": [1, 2], "opts": {"b": None, "a": "x y"}, "name": "it is"}


def cases():
    from smlaunch.sagemaker import Smlaunch

    return {
        "none": None,
        "torchrun": Torchrun(process_count_per_node=2),
        "mpi": MPI(process_count_per_node=2, mpi_additional_options=["-x", "NOTE=a b", "--oversubscribe"]),
        "smlaunch": Smlaunch(process_count_per_node=2, launcher="ddp", smoke="off"),
        "command": None,
    }


def train_script(case, distributed):
    """As ModelTrainer puts its templates together."""
    if case == "command":
        driver = templates.EXECUTE_BASE_COMMANDS.format(base_command="smlaunch")
    elif distributed is None:
        driver = templates.EXECUTE_BASIC_SCRIPT_DRIVER
    else:
        driver = templates.EXEUCTE_DISTRIBUTED_DRIVER.format(
            driver_name=type(distributed).__name__, driver_script=distributed.driver_script)
    return templates.TRAIN_SCRIPT_TEMPLATE.format(
        working_dir="cd /opt/ml/input/data/code \n", install_requirements="", execute_driver=driver)


def main(case, folder):
    distributed = cases()[case]
    drivers = os.path.join(folder, "input/data/sm_drivers")
    shutil.copytree(SM_DRIVERS_LOCAL_PATH, drivers)
    if distributed is not None:
        shutil.copytree(distributed.driver_dir, os.path.join(drivers, "distributed_drivers"), dirs_exist_ok=True)
    source_code = {"source_dir": "src", "requirements": None, "entry_script": "train.py",
                   "command": "smlaunch" if case == "command" else None, "args": None, "ignore_patterns": [".git"]}
    config = os.path.join(folder, "input/config")
    code = os.path.join(folder, "input/data/code")
    os.makedirs(config)
    os.makedirs(code)
    shutil.copy(os.path.join(os.path.dirname(os.path.abspath(__file__)), "seen.py"), os.path.join(code, "train.py"))
    for place, value in (
        (os.path.join(drivers, "sourcecode.json"), source_code),
        (os.path.join(drivers, "distributed.json"), distributed.model_dump() if distributed else {}),
        (os.path.join(config, "inputdataconfig.json"),
         {name: {"TrainingInputMode": "File"} for name in ("train", "code", "sm_drivers")}),
        (os.path.join(config, "hyperparameters.json"),
         {key: value if isinstance(value, str) else json.dumps(value) for key, value in HYPERPARAMETERS.items()}),
    ):
        with open(place, "w", encoding="utf-8") as file:
            json.dump(value, file)
    with open(os.path.join(drivers, "sm_train.sh"), "w", encoding="utf-8") as file:
        file.write(train_script(case, distributed))


if __name__ == "__main__":
    main(*sys.argv[1:])
