#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# What a rank leaves running is told to end, has time for that, and is named; --leftover-grace lets it finish.
source "$(dirname "$0")/lib.sh"

needs python3

events() { jq -c "select(.event == \"$1\")" "$base/output/data/smlaunch/events.jsonl"; }
happened() { [[ -n $(events "$1") ]]; }

engines=(process ddp)
if command -v mpirun >/dev/null; then engines+=(mpi); fi
for launcher in "${engines[@]}"; do
  hosts=(--hosts localhost:1 --launcher "$launcher")
  go=$scratch/go
  saved=$scratch/saved

  step "it is told to end and named, and the job has succeeded, launcher $launcher"
  container
  run "$smlaunch" "${hosts[@]}" -- /bin/sh -c 'sleep 600 & echo $! >"$0"' "$scratch/pid"
  assert_success
  pid=$(<"$scratch/pid")
  assert_contains "$err" "smlaunch: rank 0 on localhost has ended and left running: sleep 600 (pid $pid); told to end now"
  assert_eq "[0,\"localhost\",$pid,\"sleep 600\"]" "$(events leftover | jq -c '[.rank, .host, .pid, .command]')"
  assert_report .left_running "[{\"rank\":0,\"pid\":$pid,\"command\":\"sleep 600\"}]"
  assert_nothing_left 0

  step "what ends with the rank is not spoken of, launcher $launcher"
  container
  run "$smlaunch" "${hosts[@]}" -- /bin/sh -c 'sleep 0 & wait'
  assert_success
  [[ $err != *"left running"* ]] || fail "there was nothing left: $err"
  assert_report .left_running '[]'

  step "with --leftover-grace it finishes, and nothing is said, launcher $launcher"
  container
  rm -f "$go" "$saved"
  start "$smlaunch" "${hosts[@]}" --leftover-grace 3000 -- /bin/sh -c \
    '(until [ -e "$0" ]; do sleep 0.05; done; echo whole >"$1") & echo waiting' "$go" "$saved"
  eventually 20 happened exit
  touch "$go"
  ended
  assert_success
  assert_eq whole "$(<"$saved")"
  [[ $err != *"left running"* ]] || fail "it was to finish: $err"

  step "when the job is stopped it has the rest of the grace, though its rank has died of the signal, launcher $launcher"
  container
  rm -f "$go" "$saved"
  cat >"$base/code/train.py" <<'END'
import subprocess, sys
child = subprocess.Popen([sys.executable, "-c", """if True:
    import os, signal, subprocess, sys, time
    worker = subprocess.Popen(["sleep", "600"])
    def save(*_):
        while not os.path.exists(sys.argv[1]):
            time.sleep(0.05)
        worker.kill()
        print("worker ended by", -worker.wait(), file=open(sys.argv[2], "w"), flush=True)
        sys.exit(0)
    signal.signal(signal.SIGTERM, save)
    print("waiting", flush=True)
    while True:
        time.sleep(1)
""", *sys.argv[1:]])
child.wait()
END
  start "$smlaunch" "${hosts[@]}" -- python3 "$base/code/train.py" "$go" "$saved"
  eventually 20 printed 1 waiting
  kill -TERM "$started"
  eventually 20 happened leftover
  touch "$go"
  ended
  assert_eq 143 "$status"
  assert_eq "worker ended by 9" "$(<"$saved")"
  assert_nothing_left 0

  step "what does not end is killed when the grace is over, launcher $launcher"
  container
  run "$smlaunch" "${hosts[@]}" --failure-grace 0.1 -- /bin/sh -c \
    '"$0" >"$1" & until grep -qs waiting "$1"; do sleep 0.05; done' "$programs/ignore_sigterm" "$scratch/ignoring"
  assert_success
  assert_contains "$err" "left running: $programs/ignore_sigterm (pid "
  assert_nothing_left 0
done
