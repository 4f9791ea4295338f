#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# names.sh finds a test that nobody names, a name that leads nowhere and two types of one name, and nothing in a tree that has neither.
set -euo pipefail

names=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)/names.sh
tree=$(mktemp -d)
trap 'rm -rf "$tree"' EXIT
failures=0

# expect STATUS OUTPUT: what names.sh says of the tree
expect() {
  local output status=0
  output=$("$names" "$tree") || status=$?
  if [[ $status != "$1" || $output != "$2" ]]; then
    printf 'FAILED\n  expected (%s): %s\n  got (%s): %s\n' "$1" "$2" "$status" "$output"
    failures=$((failures + 1))
  fi
}

mkdir -p "$tree/tests/base" "$tree/launcher/plan" "$tree/base"
touch "$tree/tests/base/hex_test.cpp" "$tree/base/hex.cpp" "$tree/launcher/plan/plan.hpp" "$tree/launcher/plan/plan.cpp"
echo 'smlaunch_tests(base_tests unit hex_test.cpp)' >"$tree/tests/base/CMakeLists.txt"
echo "| a plan | \`launcher/plan/plan.hpp\`, \`plan.cpp\`; digits: \`base/hex.cpp\` |" >"$tree/ARCHITECTURE.md"
expect 0 ''

touch "$tree/tests/base/ex_test.cpp"
echo "| digits | \`base/hex.cpp\`, \`plan.cpp\`; \`launcher/gone.cpp\` |" >>"$tree/ARCHITECTURE.md"
expect 1 'tests/base/ex_test.cpp: no CMakeLists.txt beside it names it
ARCHITECTURE.md:2: there is no base/plan.cpp
ARCHITECTURE.md:2: there is no launcher/gone.cpp'

rm "$tree/tests/base/ex_test.cpp"
sed -i 2d "$tree/ARCHITECTURE.md"
printf 'namespace smlaunch {\nstruct Digit;\nenum class Sign { plus };\nstruct Digit {\n' >"$tree/base/hex.cpp"
printf 'namespace smlaunch {\nnamespace {\nstruct Digit {\n};\n}  // namespace\nclass Sign final {\n' >"$tree/launcher/plan/plan.cpp"
expect 1 'launcher/plan/plan.cpp: Sign is a type of base/hex.cpp, too'

((failures == 0))
