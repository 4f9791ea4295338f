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

step "hosts to leave out come through a pipe too, also where a scheduler names the hosts"
run env SLURM_JOB_ID=1 SLURM_JOB_NODELIST='gn[01-03]' SLURM_JOB_NUM_NODES=3 SLURM_TASKS_PER_NODE='1(x3)' \
  "$smlaunch" --dry-run --format json --launcher ddp --scheduler slurm --exclude-file <(echo gn02) -- true
assert_eq 0 "$status"
assert_eq '["gn01","gn03"]' "$(jq -c '[.hosts[].name]' <<<"$out")"

step "whatever stands in its place, a few short lines say what is wrong"
# FILE WORDS: refused with these words, in at most 21 lines of at most 2,100 bytes.
said_shortly() {
  run "$smlaunch" --dry-run --hostfile "$1" -- true
  assert_eq 78 "$status"
  assert_contains "$err" "$2"
  (($(wc -l <<<"$err") <= 21)) || fail "$(wc -l <<<"$err") lines"
  (($(wc -L <<<"$err") <= 2100)) || fail "a line of $(wc -L <<<"$err") bytes"
}
said_shortly /dev/zero "is a device, not a file"
awk 'BEGIN { for (i = 0; i < 300000; i++) print "algo-1 slots=no" }' >"$scratch/long"
said_shortly "$scratch/long" "has 299980 more problems"
head -c 1000000 /dev/zero | tr '\0' a >"$scratch/name"
said_shortly "$scratch/name" "bytes)..."
head -c 8000000 "$smlaunch" >"$scratch/binary"
said_shortly "$scratch/binary" "more problems"
[[ $err != *[$'\001'-$'\010']* ]] || fail "control characters are shown"
