# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
#
# For tests of the real program on several hosts; sourced first by such a *_test.sh, instead of lib.sh, which
# it sources:
#
#   program                          what each rank executes, from stdin: /opt/ml/code/train.sh on every host
#   mpi RANKS [JSON MEMBER...]       hyperparameters for so many ranks a host under launcher mpi
#   start HOST CMD...                CMD on HOST (or fabric) in the background; its streams: $scratch/HOST.out, .err
#   ended HOST SECONDS               waits for it: $status, $out, $err
#   over STATUS FILE SECONDS HOST... every smlaunch there ends with STATUS, and FILE is what `output` finds
#   printed HOST COUNT TEXT          has it printed so many lines with TEXT by now?   for `eventually`
#   signal HOST SIGNAL REGEX         to all processes there whose command line matches; there must be one
#   output HOST                      the result files in /opt/ml/output: `success`, `failure` or nothing
#   report FILTER                    jq on algo-1's report.json
#   bystanders                       one process on every host that belongs to no job; they are to survive
#   restart HOST                     a killed host as it was before, with program, parameters and bystander
#   assert_nothing_left [HOST...]    no process of a job, no login and no folder of Open MPI's within 15 s on these hosts
#                                    (all), the bystanders there, and on the first no ssh and no mpirun
# shellcheck disable=SC2154,SC2034,SC2119,SC2120
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

smlaunch=${SMLAUNCH:?the program under test}
# A test of something else than the smoke test does without it.
export SMLAUNCH_CLUSTER_ENV=SMLAUNCH_SMOKE=off
for tool in jq mpirun; do command -v "$tool" >/dev/null || skip "$tool is not installed"; done
declare -A started=()

program() {
  local name
  install -m 755 /dev/stdin "$scratch/train.sh"
  for name in "${hosts[@]}"; do "$cluster" put "$name" "$scratch/train.sh" /opt/ml/code/train.sh; done
}
mpi() {
  local ranks=$1; shift
  configure hyperparameters "{\"sagemaker_program\": \"train.sh\", \"sagemaker_mpi_enabled\": true,
    \"sagemaker_mpi_num_of_processes_per_host\": $ranks $(printf ', %s' "$@" | sed 's/^, $//')}"
}

start() {
  local name=$1; shift
  # Here and not in the background: what an earlier one printed must not be found.
  : >"$scratch/$name.out"
  : >"$scratch/$name.err"
  "$cluster" exec "$name" "$@" </dev/null >"$scratch/$name.out" 2>"$scratch/$name.err" &
  started[$name]=$!
}
# shellcheck disable=SC2034
ended() {
  local pid=${started[$1]}
  if ! (eventually "$2" has_ended "$pid") 2>/dev/null; then
    fail "$1: not over after $2 s; stderr: $(<"$scratch/$1.err")"
  fi
  status=0
  { wait "$pid" || status=$?; } 2>/dev/null
  out=$(<"$scratch/$1.out") err=$(<"$scratch/$1.err")
}
printed() {
  local counts
  mapfile -t counts < <(grep -hcF -- "$3" "$scratch/$1".{out,err})
  ((counts[0] + counts[1] >= $2))
}
signal() { host "$1" pkill -"$2" -f "$3"; }
output() { host "$1" sh -c 'cd /opt/ml/output && find . -type f -printf "%f\n" | grep -x "success\|failure" || :'; }
report() { host algo-1 jq -c "$1" /opt/ml/output/data/smlaunch/report.json; }

over() { # STATUS RESULT-FILE SECONDS HOST...
  local expected=$1 file=$2 seconds=$3 name; shift 3
  for name; do
    ended "$name" "$seconds"
    [[ "$status $(output "$name")" == "$expected $file" ]] ||
      fail "$name: expected $expected $file, got $status $(output "$name"); stderr: $err"
  done
}

bystander() { host "$1" sh -c 'setsid sleep 86399 </dev/null >/dev/null 2>&1 &'; }
bystanders() { local name; for name in "${hosts[@]}"; do bystander "$name"; done; }
restart() {
  local file
  "$cluster" start "$1"
  "$cluster" put "$1" "$scratch/train.sh" /opt/ml/code/train.sh
  file=/opt/ml/input/config/hyperparameters.json
  host "${hosts[0]}" cat "$file" | host "$1" tee "$file" >/dev/null
  bystander "$1"
}
# What is left on HOST of jobs: processes whose command line or environment matches REGEX, folders; or a bystander is not.
# shellcheck disable=SC2016
nothing_of_jobs() { # HOST REGEX
  local found
  found=$(host "$1" bash -c '
    shopt -s nullglob
    bystanders=0
    for folder in /proc/[0-9]*; do
      [[ $folder != "/proc/$$" ]] || continue
      mapfile -d "" -t words <"$folder/cmdline" && mapfile -d "" -t variables <"$folder/environ" || continue
      [[ ! "${words[*]} ${variables[*]}" =~ $1 ]] || echo "${folder#/proc/} ${words[*]}"
      [[ "${words[*]}" != "sleep 86399"* ]] || ((++bystanders))
    done 2>/dev/null
    for folder in /tmp/{ompi.*,prterun.*,smlaunch-ssh-*}{,/*,/*/*}; do echo "$folder"; done
    ((bystanders == 1)) || echo "$bystanders bystanders"' bash "$2")
  echo "$found"
  [[ -z $found ]]
}
assert_nothing_left() {
  local name names=("$@") ours='(^| )SMLAUNCH_JOB=|^[^ ]*(smlaunch|orted|prted) ' logins='|^sshd: [a-z]+(@| \[)'
  (($#)) || names=("${hosts[@]}")
  # Where one end of a login is cut off, the other end's sshd cannot know that it is over.
  [[ $("$cluster" status) != *"cut off"* ]] || logins=
  for name in "${names[@]}"; do eventually 20 nothing_of_jobs "$name" "$ours$logins"; done
  assert_no_process_left "${names[0]}" '^[^ ]*(mpirun|ssh|ssh:) ' 5
}
