#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# What the devices of a host say while a job runs: an event with its time, and a part of the sentence where it came
# before the failure. The GPUs are the tests' own imitation of NVML.
source "$(dirname "$0")/lib.sh"

fakes=$programs/fake_gpu.d
[[ -e $fakes/libnvidia-ml.so.1 ]] || skip "the tests' own NVML is not built"
events=$base/output/data/smlaunch/events.jsonl
export XIDS=$scratch/xids EVENTS=$events

job() { # SCRIPT
  container
  : >"$XIDS"
  run LD_LIBRARY_PATH="$fakes" FAKE_GPUS=8 FAKE_GPU_XIDS="$XIDS" "$smlaunch" --hosts localhost:2 --launcher ddp \
    -- /bin/sh -c "$1"
}
devices() { jq -c "select(.event == \"device\") | $1" "$events"; }

step "an XID before a failure is an event, a line at once, and part of the sentence"
# The first look, which all others are compared with, is over when an XID of it is told.
job 'await() { until grep -q "$1" "$EVENTS"; do sleep 0.1; done; }
  [ "$RANK" = 1 ] || exec sleep 600
  echo "1 79" >>"$XIDS"
  await "XID 79"
  exit 3'
assert_eq 3 "$status"
sentence=$(tail -n 1 <<<"$err")
[[ $sentence =~ ^"smlaunch: rank 1 on localhost exited with code 3 "[0-9.]+" s after the start, before any other; "[0-9.]+" s before, GPU 1 of localhost reported XID 79 (the GPU has fallen off the bus)"$ ]] || fail "$sentence"
assert_contains "$err" "smlaunch: localhost: GPU 1 reported XID 79 (the GPU has fallen off the bus)"
assert_eq '["localhost","gpu_xid","GPU 1","GPU 1 reported XID 79 (the GPU has fallen off the bus)"]' \
  "$(devices '[.host, .kind, .device, .text]' | grep gpu_xid)"
assert_report '[.devices[] | select(.kind == "gpu_xid") | .host, .text, .t > 0]' \
  '["localhost","GPU 1 reported XID 79 (the GPU has fallen off the bus)",true]'
assert_report '.first_failure.evidence | length > 0' true
assert_contains "$(<"$base/output/failure")" "reported XID 79"
assert_nothing_left

step "what a process's own end leaves on a GPU is an event and no reason"
job 'until grep -q "XID 45" "$EVENTS"; do [ "$RANK" = 0 ] && [ ! -s "$XIDS" ] && echo "0 45" >>"$XIDS"; sleep 0.1; done
  exit 4'
assert_eq 4 "$status"
[[ $(tail -n 1 <<<"$err") != *XID* ]] || fail "$err"
assert_eq 1 "$(devices .text | grep -c 'XID 45')"

step "a job whose devices are quiet says nothing of them"
job 'exit 5'
assert_eq 5 "$status"
assert_eq '' "$(devices . | grep gpu_ || :)"
