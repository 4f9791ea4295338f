# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
#
# For tests of the real program on this machine; sourced first by each *_test.sh:
#
#   container [HOST...]              a fresh folder $base like /opt/ml; the first HOST is the current one (algo-1)
#   hyperparameters JSON             $base/input/config/hyperparameters.json
#   run CMD...                       at most 120 s, for a busy machine; sets $status, $out, $err. What it starts carries $marker
#   start CMD...                     the same in the background: its pid in $started, its streams in $scratch/out
#                                    and $scratch/err; `ended` waits for it and sets what `run` sets
#   left                             the pids that carry $marker and SMLAUNCH_JOB: those of a job
#   tree                             every file below $base, with its content's sum
#   assert_report FILTER EXPECTED    jq on report.json
#   assert_nothing_left [SECONDS]   needs PROGRAM
#
# and what ../support/lib.sh has.
# shellcheck source=tests/support/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/../support/lib.sh"

# shellcheck disable=SC2034
smlaunch=${SMLAUNCH:?the program under test}
# shellcheck disable=SC2034
programs=${SMLAUNCH_PROGRAMS:?the folder of the built tests/programs}
scratch=$(mktemp -d "${TMPDIR:-/tmp}/smlaunch-test.XXXXXX")
base=$scratch/ml
marker=TEST_OF_SMLAUNCH=$$
for name in "${!SMLAUNCH@}" "${!SAGEMAKER_@}" "${!SM_@}" "${!OMPI_@}"; do unset "$name"; done
unset name TRAINING_JOB_NAME RANK LOCAL_RANK WORLD_SIZE MASTER_ADDR MASTER_PORT
# A test of something else than the smoke test does without it.
export SMLAUNCH_SMOKE=off
started=

show_more() {
  [[ ! -e $scratch/err ]] || { echo "stderr of the last run:"; tail -c 2000 "$scratch/err"; }
}
needs() { command -v "$1" >/dev/null || skip "$1 is not installed"; }

# Pids, of lines /proc/PID/environ.
pids_of() {
  local file
  while read -r file; do
    file=${file#/proc/}
    echo "${file%/environ}"
  done
}
carriers() { pids_of < <(grep -lszx "$1" /proc/[0-9]*/environ); }
left() {
  local files
  mapfile -t files < <(grep -lszx "$marker" /proc/[0-9]*/environ)
  ((${#files[@]} == 0)) || pids_of < <(grep -lsz '^SMLAUNCH_JOB=' "${files[@]}")
}

# shellcheck disable=SC2329
finish() {
  local status=$? pid
  trap - EXIT ERR
  set +e
  for pid in $(carriers "$marker"); do kill -KILL "$pid"; done 2>/dev/null
  rm -rf "$scratch"
  exit "$status"
}
trap finish EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP

needs jq

container() {
  local hosts
  (($#)) || set -- algo-1
  hosts=$(printf '"%s",' "$@")
  rm -rf "$base"
  mkdir -p "$base"/{code,model,output/data,input/config,input/data}
  cat >"$base/input/config/resourceconfig.json" <<END
{"current_host": "$1", "hosts": [${hosts%,}], "network_interface_name": "lo", "current_group_name": "group",
 "current_instance_type": "local",
 "instance_groups": [{"instance_group_name": "group", "instance_type": "local", "hosts": [${hosts%,}]}]}
END
  hyperparameters '{}'
  echo '{}' >"$base/input/config/inputdataconfig.json"
}
hyperparameters() { printf '%s' "$1" >"$base/input/config/hyperparameters.json"; }

# shellcheck disable=SC2034
take_streams() { out=$(tr -d '\0' <"$scratch/out") err=$(tr -d '\0' <"$scratch/err"); }
run() {
  status=0
  timeout --kill-after=5 120 env "$marker" SAGEMAKER_BASE_DIR="$base" "$@" \
    </dev/null >"$scratch/out" 2>"$scratch/err" || status=$?
  ((status != 124)) || fail "not over after 60 s: $*"  # it was ended, and what it says then is no answer
  take_streams
}
start() {
  : >"$scratch/out"  # what is there is of an earlier run
  : >"$scratch/err"
  # A shell has its background jobs ignore SIGINT, which smlaunch would respect.
  env "$marker" SAGEMAKER_BASE_DIR="$base" env --default-signal=INT,QUIT "$@" \
    </dev/null >"$scratch/out" 2>"$scratch/err" &
  started=$!
}
ended() {
  eventually "${1:-30}" has_ended "$started"
  status=0
  { wait "$started" || status=$?; } 2>/dev/null
  take_streams
}

printed() { (($(grep -c -- "$2" "$scratch/out") >= $1)); }  # COUNT REGEX

assert_report() { assert_eq "$2" "$(jq -c "$1" "$base/output/data/smlaunch/report.json")"; }
assert_success() {
  assert_eq 0 "$status"
  assert_eq 0 "$(stat -c %s "$base/output/success")"
  [[ ! -e $base/output/failure ]] || fail "there is a failure file"
}
assert_neither_file() {
  [[ ! -e $base/output/success ]] || fail "there is a success file"
  [[ ! -e $base/output/failure ]] || fail "there is a failure file: $(<"$base/output/failure")"
}
nothing_left() { local pids; pids=$(left); [[ -z $pids ]] || { ps -o pid,ppid,stat,args $pids; return 1; }; }
assert_nothing_left() { eventually "${1:-2}" nothing_left; }
tree() { (cd "$base" && find . -type d -print -o -type f -exec sha256sum {} +) | sort; }
