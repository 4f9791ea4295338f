# SPDX-License-Identifier: Apache-2.0
"""Python beside smlaunch, a launcher of distributed training.

A thin layer over the program ``smlaunch``: what SageMaker's container means is decided there, and nowhere in here.

- ``smlaunch.sagemaker_training``: the Python interfaces of the SageMaker Training Toolkit.
- ``smlaunch.sagemaker``: a job of SageMaker's SDK v3 (``ModelTrainer``) that smlaunch starts.
- ``smlaunch.heartbeat(step=…, loss=…)``: a rank tells that it makes progress.
"""
from smlaunch._heartbeat import heartbeat

__all__ = ["heartbeat"]
