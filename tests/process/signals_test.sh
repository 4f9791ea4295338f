#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# smlaunch is told to stop: the ranks are, nothing of the job stays, nobody else is touched.
source "$(dirname "$0")/lib.sh"

# Somebody else's process, in this test's own process group and with a program of the same name.
env "$marker" "$programs/wait_forever" >"$scratch/bystander" &
bystander=$!
eventually 10 grep -q waiting "$scratch/bystander"

engines=(process ddp)
if command -v mpirun >/dev/null; then engines+=(mpi); else echo "mpirun is not installed: without launcher mpi"; fi

for launcher in "${engines[@]}"; do
  hosts=(--hosts localhost:2 --launcher "$launcher")
  ranks=2
  [[ $launcher != process ]] || { hosts=(); ranks=1; }
  for each in "TERM 143 15" "INT 130 2" "HUP 129 1"; do
    read -r signal code number <<<"$each"
    step "SIG$signal, launcher $launcher"
    container
    start "$smlaunch" "${hosts[@]}" -- "$programs/wait_forever"
    eventually 20 printed "$ranks" waiting
    kill -"$signal" "$started"
    ended
    assert_eq "$code" "$status"
    assert_neither_file
    assert_report '[.outcome, .class, .exit_code, .first_failure]' "[\"stopped\",null,$code,null]"
    assert_report '[.ranks[] | [.signal, .cause]] | unique' "[[$number,\"stopped_by_us\"]]"
    assert_nothing_left
  done

  step "ranks that end by themselves when told to, launcher $launcher"
  container
  start "$smlaunch" "${hosts[@]}" -- /bin/sh -c 'trap "echo saved; exit 0" TERM; echo waiting; while :; do sleep 0.05; done'
  eventually 20 printed "$ranks" waiting
  kill -TERM "$started"
  ended
  assert_eq 143 "$status"
  assert_eq "$ranks" "$(grep -c saved <<<"$out")"
  assert_neither_file
  assert_nothing_left

  step "ranks that ignore it are killed after --stop-grace, launcher $launcher"
  container
  start "$smlaunch" "${hosts[@]}" --stop-grace 1 -- "$programs/ignore_sigterm"
  eventually 20 printed "$ranks" waiting
  kill -TERM "$started"
  ended
  assert_eq 143 "$status"
  assert_report '[.ranks[] | [.signal, .cause]] | unique' '[[9,"stopped_by_us"]]'
  assert_neither_file
  assert_nothing_left

  step "a second SIGINT ends it at once, launcher $launcher"
  container
  start "$smlaunch" "${hosts[@]}" --stop-grace 3000 -- "$programs/ignore_sigterm"
  eventually 20 printed "$ranks" waiting
  kill -INT "$started"
  eventually 10 grep -q '^smlaunch: SIGINT: ' "$scratch/err"
  kill -INT "$started"
  ended
  assert_eq 130 "$status"
  assert_report '[.ranks[].signal] | unique' '[9]'
  assert_neither_file
  assert_nothing_left

  step "what has left the rank's process group goes, too, launcher $launcher"
  container
  start "$smlaunch" "${hosts[@]}" -- "$programs/double_fork" "$programs/wait_forever"
  eventually 20 printed "$ranks" waiting
  kill -TERM "$started"
  ended
  assert_eq 143 "$status"
  assert_nothing_left
done

step "a signal that smlaunch was started to ignore is ignored"
container
mkfifo "$scratch/fifo"
: >"$scratch/out"
env "$marker" SAGEMAKER_BASE_DIR="$base" sh -c 'trap "" HUP; exec "$@"' sh "$smlaunch" -- \
  /bin/sh -c "echo waiting; read -r _ <$scratch/fifo" </dev/null >"$scratch/out" 2>"$scratch/err" &
started=$!
eventually 20 printed 1 waiting
kill -HUP "$started"
echo >"$scratch/fifo"
ended
assert_eq 0 "$status"
assert_success

# catches SIGNAL: smlaunch has a handler for it by now
catches() {
  local mask
  mask=$(sed -n 's/^SigCgt:\t//p' "/proc/$started/status")
  ((16#$mask >> ($(kill -l "$1") - 1) & 1))
}

step "waiting for hosts goes on, too, whichever signal smlaunch was started to ignore"
for each in "INT TERM" "TERM HUP" "HUP INT"; do
  read -r ignored heard <<<"$each"
  container
  # A host that never answers: its name is nobody's.
  env "$marker" SAGEMAKER_BASE_DIR="$base" env --default-signal=INT,QUIT env --ignore-signal="$ignored" \
    "$smlaunch" ready --hosts absent.invalid --ready-timeout 2 </dev/null >"$scratch/out" 2>"$scratch/err" &
  started=$!
  eventually 20 catches "$heard"
  kill -"$ignored" "$started"
  ended
  assert_eq 69 "$status"
  # The same signal ends it where it is not ignored.
  start "$smlaunch" ready --hosts absent.invalid --ready-timeout 3000
  eventually 20 catches "$ignored"
  kill -"$ignored" "$started"
  ended
  assert_eq $((128 + $(kill -l "$ignored"))) "$status"
done

step "nobody else was touched"
[[ $(sed 's/.*) //' "/proc/$bystander/stat") == S* ]] || fail "the bystander does not live any more"
