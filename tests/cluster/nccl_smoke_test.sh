#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The all-reduce test on GPUs over four hosts, with the tests' own GPU and NCCL: exactly the guilty is named, by the
# test of all or by the search after it.
source "$(dirname "$0")/job.sh"
fakes=$(dirname "$smlaunch")/../tests/programs/fake_gpu.d
fakes=$(readlink -f "$fakes")
[[ -e $fakes/libnccl.so.2 ]] || skip "the tests' own NCCL is not built"
cluster_up 4
bystanders

smoke() { # FAULT OPTION...
  local fault=$1; shift
  run 120 host algo-1 env -C /tmp LD_LIBRARY_PATH="$fakes" SMLAUNCH_TEST_DOUBLES=1 FAKE_NCCL="$fault" \
    "$smlaunch" smoke --hosts algo-1:2,algo-2:2,algo-3:2,algo-4:2 --smoke nccl --smoke-bytes 1000000 --format json "$@"
}
answer() { jq -c "$1" <<<"$out"; }
guilty() { answer '[.verdict, [.suspects[] | [.subject, .name]]]'; }

step "four healthy hosts: a pass that says what it was"
smoke ''
assert_eq 0 "$status"
assert_eq '["pass","nccl","imitation; NCCL NOT RUN",8,4,0,[]]' \
  "$(answer '[.verdict, .backend, .evidence, .ranks, .hosts, .wrong_elements, .suspects]')"
assert_nothing_left

step "each injected fault is named, and nobody else"
smoke '' --smoke-timeout 5 --inject hang:rank=3
assert_eq '["fail",[["rank","3"]]]' "$(guilty)"
smoke '' --inject corrupt:rank=2
assert_eq '["fail",[["rank","2"]]]' "$(guilty)"
smoke '' --inject double:rank=1
assert_eq '["fail",[["rank","1"]]]' "$(guilty)"
smoke '' --inject missing-library:host=algo-3
assert_eq '["fail",[["host","algo-3"]]]' "$(guilty)"
smoke '' --inject slow:host=algo-2
assert_eq 0 "$status"
assert_eq '["degraded",[["host","algo-2"]]]' "$(guilty)"
assert_nothing_left

step "a host with another NCCL is named before anything is called"
smoke version=22005:host=algo-4
assert_eq 75 "$status"
assert_eq '["fail",[["host","algo-4"]]]' "$(guilty)"
assert_contains "$(answer .reason)" "the libraries differ"

step "a host whose collectives hang is found by pairs"
smoke hang:host=algo-3 --smoke-timeout 5
assert_eq 75 "$status"
assert_eq '["fail",[["host","algo-3"]]]' "$(guilty)"
assert_nothing_left

step "a host that changes what it sends is found by pairs"
smoke corrupt_sent:host=algo-2
assert_eq 75 "$status"
assert_eq '["fail",[["host","algo-2"]]]' "$(guilty)"
assert_nothing_left

step "a host whose programs are killed is named"
programs='^[^ ]*smlaunch nccl-check' # not their agents, and not mpirun
both_wait() { (($(host algo-3 pgrep -c -f "$programs") == 2)); }
start algo-1 env -C /tmp LD_LIBRARY_PATH="$fakes" SMLAUNCH_TEST_DOUBLES=1 FAKE_NCCL=hang \
  "$smlaunch" smoke --hosts algo-1:2,algo-2:2,algo-3:2,algo-4:2 --smoke nccl --smoke-bytes 1000000 --format json
eventually 20 both_wait
host algo-3 pkill -KILL -f "$programs"
ended algo-1 60
assert_eq 75 "$status"
assert_eq '["fail",[["host","algo-3"]]]' "$(guilty)"
assert_nothing_left
