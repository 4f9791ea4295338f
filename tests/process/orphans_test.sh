#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# What a rank has left to itself and has ended does not stay in the process table while the rank runs; nor does what
# ends in a container whose first process is smlaunch, whether it leads or waits for the leader.
source "$(dirname "$0")/lib.sh"

# Leaves three helpers to whoever takes them, and ends when none of them is in the process table any more.
cat >"$scratch/daemonise" <<'END'
#!/bin/bash
echo waiting
for i in 1 2 3; do (setsid bash -c 'echo $$ >>"$0"' "$0.pids" &); done
until [[ -e $0.pids && $(wc -l <"$0.pids") == 3 ]]; do sleep 0.05; done
for pid in $(<"$0.pids"); do
  while kill -0 "$pid" 2>/dev/null; do sleep 0.05; done
done
END
chmod +x "$scratch/daemonise"

engines=(process ddp)
if command -v mpirun >/dev/null; then engines+=(mpi); fi
for launcher in "${engines[@]}"; do
  step "helpers that have ended are gone while the rank runs, launcher $launcher"
  container
  rm -f "$scratch/daemonise.pids"
  hosts=(--hosts localhost:1 --launcher "$launcher")
  run "$smlaunch" "${hosts[@]}" -- "$scratch/daemonise"
  assert_success
done

isolated=(unshare --pid --fork --kill-child --mount-proc)
"${isolated[@]}" true 2>/dev/null || skip "the rest needs a process namespace of its own"
inside() { # CMD...: in the namespace of what `isolated` has started
  local first
  first=$(pgrep -P "$(pgrep -P "$started" -x unshare || echo "$started")" | head -1)
  nsenter --target "$first" --pid --mount "$@"
}

step "a leader that is a container's first process takes what ends there"
container
start "${isolated[@]}" "$smlaunch" -- "$programs/wait_forever"
eventually 20 printed 1 waiting
rm -f "$scratch/daemonise.pids"
inside timeout 60 "$scratch/daemonise"
kill -TERM "$(pgrep -P "$started" | head -1)"
ended

[[ -x /usr/sbin/sshd ]] || skip "sshd is not installed: a worker could not wait"
step "so does a worker that waits for its leader"
container algo-2 algo-1
sed -i 's/"algo-2","algo-1"/"algo-1","algo-2"/' "$base/input/config/resourceconfig.json"
hyperparameters '{"sagemaker_mpi_enabled": true, "sagemaker_program": "train.py"}'
: >"$base/code/train.py"
start "${isolated[@]}" "$smlaunch"
eventually 20 grep -q 'algo-2 waits for algo-1 to lead' "$scratch/err"
rm -f "$scratch/daemonise.pids"
inside timeout 60 "$scratch/daemonise"
kill -TERM "$(pgrep -P "$started" | head -1)"
ended
