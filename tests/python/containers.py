# SPDX-License-Identifier: Apache-2.0
"""Containers for tests of the Python package: recorded and made up."""
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


KEYS = ["lr", "e", "batch-size", "use.dots", "Name", "name", "x_y", "X-Y", "ünï", "a b", "_", "tuning", "7"]
SAGEMAKER_KEYS = {
    "sagemaker_job_name": ["job", "ünï"], "sagemaker_region": ["eu-west-1"], "sagemaker_s3_output": ["s3://bucket/there"],
    "sagemaker_mpi_enabled": ["true", "false", "1", '""'], "sagemaker_instance_count": ["2"],
    "sagemaker_torch_distributed_enabled": ["true", "false"], "sagemaker_pytorch_ddp_enabled": ["true"],
    "sagemaker_parameter_server_enabled": ["true"], "sagemaker_mpi_num_of_processes_per_host": ["4"],
    "sagemaker_distribution_instance_groups": ['["gpu"]', '["gpu", "cpu"]', '["homogeneousCluster"]', "[]"],
    "sagemaker_container_log_level": ["10", "20", "30"], "sagemaker_enable_cloudwatch_metrics": ["true"],
    "sagemaker_submit_directory": ["s3://bucket/source.tar.gz", "/elsewhere"], "sagemaker_own": ["[1, null]", "text"],
    "_tuning_objective_metric": ["loss"], "default_user_module_name": ["module"],
}
TEXTS = ["abc", "", "ünï \U0001f600", "a b'c\"d", "{broken", "1_000", "007", "it's", "$HOME", "a\\b", "tab\there", "NULL", "Infinity",
         "-", "--x", "=", "1e", ".5", "+1", " 1 ", "1 2", "[1,]", "true ", "\u2028"]


def make_up_value(dice, depth=0):
    """A value as JSON knows it."""
    kind = dice.randint(0, 7 if depth < 3 else 5)
    if kind == 0:
        return dice.choice([None, True, False])
    if kind == 1:
        return dice.choice([0, -1, 7, 10**30, dice.randint(-(10**9), 10**9)])
    if kind == 2:
        return dice.choice([0.1, -0.0, 1e-7, 1e16, 1e22, 123456.789, 5e-324, 1.7e308, dice.uniform(-1e6, 1e6), float("inf")])
    if kind <= 5:
        return dice.choice(TEXTS)
    if kind == 6:
        return [make_up_value(dice, depth + 1) for _ in range(dice.randint(0, 3))]
    return {dice.choice(KEYS): make_up_value(dice, depth + 1) for _ in range(dice.randint(0, 3))}


def make_up(seed):
    """A container like those that SageMaker makes, with hyperparameters of all kinds."""
    dice = random.Random(seed)
    hosts = ["algo-%d" % i for i in range(1, dice.choice([1, 2, 3, 12]) + 1)]
    hyperparameters = {}
    for key in dice.sample(KEYS, dice.randint(0, len(KEYS))):
        value = make_up_value(dice)
        # Text may be JSON of itself or as it is, and a few platforms write no text at all.
        hyperparameters[key] = value if isinstance(value, str) and dice.random() < 0.7 else dice.choice([json.dumps(value), value])
    for key in dice.sample(sorted(SAGEMAKER_KEYS), dice.choice([0, 1, 3, 8])):
        hyperparameters[key] = dice.choice(SAGEMAKER_KEYS[key])
    hyperparameters["sagemaker_program"] = dice.choice(["train.py", "run.sh", "pkg/main.py"])
    order = list(hyperparameters.items())
    dice.shuffle(order)
    resource = {"current_host": dice.choice(hosts), "hosts": hosts}
    if dice.random() < 0.7:
        cut = dice.randint(0, len(hosts))
        groups = [("gpu", "ml.p4d.24xlarge", hosts[:cut]), ("cpu", "ml.c5.xlarge", hosts[cut:])]
        if cut == len(hosts) and dice.random() < 0.5:
            groups[0] = ("homogeneousCluster",) + groups[0][1:]
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
    channels = {
        name: dice.choice([{"TrainingInputMode": "File"}, {}, {"ContentType": "text/ünï", "S3DistributionType": "FullyReplicated"}])
        for name in dice.sample(["train", "test-1", "Model", "a.b"], dice.randint(0, 4))}
    environ = {}
    if dice.random() < 0.5:
        environ["TRAINING_JOB_NAME"] = "job-%d" % seed
    if dice.random() < 0.3:
        environ["SM_HP_MP_PARAMETERS"] = dice.choice(["{}", '{"ddp": true}', ""])
    if dice.random() < 0.2:
        environ["SAGEMAKER_PROGRAM"] = dice.choice(["other.py", "run.sh"])
    if dice.random() < 0.2:
        environ["SAGEMAKER_TRAINING_MODULE"] = "own_framework:main"
    if dice.random() < 0.2:
        environ["AWS_DEFAULT_REGION"] = "us-east-2"
    return {"name": "made up, seed %d" % seed, "code": {"train.py": "", "run.sh": "", "pkg/main.py": "", "other.py": ""}, "gpus": 0,
            "config": {"hyperparameters": dict(order), "resourceconfig": resource, "inputdataconfig": channels},
            "environ": environ}
