#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The kernels in the tree are what nvcc makes of their source. Another release of nvcc may write other instructions,
# and is not compared.
set -euo pipefail
cd "$(dirname "$0")/../../cuda"
kept=smoke_kernels.ptx
PATH=$PATH:/usr/local/cuda/bin
command -v nvcc >/dev/null && command -v ptxas >/dev/null || { echo "there is no nvcc and ptxas (the CUDA SDK)"; exit 77; }
made=$(mktemp)
trap 'rm -f "$made"' EXIT
./make_kernels >"$made"
release() { grep -o 'release [0-9.]*' "$1"; }
[[ -n $(release "$made") ]] || { echo "nvcc does not say its release"; exit 1; }
if [[ $(release "$kept") != "$(release "$made")" ]]; then
  echo "the kept kernels are of nvcc's $(release "$kept"), and this one is $(release "$made")"
  exit 77
fi
without_words() { grep -v '^//' "$1"; }
diff <(without_words "$kept") <(without_words "$made") || {
  echo "cuda/smoke_kernels.ptx is not what smoke_kernels.cu makes: cuda/make_kernels >cuda/smoke_kernels.ptx"
  exit 1
}
