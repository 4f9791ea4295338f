#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# A hostfile is read once, so it may be a pipe or stdin.
source "$(dirname "$0")/lib.sh"
needs mpirun
container

counted() { # what a dry run counts
  assert_eq 0 "$status"
  assert_eq '["mpi",["localhost"],2,"option --hostfile"]' \
    "$(jq -c '[.launcher, [.hosts[].name], .world_size, .sources.hosts]' <<<"$out")"
}
ran() { # two ranks, each with its line
  assert_eq 0 "$status"
  assert_eq $'[0 localhost] 0 of 2\n[1 localhost] 1 of 2' "$(sort <<<"$out")"
}
hosts() { printf 'localhost slots=2\n'; }
# shellcheck disable=SC2016
from_stdin() { run bash -c 'printf "%s\n" "$1" | "${@:2}"' from_stdin "$@"; } # TEXT CMD...
# shellcheck disable=SC2016
ranks=(-- sh -c 'echo "$RANK of $WORLD_SIZE"')

step "a process substitution"
run "$smlaunch" --dry-run --format json --hostfile <(hosts) -- true
counted
run "$smlaunch" --hostfile <(hosts) "${ranks[@]}"
ran

for name in - /dev/stdin; do
  step "$name"
  from_stdin "$(hosts)" "$smlaunch" --dry-run --format json --hostfile "$name" -- true
  counted
  from_stdin "$(hosts)" "$smlaunch" --hostfile "$name" "${ranks[@]}"
  ran
done

step "what is wrong with it is said, not dropped"
from_stdin 'localhost slots=no' "$smlaunch" --dry-run --hostfile - -- true
assert_eq 78 "$status"
assert_contains "$err" "stdin:1: 'no' is no number of slots from 1 to 65536"
run "$smlaunch" --dry-run --hostfile <(:) -- true
assert_eq 78 "$status"
assert_contains "$err" "no hosts are listed"
