#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# What the SDK's own drivers make of a ModelTrainer job's files, beside smlaunch.
set -euo pipefail
python=${SMLAUNCH_SDK:?the folder with the SDK}/sdk/bin/python
if ! "$python" -W ignore -c 'import sagemaker.train.constants' 2>/dev/null; then
  echo "SKIPPED: the SDK is not there: tests/sdk/build $SMLAUNCH_SDK"
  exit 77
fi
cd "$(dirname "$0")"
PYTHONPATH=../python exec "$python" -W ignore -m unittest -v drivers_test
