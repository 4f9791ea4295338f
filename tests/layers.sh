#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Who may include whom. The two tables are the rules; the first line that fits a file decides.
# usage: tests/layers.sh [ROOT]    prints file:line: rule for every breach; 1 if there is one
set -euo pipefail

# The rooms, from the ground up: "room: door: the rooms whose headers it may include". A room is a folder, less the
# rooms inside it. Nobody includes what stands below in this table, and no arrow is drawn that it does not name. The
# door is the header that says what the room promises and what it may touch.
rooms='
base/                   error.hpp                :
topology/               machine.hpp              : base/
cuda/                   probe_gpus.hpp           : base/ topology/
mpi/                    mpirun.hpp               : base/ topology/
launcher/contract/      environment.hpp          : base/
launcher/contract/s3/   s3_client.hpp            : base/ launcher/contract/
launcher/contract/code/ fetch_code.hpp           : base/ launcher/contract/ launcher/contract/s3/
launcher/smoke/         smoke_conductor.hpp      : base/ topology/
launcher/progress/      progress.hpp             : base/
launcher/options/       options.hpp              : base/ topology/
launcher/process/       child_process.hpp        : base/ launcher/contract/
launcher/scheduler/     allocation.hpp           : base/ topology/ mpi/ launcher/contract/ launcher/options/
launcher/plan/          plan.hpp                 : base/ topology/ mpi/ launcher/contract/ launcher/smoke/ launcher/process/ launcher/scheduler/
launcher/this_host/     own_host.hpp             : base/ topology/ cuda/ mpi/ launcher/contract/ launcher/smoke/ launcher/process/
launcher/checks/        nccl_check_program.hpp   : base/ cuda/ launcher/smoke/ launcher/process/ launcher/this_host/
launcher/inspect/       rank_inspector.hpp       : base/ topology/ launcher/contract/ launcher/process/
launcher/devices/       device_event.hpp         : base/ cuda/ launcher/process/
launcher/evidence/      rank_tail.hpp            : launcher/process/
launcher/channel/       messages.hpp             : base/ topology/ launcher/process/ launcher/inspect/ launcher/devices/ launcher/evidence/ launcher/progress/
launcher/report/        run_record.hpp           : base/
launcher/outcome/       outcome.hpp              : base/ topology/ launcher/report/ launcher/contract/ launcher/smoke/ launcher/options/ launcher/process/ launcher/inspect/ launcher/devices/ launcher/evidence/ launcher/progress/
launcher/code/          code_preparation.hpp     : base/ launcher/contract/s3/ launcher/contract/code/ launcher/process/ launcher/evidence/ launcher/channel/ launcher/outcome/
launcher/status/        job_status.hpp           : base/ topology/ launcher/process/ launcher/inspect/ launcher/channel/ launcher/outcome/
launcher/output/        rank_output.hpp          : base/ topology/ launcher/process/ launcher/plan/
launcher/remote/        run_on_hosts.hpp         : base/ launcher/process/ launcher/scheduler/ launcher/plan/
launcher/agent/         rank_agent.hpp           : base/ topology/ cuda/ launcher/contract/ launcher/process/ launcher/this_host/ launcher/inspect/ launcher/devices/ launcher/evidence/ launcher/channel/ launcher/progress/
launcher/worker/        worker.hpp               : base/ topology/ cuda/ launcher/process/ launcher/channel/ launcher/code/ launcher/status/ launcher/remote/
launcher/leader/        runner.hpp               : base/ topology/ mpi/ launcher/contract/ launcher/smoke/ launcher/process/ launcher/scheduler/ launcher/plan/ launcher/inspect/ launcher/devices/ launcher/evidence/ launcher/channel/ launcher/outcome/ launcher/code/ launcher/status/ launcher/output/ launcher/progress/
launcher/job/           job.hpp                  : base/ topology/ cuda/ mpi/ launcher/contract/ launcher/smoke/ launcher/options/ launcher/process/ launcher/scheduler/ launcher/plan/ launcher/this_host/ launcher/outcome/ launcher/remote/ launcher/progress/
launcher/session/       run_job.hpp              : base/ topology/ cuda/ mpi/ launcher/contract/ launcher/contract/s3/ launcher/contract/code/ launcher/smoke/ launcher/options/ launcher/process/ launcher/plan/ launcher/this_host/ launcher/channel/ launcher/outcome/ launcher/code/ launcher/status/ launcher/remote/ launcher/worker/ launcher/leader/ launcher/job/ launcher/progress/
launcher/doctor/        doctor.hpp               : base/ topology/ launcher/contract/ launcher/contract/s3/ launcher/contract/code/ launcher/smoke/ launcher/process/ launcher/this_host/ launcher/remote/
launcher/               launch.hpp               : base/ topology/ mpi/ launcher/contract/ launcher/options/ launcher/process/ launcher/plan/ launcher/this_host/ launcher/checks/ launcher/report/ launcher/channel/ launcher/outcome/ launcher/code/ launcher/status/ launcher/remote/ launcher/agent/ launcher/worker/ launcher/job/ launcher/session/ launcher/doctor/
'
# These include any room: what they test, measure or show. Nobody includes them.
outside='bench/ tests/ examples/'

# Libraries have one home: "header: who may include it". A test may use what the code that it tests may use.
libraries='
CLI/       launcher/options/cli.cpp launcher/options/option_adder
hwloc      topology/
archive    launcher/contract/code/
boost/     launcher/channel/ launcher/process/stop_signals launcher/process/asio_loop launcher/process/orphan_reaper launcher/process/watched_processes launcher/inspect/ launcher/code/ launcher/remote/ launcher/agent/ launcher/worker/ launcher/leader/ bench/channel_bench.cpp bench/simulated_agents.cpp
nlohmann/  *_json.cpp *_json.hpp launcher/channel/ launcher/code/ launcher/outcome/ launcher/plan/ launcher/remote/ tests/ bench/
openssl/   base/crypto_library base/openssl_library launcher/channel/tls_
curl/      launcher/contract/s3/
dlfcn.h    base/openssl_library cuda/ launcher/channel/munge launcher/checks/mpi_check launcher/contract/s3/ launcher/contract/code/
'

root=${1:-$(dirname "${BASH_SOURCE[0]}")/..}
cd "$root"

present=()
for folder in base topology cuda mpi launcher bench tests examples; do
  if [[ -d $folder ]]; then present+=("$folder"); fi
done
if ((${#present[@]} == 0)); then
  echo "layers.sh: no sources in $root" >&2
  exit 1
fi

status=0
find "${present[@]}" -type f \( -name '*.[ch]pp' -o -name '*.[ch]' -o -name '*.cu' \) -print0 | sort -z |
  ROOMS=$rooms OUTSIDE=$outside LIBRARIES=$libraries xargs -0 -r awk '
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
    # The innermost room that a path lies in; "" if it lies in none.
    function room_of(path,    room, found) {
      for (room in place) if (index(path, room) == 1 && length(room) > length(found)) found = room
      return found
    }
    function is_outside(path,    i) {
      for (i = 1; i <= outside_count; i++) if (index(path, outside[i]) == 1) return 1
      return 0
    }

    BEGIN {
      line_count = split(ENVIRON["ROOMS"], lines, "\n")
      for (i = 1; i <= line_count; i++) {
        count = split(lines[i], words, " ")
        if (count == 0) continue
        place[words[1]] = i
        for (j = 4; j <= count; j++) {
          arrow[words[1], words[j]] = 1
          if (!(words[j] in place)) {
            printf "layers.sh: %s stands above %s, and may not include it\n", words[j], words[1]
            breaches++
          }
        }
      }
      outside_count = split(ENVIRON["OUTSIDE"], outside, " ")
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
      ours = room_of(header) != "" || is_outside(header)
      if (!quoted && !ours) next
      if (!ours) {
        breach("\"" header "\" does not start at the project root")
        next
      }
      from = room_of(FILENAME)
      to = room_of(header)
      if (from == "") {
        if (to == "" && index(header, substr(FILENAME, 1, index(FILENAME, "/"))) != 1 && FILENAME !~ /^tests\//)
          breach(FILENAME " may not include \"" header "\"")
      } else if (to == "") {
        breach(from " may not include \"" header "\"")
      } else if (from != to && !((from, to) in arrow)) {
        breach("no arrow from " from " to " to " in the table: \"" header "\"")
      }
    }
    END { exit breaches > 0 }' || status=1

# Every room that is there has its door, and the door its sign.
while read -r room door _; do
  [[ -n $room && -d $room ]] || continue
  if ! grep -qs "^// The room ${room%/}:" "$room$door"; then
    echo "$room$door: the room's door does not say \"// The room ${room%/}: …\""
    status=1
  fi
done <<<"$rooms"

# Our own words have one way out, base/own_words: it does not throw where they cannot be written.
for folder in base topology cuda mpi launcher; do
  [[ -d $folder ]] || continue
  if grep -rnE '\<(fmt::print(ln)?|std::(f?printf|f?puts|cout|cerr)) *[(<]' "$folder" --include='*.[ch]pp' \
    --include='*.cu' | sed 's/^\([^:]*:[0-9]*\):.*/\1: what we print goes through base\/own_words.hpp/'; then
    status=1
  fi
done

if ((status != 0)); then echo "layers.sh: the rules are the tables at its top" >&2; fi
exit "$status"
