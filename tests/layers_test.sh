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

# sign DOOR: a room's door with its sign
sign() { write "$1" "// The room $(dirname "$1"): what it promises." '#pragma once'; }

# doors ROOM...: of the rooms that a case uses, so that it is about one rule only
doors() {
  local room
  for room in "$@"; do
    case $room in
      base) sign base/error.hpp ;;
      topology) sign topology/machine.hpp ;;
      cuda) sign cuda/probe_gpus.hpp ;;
      mpi) sign mpi/mpirun.hpp ;;
      options) sign launcher/options/options.hpp ;;
      plan) sign launcher/plan/plan.hpp ;;
      contract) sign launcher/contract/environment.hpp ;;
      smoke) sign launcher/smoke/smoke_conductor.hpp ;;
      checks) sign launcher/checks/nccl_check_program.hpp ;;
      channel) sign launcher/channel/messages.hpp ;;
      leader) sign launcher/leader/runner.hpp ;;
      launcher) sign launcher/launch.hpp ;;
    esac
  done
}

echo "a tree that keeps the rules passes"
doors base topology cuda checks options contract leader launcher
write topology/a.cpp '#include <hwloc.h>' '#include <vector>' '#include "topology/a.hpp"' '#include "base/b.hpp"'
write cuda/nvml.cpp '#include <dlfcn.h>' '#include "topology/a.hpp"'
write launcher/checks/mpi_check.cpp '#include <dlfcn.h>' '#include "launcher/smoke/check_stream.hpp"'
write launcher/options/cli.cpp '#include <CLI/CLI.hpp>' '#include "launcher/options/cli.hpp"'
write launcher/contract/a_json.cpp '#include <nlohmann/json.hpp>'
write launcher/leader/runner.cpp '#include <boost/asio.hpp>' '#  include "launcher/plan/plan.hpp"'
write tests/launcher/channel/channel_test.cpp '#include <boost/asio.hpp>' '#include "tests/support/temp_dir.hpp"'
write examples/pi.cpp '#include <mpi.h>' '// #include "topology/a.hpp"'
expect 0 ''

echo "an arrow that the table does not name is a breach, upwards and beside"
doors topology
write topology/a.cpp '#include "topology/a.hpp"' '' '#include "mpi/b.hpp"'
expect 1 'topology/a.cpp:3: no arrow from topology/ to mpi/ in the table: "mpi/b.hpp"'
doors base
write base/a.cpp '#include "topology/b.hpp"'
expect 1 'base/a.cpp:1: no arrow from base/ to topology/ in the table: "topology/b.hpp"'
doors mpi
write mpi/a.hpp '#include <cuda/b.hpp>'
expect 1 'mpi/a.hpp:1: no arrow from mpi/ to cuda/ in the table: "cuda/b.hpp"'
doors contract launcher
write launcher/contract/a.cpp '#include "launcher/contract/s3/b.hpp"'
expect 1 'launcher/contract/a.cpp:1: no arrow from launcher/contract/ to launcher/contract/s3/ in the table: "launcher/contract/s3/b.hpp"'
doors smoke launcher
write launcher/smoke/a.cpp '#include "launcher/plan/b.hpp"'
expect 1 'launcher/smoke/a.cpp:1: no arrow from launcher/smoke/ to launcher/plan/ in the table: "launcher/plan/b.hpp"'
doors cuda
write cuda/a.cpp '#include "launcher/smoke/b.hpp"'
expect 1 'cuda/a.cpp:1: no arrow from cuda/ to launcher/smoke/ in the table: "launcher/smoke/b.hpp"'
doors leader launcher
write launcher/leader/a.cpp '#include "launcher/options/cli.hpp"'
expect 1 'launcher/leader/a.cpp:1: no arrow from launcher/leader/ to launcher/options/ in the table: "launcher/options/cli.hpp"'
doors launcher
write launcher/a.cpp '#include "tests/b.hpp"'
expect 1 'launcher/a.cpp:1: launcher/ may not include "tests/b.hpp"'
write bench/a.cpp '#include "tests/b.hpp"'
expect 1 'bench/a.cpp:1: bench/a.cpp may not include "tests/b.hpp"'

echo "a room's door says what the room is"
doors launcher
write launcher/plan/plan.hpp '#pragma once'
expect 1 'launcher/plan/plan.hpp: the room'\''s door does not say "// The room launcher/plan: …"'
write mpi/hostfile.cpp '#include "mpi/hostfile.hpp"'
expect 1 'mpi/mpirun.hpp: the room'\''s door does not say "// The room mpi: …"'

echo "a library away from its home is named"
doors launcher
write launcher/launch.cpp '#include <CLI/CLI.hpp>'
expect 1 'launcher/launch.cpp:1: <CLI/CLI.hpp> is included only by launcher/options/cli.cpp launcher/options/option_adder'
doors cuda
write cuda/a.cpp '#include <hwloc/linux.h>'
expect 1 'cuda/a.cpp:1: <hwloc/linux.h> is included only by topology/'
doors topology
write topology/machine.cpp '#include <nlohmann/json.hpp>'
expect 1 'topology/machine.cpp:1: <nlohmann/json.hpp> is included only by *_json.cpp *_json.hpp launcher/channel/ launcher/code/ launcher/outcome/ launcher/plan/ launcher/remote/ tests/ bench/'
doors contract launcher
write launcher/contract/a.cpp '#include <openssl/evp.h>'
expect 1 'launcher/contract/a.cpp:1: <openssl/evp.h> is included only by base/crypto_library base/openssl_library launcher/channel/tls_'
doors mpi
write mpi/a.cpp '#include <dlfcn.h>'
expect 1 'mpi/a.cpp:1: <dlfcn.h> is included only by base/openssl_library cuda/ launcher/channel/munge launcher/checks/mpi_check launcher/contract/s3/ launcher/contract/code/'
write tests/topology/a_test.cpp '#include <archive.h>'
expect 1 'tests/topology/a_test.cpp:1: <archive.h> is included only by launcher/contract/code/'

echo "what we print goes through one file"
doors base launcher
write launcher/a.cpp '#include <fmt/format.h>' 'void a() { fmt::print(stderr, "a"); }' '// std::cerr is not used'
write launcher/b.cpp 'void b() { std::cerr << "b"; }'
expect 1 'launcher/a.cpp:2: what we print goes through base/own_words.hpp
launcher/b.cpp:1: what we print goes through base/own_words.hpp'

echo "every breach is listed, and a path must start at the root"
doors mpi
write mpi/a.cpp '#include "b.hpp"' '#include "../topology/c.hpp"'
expect 1 'mpi/a.cpp:1: "b.hpp" does not start at the project root
mpi/a.cpp:2: "../topology/c.hpp" does not start at the project root'

echo "a tree without sources fails"
expect 1 ''

((failures == 0))
