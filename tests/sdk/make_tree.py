# SPDX-License-Identifier: Apache-2.0
"""make_tree.py CASE HOSTS local|cloud FOLDER: what a ModelTrainer job brings into its containers.

The SDK's own ModelTrainer makes it, in its local mode, which asks no AWS. FOLDER/HOST then is /opt/ml of that host, and
FOLDER/command what bash is given there. `cloud`: its resourceconfig.json is as SageMaker writes it.
"""
import json
import os
import shutil
import sys
import tarfile
import tempfile

os.environ.update(AWS_DEFAULT_REGION="us-east-1", AWS_ACCESS_KEY_ID="none", AWS_SECRET_ACCESS_KEY="none",
                  AWS_EC2_METADATA_DISABLED="true")

import boto3
from sagemaker.core.helper.session_helper import Session
from sagemaker.core.training.configs import Compute, OutputDataConfig, SourceCode, StoppingCondition
from sagemaker.train.distributed import MPI, Torchrun
from sagemaker.train.local.local_container import _LocalContainer
from sagemaker.train.model_trainer import Mode, ModelTrainer

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(os.path.dirname(os.path.dirname(HERE)), "python"))

from smlaunch.sagemaker import Smlaunch

HYPERPARAMETERS = {"lr": 0.1, "e": True, "batch-size": 32, "layers": [1, 2], "opts": {"b": None, "a": "x y"}, "name": "it is"}


def distribution(case, count):
    if case == "torchrun":
        return Torchrun(process_count_per_node=2)
    if case == "mpi":
        # The SDK's driver starts so many ranks in all: by these options one of them on each host.
        return MPI(process_count_per_node=max(2, count),
                   mpi_additional_options=["-x", "NOTE=a b", "--oversubscribe", "--map-by", "node"])
    if case == "tested":
        return Smlaunch(process_count_per_node=2, smoke="cpu", options=["--smoke-bytes", "4096"])
    if case == "smlaunch":
        return Smlaunch(process_count_per_node=2, launcher="ddp", smoke="off", options=["--stop-grace", "5"])
    return None


def pack(folder):
    """The source folder as one file, which the SDK brings as it is."""
    archive = folder + ".tar.gz"
    with tarfile.open(archive, "w:gz") as tar:
        for name in os.listdir(folder):
            tar.add(os.path.join(folder, name), name)
    return archive


def as_cloud(file):
    """Local mode names an interface that no machine has, and no instance groups."""
    with open(file, encoding="utf-8") as config:
        values = json.load(config)
    kind = "ml.m5.xlarge"
    values.update(network_interface_name="eth0", current_instance_type=kind, current_group_name="homogeneousCluster",
                  instance_groups=[{"instance_group_name": "homogeneousCluster", "instance_type": kind, "hosts": values["hosts"]}])
    with open(file, "w", encoding="utf-8") as config:
        json.dump(values, config)


def main(case, count, mode, folder):
    with tempfile.TemporaryDirectory() as scratch:
        source = os.path.join(scratch, "src")
        os.mkdir(source)
        shutil.copy(os.path.join(HERE, "seen.py"), os.path.join(source, "train.py"))
        trainer = ModelTrainer(
            training_mode=Mode.LOCAL_CONTAINER, training_image="image", base_job_name="job",
            role="arn:aws:iam::123456789012:role/none", sagemaker_session=Session(boto3.Session()),
            source_code=SourceCode(source_dir=pack(source) if case == "packed" else source, entry_script="train.py",
                                   command="smlaunch" if case == "command" else None),
            distributed=distribution(case, count), hyperparameters=HYPERPARAMETERS,
            compute=Compute(instance_type="local", instance_count=count), local_container_root=scratch,
            stopping_condition=StoppingCondition(max_runtime_in_seconds=3600),
            output_data_config=OutputDataConfig(s3_output_path="s3://none/none"))
        job = trainer._create_training_job_args()
        container = _LocalContainer(
            training_job_name=job["training_job_name"], instance_type="local", instance_count=count, image="image",
            container_root=folder, input_data_config=job["input_data_config"], environment={},
            hyper_parameters=job["hyper_parameters"], container_entrypoint=None, container_arguments=None)
        for host in container.hosts:
            container._create_config_file_directories(host)
            container._write_config_files(host, container.input_data_config, container.hyper_parameters)
            if mode == "cloud":
                as_cloud(os.path.join(folder, host, "input/config/resourceconfig.json"))
            for channel in container.input_data_config:
                place = os.path.join(folder, host, "input/data", channel.channel_name)
                bring(channel.data_source.file_system_data_source.directory_path, place)
    with open(os.path.join(folder, "command"), "w", encoding="utf-8") as file:
        file.write(job["algorithm_specification"].container_arguments[-1])


def bring(source, place):
    """As a channel in S3 comes: a folder's content, or one file in a folder."""
    if os.path.isdir(source):
        shutil.copytree(source, place)
    else:
        os.makedirs(place)
        shutil.copy(source, place)


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), *sys.argv[3:])
