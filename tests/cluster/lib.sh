# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
#
# For tests on several hosts; sourced first by each *_test.sh:
#
#   cluster_up N [--no-sshd]             once per file; then ${hosts[@]} are there. Skips (77) where it cannot
#   host HOST CMD...   fabric CMD...     run CMD there, or on the machine beside the hosts
#   configure NAME JSON                  input/config/NAME.json on every host
#   within SECONDS CMD...                at most so long, else 124: `host ...`, `fabric ...` or a program
#   run SECONDS CMD...                   the same, any status: $status, $out, $err
#   assert_no_process_left HOST REGEX [SECONDS]
#
# and what ../support/lib.sh has. The cluster ends with the test, also when the test is killed.
# shellcheck source=tests/support/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/../support/lib.sh"

cluster=$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/cluster
scratch=
hosts=()

finish() {
  local status=$? name
  trap - EXIT ERR
  set +e
  if ((status != 0 && status != 77)); then
    "$cluster" status >&2
    for name in "${hosts[@]}"; do echo "$name:"; timeout 5 "$cluster" ps "$name"; done >&2
  fi
  "$cluster" down || status=1
  rm -rf "$scratch"
  exit "$status"
}

cluster_up() {
  local reason status=0 i
  scratch=$(mktemp -d "${TMPDIR:-/tmp}/smlaunch-test.XXXXXX")
  export SMLAUNCH_CLUSTER_DIR=$scratch/cluster
  export SMLAUNCH_CLUSTER_BIND=${SMLAUNCH_BUILD_DIR:-}${SMLAUNCH_CLUSTER_BIND:+:$SMLAUNCH_CLUSTER_BIND}
  trap finish EXIT
  trap 'exit 130' INT
  trap 'exit 143' TERM HUP
  reason=$("$cluster" up "$@" --with $$ 2>&1) || status=$?
  ((status != 77)) || skip "${reason#cluster: }"
  ((status == 0)) || fail "$reason"
  for ((i = 1; i <= $1; i++)); do hosts+=("algo-$i"); done
}

host() { "$cluster" exec "$@"; }
fabric() { "$cluster" fabric "$@"; }

configure() {
  local name
  for name in "${hosts[@]}"; do host "$name" tee "/opt/ml/input/config/$1.json" <<<"$2" >/dev/null; done
}

within() {
  local seconds=$1; shift
  case $1 in
    host) shift; set -- "$cluster" exec "$@" ;;
    fabric) shift; set -- "$cluster" fabric "$@" ;;
    *) ! declare -F "$1" >/dev/null || fail "within cannot bound the function $1" ;;
  esac
  timeout --kill-after=5 "$seconds" "$@"
}

# shellcheck disable=SC2034
run() {
  status=0
  within "$@" >"$scratch/out" 2>"$scratch/err" || status=$?
  out=$(<"$scratch/out") err=$(<"$scratch/err")
}

# Processes of HOST whose command line or environment matches REGEX. Forks nothing: it would find itself.
# shellcheck disable=SC2016
processes() {
  host "$1" bash -c '
    for folder in /proc/[0-9]*; do
      [[ $folder != "/proc/$$" ]] || continue
      mapfile -d "" -t words <"$folder/cmdline" && mapfile -d "" -t variables <"$folder/environ" || continue
      [[ ! "${words[*]} ${variables[*]}" =~ $1 ]] || echo "${folder#/proc/} ${words[*]}"
    done 2>/dev/null' bash "$2"
}
no_processes() { local found; found=$(processes "$1" "$2"); echo "$found"; [[ -z $found ]]; }
assert_no_process_left() { eventually "${3:-2}" no_processes "$1" "$2"; }
