# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
#
# For tests that take a host away from a job of three, which is up when this has been sourced:
#
#   deaf_program             the job's program: it prints "waiting", and ignores SIGTERM (there at first)
#   begin OPTION...          smlaunch on every host, until every rank waits
#   noticed HOST SECONDS     the others end with 76, and say that it was lost
# shellcheck disable=SC2154
source "$(dirname "${BASH_SOURCE[0]}")/job.sh"

deaf_program() {
  program <<'END'
#!/bin/sh
trap '' TERM
echo waiting
while :; do sleep 0.1; done
END
}
begin() {
  local name
  for name in algo-2 algo-3 algo-1; do start "$name" "$smlaunch" --failure-grace 0.2 "$@"; done
  eventually 20 printed algo-1 3 waiting
}
noticed() {
  local name
  for name in "${hosts[@]}"; do
    [[ $name != "$1" ]] || continue
    ended "$name" "$2"
    assert_eq "$name: 76 failure" "$name: $status $(output "$name")"
    assert_contains "$err" "$1 was lost"
  done
}

cluster_up 3
bystanders
mpi 1
deaf_program
