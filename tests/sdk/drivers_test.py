# SPDX-License-Identifier: Apache-2.0
"""What the SDK's drivers make of a job's files, variable by variable and word by word, beside `smlaunch env`: containers
that are made up, and no process of theirs is started."""
import json
import os
import shutil
import subprocess
import sys
import tempfile
import unittest

import containers
from sagemaker.train.constants import SM_DRIVERS_LOCAL_PATH

sys.path.insert(0, SM_DRIVERS_LOCAL_PATH)

from common import utils
from scripts import environment

# Theirs is algo-1, whatever the hosts are called.
LEFT_OUT = {"SM_MASTER_ADDR"}


def distributions(seed):
    return [{}, {"process_count_per_node": 2, "smp": None}, {"process_count_per_node": None, "mpi_additional_options": ["-x", "A=b c"]},
            {"process_count_per_node": 4, "mpi_additional_options": None, "launcher": "auto", "smoke": "auto", "max_restarts": 0,
             "options": ["--stop-grace", "5"]}][seed % 4]


def make_up(seed):
    """A container of a ModelTrainer job."""
    container = containers.make_up(seed)
    resource = container["config"]["resourceconfig"]
    resource.setdefault("network_interface_name", "eth0")
    resource.setdefault("current_instance_type", "local")
    for name in ("code", "sm_drivers"):
        container["config"]["inputdataconfig"][name] = {"TrainingInputMode": "File"}
    container["environ"] = {"TRAINING_JOB_NAME": "job-%d" % seed}
    container["code"] = {}
    return container


class DriversTest(unittest.TestCase):
    maxDiff = None

    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="smlaunch-sdk.")
        self.addCleanup(folder.cleanup)
        self.base = os.path.join(folder.name, "ml")

    def ask_theirs(self, container, files):
        """Their environment.py with its folder moved here, then what their drivers make of it."""
        told = {}
        environment.log_env_variables = lambda env_vars_dict: told.update(
            {name: utils.safe_serialize(value) for name, value in env_vars_dict.items()})
        environment.read_source_code_json = lambda: files["sourcecode"]
        environment.read_distributed_json = lambda: files["distributed"]
        os.environ["TRAINING_JOB_NAME"] = container["environ"]["TRAINING_JOB_NAME"]
        environment.set_env(*(container["config"][name] for name in ("resourceconfig", "inputdataconfig", "hyperparameters")),
                            output_file=os.devnull)
        told = {name: value.replace("/opt/ml/", self.base + "/") for name, value in told.items() if name not in LEFT_OUT}
        return told, utils.hyperparameters_to_cli_args(json.loads(told["SM_HPS"]))

    def ask_ours(self, container, files):
        shutil.rmtree(self.base, ignore_errors=True)
        containers.make(self.base, container)
        drivers = os.path.join(self.base, "input/data/sm_drivers")
        os.makedirs(drivers)
        os.makedirs(os.path.join(self.base, "input/data/code"))
        for name, value in files.items():
            with open(os.path.join(drivers, name + ".json"), "w", encoding="utf-8") as file:
                json.dump(value, file)
        environ = {**container["environ"], "PATH": os.environ["PATH"], "SAGEMAKER_BASE_DIR": self.base, "SMLAUNCH_GPUS_PER_HOST": "0"}
        answer = subprocess.run([os.environ["SMLAUNCH_PROGRAM"], "env", "--format", "json"], env=environ, stdout=subprocess.PIPE,
                                stderr=subprocess.PIPE, check=False)
        self.assertEqual(answer.returncode, 0, answer.stderr)
        return json.loads(answer.stdout)

    def test_jobs_that_are_made_up(self):
        for seed in range(int(os.environ.get("SMLAUNCH_TEST_SEEDS", "150"))):
            with self.subTest(seed):
                container = make_up(seed)
                files = {"sourcecode": {"source_dir": "src", "requirements": None, "entry_script": "train.py", "command": None,
                                        "args": None, "ignore_patterns": [".git"]},
                         "distributed": distributions(seed)}
                variables, arguments = self.ask_theirs(container, files)
                ours = self.ask_ours(container, files)
                self.assertGreater(len(variables), 25)
                self.assertEqual(ours["arguments"], arguments)
                found = dict(ours["environment"])
                told = json.loads(found["SM_TRAINING_ENV"])
                told["master_addr"] = json.loads(variables["SM_TRAINING_ENV"])["master_addr"]
                found["SM_TRAINING_ENV"] = json.dumps(told)
                self.assertEqual({name: found.get(name) for name in variables}, variables)


if __name__ == "__main__":
    unittest.main()
