#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Names lead to files, and files are named: every *_test.cpp by the CMakeLists.txt beside it, else it never runs; and
# in the tables of ARCHITECTURE.md every source lies where it is said to lie. A name without a folder lies in the
# folder that was named last in its row. No two types of the program have one name: the linker would take one's functions
# for the other's, and say nothing.
# usage: tests/names.sh [ROOT]    prints what is wrong; 1 if there is anything
set -euo pipefail

cd "${1:-$(dirname "${BASH_SOURCE[0]}")/..}"
status=0

while IFS= read -r -d '' file; do
  if ! grep -qswF "$(basename "$file")" "$(dirname "$file")/CMakeLists.txt"; then
    echo "$file: no CMakeLists.txt beside it names it"
    status=1
  fi
done < <(find tests -name '*_test.cpp' -print0 | sort -z)

while read -r line name; do
  if [[ ! -e $name && ! -e launcher/$name ]]; then
    echo "ARCHITECTURE.md:$line: there is no $name"
    status=1
  fi
done < <(awk '
  /^\|/ {
    folder = ""
    rest = $0
    while (match(rest, /`[a-z0-9_\/]+\.(cpp|hpp|cu)`/)) {
      name = substr(rest, RSTART + 1, RLENGTH - 2)
      rest = substr(rest, RSTART + RLENGTH)
      if (name ~ /\//) {
        folder = name
        sub(/[^\/]*$/, "", folder)
      } else if (folder == "") {
        continue
      } else {
        name = folder name
      }
      print FNR, name
    }
  }' ARCHITECTURE.md)

# Types of a file's own are in its namespace without a name.
types=$({ find base topology cuda mpi launcher \( -name '*.hpp' -o -name '*.cpp' \) -print0 2>/dev/null || :; } | sort -z |
  xargs -0 -r awk '
    FNR == 1 { own = 0 }
    /^namespace \{/ { own = 1 }
    /^\}  \/\/ namespace$/ { own = 0 }
    !own && /^(struct|class|union|enum|enum class) [A-Za-z0-9_]+[^;]*\{/ {
      name = $2 == "class" ? $3 : $2
      if (name in where) print FILENAME ": " name " is a type of " where[name] ", too"
      else where[name] = FILENAME
    }')
if [[ -n $types ]]; then
  echo "$types"
  status=1
fi

exit "$status"
