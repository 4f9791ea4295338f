#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# layers.sh finds each kind of breach, at its line, and nothing in a tree that keeps the rules.
set -euo pipefail

layers=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)/layers.sh
tree=$(mktemp -d)
trap 'rm -rf "$tree"' EXIT
failures=0

# write FILE LINE...: a source file of these lines
write() {
  local file=$tree/$1
  mkdir -p "$(dirname "$file")"
  shift
  printf '%s\n' "$@" >"$file"
}

# expect STATUS OUTPUT: what layers.sh says of the tree; then an empty tree again
expect() {
  local output status=0
  output=$("$layers" "$tree" 2>/dev/null) || status=$?
  if [[ $status != "$1" || $output != "$2" ]]; then
    printf 'FAILED\n  expected (%s): %s\n  got (%s): %s\n' "$1" "$2" "$status" "$output"
    failures=$((failures + 1))
  fi
  find "$tree" -mindepth 1 -delete
}

echo "a tree that keeps the rules passes"
write topology/a.cpp '#include <hwloc.h>' '#include <vector>' '#include "topology/a.hpp"'
write cuda/nvml.cpp '#include <dlfcn.h>' '#include "topology/a.hpp"'
write mpi/mpi_check.cpp '#include <dlfcn.h>' '#include "launcher/smoke/check_stream.hpp"'
write launcher/cli.cpp '#include <CLI/CLI.hpp>' '#include "launcher/run/x.hpp"' '#include "launcher/cli.hpp"'
write launcher/contract/a_json.cpp '#include <nlohmann/json.hpp>'
write launcher/run/channel.cpp '#include <boost/asio.hpp>' '#  include "launcher/plan/plan.hpp"'
write tests/launcher/run/channel_test.cpp '#include <boost/asio.hpp>' '#include "tests/support/temp_dir.hpp"'
write examples/pi.cpp '#include <mpi.h>' '// #include "topology/a.hpp"'
expect 0 ''

echo "a folder that reaches upwards is named"
write topology/a.cpp '#include "topology/a.hpp"' '' '#include "mpi/b.hpp"'
expect 1 'topology/a.cpp:3: topology/ includes of ours only topology/, not "mpi/b.hpp"'
write cuda/a.cpp '#include "mpi/b.hpp"'
expect 1 'cuda/a.cpp:1: cuda/ includes of ours only topology/ cuda/, not "mpi/b.hpp"'
write mpi/a.hpp '#include <cuda/b.hpp>'
expect 1 'mpi/a.hpp:1: mpi/ includes of ours only topology/ mpi/, not "cuda/b.hpp"'
write launcher/contract/a.cpp '#include "launcher/plan/b.hpp"'
expect 1 'launcher/contract/a.cpp:1: launcher/contract/ includes of ours only topology/ launcher/contract/, not "launcher/plan/b.hpp"'
write launcher/plan/a.cpp '#include "launcher/run/b.hpp"'
expect 1 'launcher/plan/a.cpp:1: launcher/plan/ includes of ours only topology/ cuda/ mpi/ launcher/contract/ launcher/smoke/ launcher/plan/, not "launcher/run/b.hpp"'
write launcher/smoke/a.cpp '#include "launcher/plan/b.hpp"'
expect 1 'launcher/smoke/a.cpp:1: launcher/smoke/ includes of ours only topology/ launcher/smoke/, not "launcher/plan/b.hpp"'
write mpi/mpirun.cpp '#include "launcher/smoke/b.hpp"'
expect 1 'mpi/mpirun.cpp:1: mpi/ includes of ours only topology/ mpi/, not "launcher/smoke/b.hpp"'
write launcher/ready/a.cpp '#include "launcher/run/b.hpp"'
expect 1 'launcher/ready/a.cpp:1: launcher/ready/ includes of ours only topology/ cuda/ mpi/ launcher/contract/ launcher/plan/ launcher/ready/, not "launcher/run/b.hpp"'
write launcher/run/a.cpp '#include "launcher/cli.hpp"'
expect 1 'launcher/run/a.cpp:1: launcher/run/ includes of ours only topology/ cuda/ mpi/ launcher/contract/ launcher/plan/ launcher/smoke/ launcher/run/, not "launcher/cli.hpp"'
write launcher/a.cpp '#include "tests/b.hpp"'
expect 1 'launcher/a.cpp:1: launcher/ includes of ours only topology/ cuda/ mpi/ launcher/, not "tests/b.hpp"'
write bench/a.cpp '#include "tests/b.hpp"'
expect 1 'bench/a.cpp:1: bench/ includes of ours only topology/ cuda/ mpi/ launcher/ bench/, not "tests/b.hpp"'

echo "a library away from its home is named"
write launcher/launch.cpp '#include <CLI/CLI.hpp>'
expect 1 'launcher/launch.cpp:1: <CLI/CLI.hpp> is included only by launcher/cli.cpp'
write cuda/a.cpp '#include <hwloc/linux.h>'
expect 1 'cuda/a.cpp:1: <hwloc/linux.h> is included only by topology/'
write launcher/plan/a.cpp '#include <boost/asio.hpp>'
expect 1 'launcher/plan/a.cpp:1: <boost/asio.hpp> is included only by launcher/run/ launcher/ready/'
write topology/machine.cpp '#include <nlohmann/json.hpp>'
expect 1 'topology/machine.cpp:1: <nlohmann/json.hpp> is included only by *_json.cpp *_json.hpp launcher/plan/ launcher/ready/ launcher/run/ tests/ bench/'
write launcher/contract/a.cpp '#include <openssl/evp.h>'
expect 1 'launcher/contract/a.cpp:1: <openssl/evp.h> is included only by launcher/plan/ launcher/run/ launcher/contract/s3/'
write mpi/a.cpp '#include <dlfcn.h>'
expect 1 'mpi/a.cpp:1: <dlfcn.h> is included only by cuda/ mpi/mpi_check launcher/contract/s3/ launcher/contract/code/'
write tests/topology/a_test.cpp '#include <boost/asio.hpp>'
expect 1 'tests/topology/a_test.cpp:1: <boost/asio.hpp> is included only by launcher/run/ launcher/ready/'

echo "every breach is listed, and a path must start at the root"
write mpi/a.cpp '#include "b.hpp"' '#include "../topology/c.hpp"'
expect 1 'mpi/a.cpp:1: "b.hpp" does not start at the project root
mpi/a.cpp:2: "../topology/c.hpp" does not start at the project root'

echo "a tree without sources fails"
expect 1 ''

((failures == 0))
