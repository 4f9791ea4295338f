#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Who may include whom. The two tables are the rules; the first line that fits a file decides.
# usage: tests/layers.sh [ROOT]    prints file:line: rule for every breach; 1 if there is one
set -euo pipefail

# Our own headers: "* may include *", by the beginning of the path. Paths start at the project root.
folders='
topology/           topology/
cuda/nccl_check     topology/ cuda/ launcher/smoke/
cuda/               topology/ cuda/
mpi/mpi_check       topology/ mpi/ launcher/smoke/
mpi/                topology/ mpi/
launcher/contract/  topology/ launcher/contract/
launcher/plan/      topology/ cuda/ mpi/ launcher/contract/ launcher/smoke/ launcher/plan/
launcher/smoke/     topology/ launcher/smoke/
launcher/ready/     topology/ cuda/ mpi/ launcher/contract/ launcher/plan/ launcher/ready/
launcher/run/       topology/ cuda/ mpi/ launcher/contract/ launcher/plan/ launcher/smoke/ launcher/run/
launcher/           topology/ cuda/ mpi/ launcher/
bench/              topology/ cuda/ mpi/ launcher/ bench/
tests/              topology/ cuda/ mpi/ launcher/ bench/ tests/
examples/           examples/
'

# Libraries have one home: "header: who may include it". A test may use what the code that it tests may use.
libraries='
CLI/       launcher/cli.cpp
hwloc      topology/
archive    launcher/contract/code/
boost/     launcher/run/ launcher/ready/
nlohmann/  *_json.cpp *_json.hpp launcher/plan/ launcher/ready/ launcher/run/ tests/ bench/
openssl/   launcher/plan/ launcher/run/ launcher/contract/s3/
curl/      launcher/contract/s3/
dlfcn.h    cuda/ mpi/mpi_check launcher/contract/s3/ launcher/contract/code/
'

root=${1:-$(dirname "${BASH_SOURCE[0]}")/..}
cd "$root"

present=()
for folder in topology cuda mpi launcher bench tests examples; do
  if [[ -d $folder ]]; then present+=("$folder"); fi
done
if ((${#present[@]} == 0)); then
  echo "layers.sh: no sources in $root" >&2
  exit 1
fi

find "${present[@]}" -type f \( -name '*.[ch]pp' -o -name '*.[ch]' -o -name '*.cu' \) -print0 | sort -z |
  FOLDERS=$folders LIBRARIES=$libraries xargs -0 -r awk '
    # "*_x.cpp" fits the end of a path; all else fits the beginning.
    function fits(path, pattern) {
      if (substr(pattern, 1, 1) != "*") return index(path, pattern) == 1
      pattern = substr(pattern, 2)
      return length(path) >= length(pattern) && substr(path, length(path) - length(pattern) + 1) == pattern
    }
    function any_fits(path, line,    words, count, i) {
      count = split(line, words, " ")
      for (i = 2; i <= count; i++) if (fits(path, words[i])) return 1
      return 0
    }
    function allowed(line) { sub(/^[^ ]+ +/, "", line); return line }
    function breach(rule) { printf "%s:%d: %s\n", FILENAME, FNR, rule; breaches++ }

    BEGIN {
      folder_count = split(ENVIRON["FOLDERS"], folders, "\n")
      library_count = split(ENVIRON["LIBRARIES"], libraries, "\n")
    }
    /^[ \t]*#[ \t]*include[ \t]*["<]/ {
      header = $0
      sub(/^[ \t]*#[ \t]*include[ \t]*/, "", header)
      quoted = substr(header, 1, 1) == "\""
      header = substr(header, 2)
      sub(/[">].*/, "", header)

      for (i = 1; i <= library_count; i++) {
        split(libraries[i], words, " ")
        if (words[1] == "" || !fits(header, words[1])) continue
        home = FILENAME
        sub(/^tests\//, "", home)
        if (!any_fits(FILENAME, libraries[i]) && !any_fits(home, libraries[i]))
          breach("<" header "> is included only by " allowed(libraries[i]))
        next
      }
      if (!quoted && header !~ /^(topology|cuda|mpi|launcher|bench|tests|examples)\//) next
      if (header !~ /^(topology|cuda|mpi|launcher|bench|tests|examples)\//) {
        breach("\"" header "\" does not start at the project root")
        next
      }
      for (i = 1; i <= folder_count; i++) {
        split(folders[i], words, " ")
        if (words[1] == "" || !fits(FILENAME, words[1])) continue
        if (!any_fits(header, folders[i]))
          breach(words[1] " includes of ours only " allowed(folders[i]) ", not \"" header "\"")
        break
      }
    }
    END { exit breaches > 0 }' && exit 0
echo "layers.sh: the rules are the tables at its top" >&2
exit 1
