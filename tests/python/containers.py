# SPDX-License-Identifier: Apache-2.0
"""Containers for tests of the Python package: recorded ones, and ones that are made up."""
import json
import os
import random
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path.insert(0, os.path.join(ROOT, "python"))


def goldens():
    """The recorded containers with the toolkit's answers."""
    with open(os.path.join(ROOT, "tests/golden/toolkit/contract.json"), encoding="utf-8") as file:
        return json.load(file)


def make(base, container):
    """Writes the container's files below base."""
    for folder in ("code", "model", "input/config", "input/data", "output/data"):
        os.makedirs(os.path.join(base, folder), exist_ok=True)
    for name, text in container["code"].items():
        place = os.path.join(base, "code", name)
        os.makedirs(os.path.dirname(place), exist_ok=True)
        with open(place, "w", encoding="utf-8") as file:
            file.write(text)
    for name, config in container["config"].items():
        with open(os.path.join(base, "input/config", name + ".json"), "w", encoding="utf-8") as file:
            json.dump(config, file)


def make_up(seed):
    """A container like those that SageMaker makes, with hyperparameters of all kinds."""
    dice = random.Random(seed)
    values = ["0.1", "1e-3", "abc", "true", "null", "[1, 2]", '{"b": [1.5, null], "a": "x"}', '"quoted"', "", "007", "ünï",
              "-0.0", "123456789012345678901234567890", "a b'c\"d", "{broken", "1_000"]
    keys = ["lr", "e", "batch-size", "use.dots", "Name", "x_y", "sagemaker_job_name", "sagemaker_region",
            "sagemaker_mpi_enabled", "sagemaker_instance_count", "sagemaker_s3_output"]
    hosts = ["algo-%d" % i for i in range(1, dice.choice([1, 2, 3, 12]) + 1)]
    hyperparameters = {key: dice.choice(values) for key in dice.sample(keys, dice.randint(0, len(keys)))}
    for key in ("sagemaker_job_name", "sagemaker_region", "sagemaker_s3_output"):
        if key in hyperparameters:
            hyperparameters[key] = "plain-text"
    hyperparameters["sagemaker_program"] = dice.choice(["train.py", "run.sh", "pkg/main.py"])
    resource = {"current_host": dice.choice(hosts), "hosts": hosts}
    if dice.random() < 0.7:
        cut = dice.randint(0, len(hosts))
        groups = [("gpu", "ml.p4d.24xlarge", hosts[:cut]), ("cpu", "ml.c5.xlarge", hosts[cut:])]
        resource["instance_groups"] = [
            {"instance_group_name": name, "instance_type": kind, "hosts": own} for name, kind, own in groups if own]
        for name, kind, own in groups:
            if resource["current_host"] in own:
                resource["current_group_name"] = name
                resource["current_instance_type"] = kind
    if dice.random() < 0.7:
        resource["network_interface_name"] = dice.choice(["eth0", "ethwe"])
    if dice.random() < 0.3:
        resource["topology"] = [{"hostName": host, "capacityUnitId": "cu-0"} for host in hosts]
    channels = {name: {"TrainingInputMode": "File"} for name in dice.sample(["train", "test-1", "Model"], dice.randint(0, 3))}
    environ = {}
    if dice.random() < 0.5:
        environ["TRAINING_JOB_NAME"] = "job-%d" % seed
    if dice.random() < 0.3:
        environ["SM_HP_MP_PARAMETERS"] = dice.choice(["{}", '{"ddp": true}', ""])
    return {"name": "made up, seed %d" % seed, "code": {"train.py": "", "run.sh": "", "pkg/main.py": ""}, "gpus": 0,
            "config": {"hyperparameters": hyperparameters, "resourceconfig": resource, "inputdataconfig": channels},
            "environ": environ}
