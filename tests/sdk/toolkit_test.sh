#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The Training Toolkit 5.1.4 itself beside smlaunch and its Python package.
set -euo pipefail
python=${SMLAUNCH_SDK:?the folder with the toolkit}/toolkit/bin/python
if ! "$python" -c 'import sagemaker_training.params' 2>/dev/null; then
  echo "SKIPPED: the toolkit is not there: tests/sdk/build $SMLAUNCH_SDK"
  exit 77
fi
cd "$(dirname "$0")"
PYTHONPATH=../python exec "$python" -m unittest -v toolkit_test
