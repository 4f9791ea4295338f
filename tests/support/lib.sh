# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
#
# What all test scripts share; sourced by the lib.sh of process tests and of cluster tests, which make the folder $scratch:
#
#   step TEXT                        what follows; printed
#   eventually SECONDS CMD...        try CMD until it succeeds, else fail
#   nap SECONDS                      sleep, without a process
#   has_ended PID                    this child is gone, or only waits to be reaped
#   assert_eq EXPECTED ACTUAL   assert_contains TEXT PART
#   fail TEXT   skip REASON          `fail` calls show_more, which says what helps to see why
#
# A test ends at the first command that fails and is not asked about. Polling starts no process but those that CMD starts:
# many tests poll beside each other.
set -eEuo pipefail

# A frame of the test file itself, wherever in here it was noticed.
where() {
  local i
  for ((i = 1; i < ${#BASH_SOURCE[@]}; i++)); do
    [[ ${BASH_SOURCE[i]} != */lib.sh ]] || continue
    echo "${BASH_SOURCE[i]##*/}:${BASH_LINENO[i - 1]}"
    return
  done
}
step() { echo "-- $*"; }
show_more() { :; }
fail() {
  trap - ERR
  echo "FAILED $(where): $*" >&2
  show_more >&2
  exit 1
}
skip() { echo "SKIPPED: $*"; exit 77; }
trap 'fail "status $? from: $BASH_COMMAND"' ERR

# shellcheck disable=SC2154
nap() {
  [[ -p $scratch/never ]] || mkfifo "$scratch/never"
  read -rt "$1" <>"$scratch/never" || :
}
# The pauses grow with the wait, up to 0.2 s.
eventually() {
  local seconds=$1 deadline=$((SECONDS + $1)) began=${EPOCHREALTIME//[!0-9]/} pause; shift
  until "$@" >"$scratch/eventually" 2>&1; do
    ((SECONDS <= deadline)) || fail "not within $seconds s: $*: $(<"$scratch/eventually")"
    pause=$(((${EPOCHREALTIME//[!0-9]/} - began) / 10))
    ((pause = pause < 20000 ? 20000 : pause > 200000 ? 200000 : pause))
    printf -v pause '0.%06d' "$pause"
    nap "$pause"
  done
}
has_ended() {
  local stat
  { read -r stat <"/proc/$1/stat"; } 2>/dev/null || return 0
  [[ ${stat##*) } == Z* ]]
}

assert_eq() { [[ $2 == "$1" ]] || fail $'expected:\n'"$1"$'\ngot:\n'"$2"; }
assert_contains() { [[ $1 == *"$2"* ]] || fail $'expected to contain:\n'"$2"$'\ngot:\n'"$1"; }
