# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
#
# For tests of the real program on this machine; sourced first by each *_test.sh:
#
#   container [HOST...]              a fresh folder $base like /opt/ml; the first HOST is the current one (algo-1)
#   hyperparameters JSON             $base/input/config/hyperparameters.json
#   run CMD...                       at most 60 s; sets $status, $out, $err. What it starts carries $marker
#   start CMD...                     the same in the background: its pid in $started, its streams in $scratch/out
#                                    and $scratch/err; `ended` waits for it and sets what `run` sets
#   left                             the pids that carry $marker and SMLAUNCH_JOB: those of a job
#   tree                             every file below $base, with its content's sum
#   step TEXT   eventually SECONDS CMD...   assert_eq EXPECTED ACTUAL   assert_contains TEXT PART
#   assert_report FILTER EXPECTED    jq on report.json
#   assert_nothing_left [SECONDS]   needs PROGRAM   fail TEXT   skip REASON
#
# A test ends at the first command that fails and is not asked about.
set -eEuo pipefail

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

# A frame of the test file itself, wherever in here it was noticed.
where() {
  local i
  for ((i = 1; i < ${#BASH_SOURCE[@]}; i++)); do
    [[ ${BASH_SOURCE[i]} != "${BASH_SOURCE[0]}" ]] || continue
    echo "${BASH_SOURCE[i]##*/}:${BASH_LINENO[i - 1]}"
    return
  done
}
step() { echo "-- $*"; }
fail() {
  trap - ERR
  echo "FAILED $(where): $*" >&2
  [[ ! -e $scratch/err ]] || { echo "stderr of the last run:"; tail -c 2000 "$scratch/err"; } >&2
  exit 1
}
skip() { echo "SKIPPED: $*"; exit 77; }
needs() { command -v "$1" >/dev/null || skip "$1 is not installed"; }
trap 'fail "status $? from: $BASH_COMMAND"' ERR

carriers() { grep -lszx "$1" /proc/[0-9]*/environ | cut -d/ -f3 || :; }
left() {
  local pid
  for pid in $(carriers "$marker"); do
    ! grep -qsz '^SMLAUNCH_JOB=' "/proc/$pid/environ" || echo "$pid"
  done
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
  timeout --kill-after=5 60 env "$marker" SAGEMAKER_BASE_DIR="$base" "$@" \
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
is_over() { [[ ! -e /proc/$started || $(sed 's/.*) //' "/proc/$started/stat") == Z* ]]; }
ended() {
  eventually "${1:-30}" is_over
  status=0
  { wait "$started" || status=$?; } 2>/dev/null
  take_streams
}

eventually() {
  local seconds=$1 deadline=$((SECONDS + $1)); shift
  until "$@" >"$scratch/eventually" 2>&1; do
    ((SECONDS <= deadline)) || fail "not within $seconds s: $*: $(<"$scratch/eventually")"
    sleep 0.05
  done
}
printed() { (($(grep -c -- "$2" "$scratch/out") >= $1)); }  # COUNT REGEX

assert_eq() { [[ $2 == "$1" ]] || fail $'expected:\n'"$1"$'\ngot:\n'"$2"; }
assert_contains() { [[ $1 == *"$2"* ]] || fail $'expected to contain:\n'"$2"$'\ngot:\n'"$1"; }
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
