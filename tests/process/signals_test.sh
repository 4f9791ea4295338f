#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# smlaunch is told to stop: the ranks are, nothing of the job stays, nobody else is touched.
source "$(dirname "$0")/lib.sh"

# Somebody else's process, in this test's own process group and with a program of the same name.
env "$marker" "$programs/wait_forever" >"$scratch/bystander" &
bystander=$!
eventually 10 grep -q waiting "$scratch/bystander"

needs python3
state_of() { sed 's/.*) //; s/ .*//' "/proc/$1/stat"; }
# Or it waits in vfork(2), which no signal interrupts, for a child that is stopped.
is_stopped() {
  local state child
  state=$(state_of "$1")
  [[ $state != T ]] || return 0
  [[ $state == D ]] || return 1
  for child in $(pgrep -P "$1"); do
    [[ $(state_of "$child") != T ]] || return 0
  done
  return 1
}
engines=(process ddp)
if command -v mpirun >/dev/null; then engines+=(mpi); else echo "mpirun is not installed: without launcher mpi"; fi

for launcher in "${engines[@]}"; do
  hosts=(--hosts localhost:2 --launcher "$launcher")
  ranks=2
  [[ $launcher != process ]] || { hosts=(); ranks=1; }
  for each in "TERM 143 15" "INT 130 2" "HUP 129 1" "XCPU 152 15"; do
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

  step "SIGTERM is for the program, not for what it has started, launcher $launcher"
  container
  cat >"$base/code/train.py" <<'END'
import signal, subprocess, sys, time
worker = subprocess.Popen(["sleep", "600"])
def stop(*_):
    worker.kill()
    print("worker ended by", -worker.wait(), flush=True)
    sys.exit(0)
signal.signal(signal.SIGTERM, stop)
print("waiting", flush=True)
while True:
    time.sleep(1)
END
  start "$smlaunch" "${hosts[@]}" -- python3 "$base/code/train.py"
  eventually 20 printed "$ranks" waiting
  kill -TERM "$started"
  ended
  assert_eq 143 "$status"
  assert_eq "$ranks" "$(grep -c 'worker ended by 9' <<<"$out")"
  assert_nothing_left

  step "a shell that does not catch it is passed over: what it runs gets it, and it goes on, launcher $launcher"
  container
  cat >"$base/code/train.sh" <<'END'
#!/bin/bash
bash -c 'sh -c "trap \"echo saved; exit 0\" TERM; echo waiting; while :; do sleep 0.05; done"; echo after'
echo and after that
END
  chmod +x "$base/code/train.sh"
  start "$smlaunch" "${hosts[@]}" -- "$base/code/train.sh"
  eventually 20 printed "$ranks" waiting
  kill -TERM "$started"
  ended
  assert_eq 143 "$status"
  for word in saved 'after$' 'and after that'; do assert_eq "$ranks" "$(grep -c "\(^\|] \)$word" <<<"$out")"; done
  assert_report '[.ranks[].exit_code] | unique' '[0]'
  assert_nothing_left

  step "SIGUSR1 reaches the ranks that handle it, ends none, and the job goes on, launcher $launcher"
  container
  cat >"$base/code/train.sh" <<END
#!/bin/bash
trap 'echo checkpoint; touch $scratch/go.\$RANK' USR1
[[ \${RANK:-0} == 0 ]] || trap - USR1
echo waiting
until [[ -e $scratch/go.\$RANK || \${RANK:-0} != 0 ]]; do sleep 0.05; done
until [[ -e $scratch/end ]]; do sleep 0.05; done
END
  chmod +x "$base/code/train.sh"
  rm -f "$scratch"/go.* "$scratch/end"
  start "$smlaunch" "${hosts[@]}" -- "$base/code/train.sh"
  eventually 20 printed "$ranks" waiting
  kill -USR1 "$started"
  eventually 20 printed 1 checkpoint
  touch "$scratch/end"
  ended
  assert_success
  assert_contains "$err" 'SIGUSR1: passed on to every rank that handles it'

  step "Ctrl-Z stops ranks and smlaunch, and continuing lets them go on, launcher $launcher"
  container
  rm -f "$scratch/end"
  start "$smlaunch" "${hosts[@]}" -- /bin/sh -c "echo \$\$ >$scratch/rank.\$\$; echo waiting; until [ -e $scratch/end ]; do sleep 0.05; done"
  eventually 20 printed "$ranks" waiting
  kill -TSTP "$started"
  eventually 20 is_stopped "$started"
  for file in "$scratch"/rank.*; do eventually 20 is_stopped "$(<"$file")"; done
  touch "$scratch/end"
  kill -CONT "$started"
  ended
  assert_success
  rm -f "$scratch"/rank.*

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

ranks_said() { (($(cat "$scratch"/"$1".* 2>/dev/null | wc -l) >= 2)); }
for launcher in "${engines[@]:1}"; do
  # The ranks are the clock: they say when they have outlived --lost-after by far.
  step "a leader that was stopped for longer than --lost-after keeps its job, launcher $launcher"
  container
  rm -f "$scratch"/{lived.*,end}
  start "$smlaunch" --hosts localhost:2 --launcher "$launcher" --lost-after 1 -- /bin/sh -c \
    'echo waiting; sleep 6; echo yes >"$0/lived.$RANK"; until [ -e "$0/end" ]; do sleep 0.05; done' "$scratch"
  eventually 20 printed 2 waiting
  kill -STOP "$started"
  eventually 30 ranks_said lived
  touch "$scratch/end"
  kill -CONT "$started"
  ended
  assert_success
  assert_contains "$err" "smlaunch: smlaunch was stopped for "

  step "but for no longer than --leader-wait, launcher $launcher"
  container
  rm -f "$scratch"/told.*
  start "$smlaunch" --hosts localhost:2 --launcher "$launcher" --lost-after 1 --leader-wait 0 -- /bin/sh -c \
    'trap "echo yes >$0/told.$RANK; exit 0" TERM; echo waiting; while :; do sleep 0.05; done' "$scratch"
  eventually 20 printed 2 waiting
  kill -STOP "$started"
  eventually 30 ranks_said told
  kill -CONT "$started"
  ended
  assert_eq 76 "$status"
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

# catches SIGNAL: smlaunch has a handler for it by now; the shell that becomes smlaunch has handlers of its own
catches() {
  local mask
  [[ /proc/$started/exe -ef $smlaunch ]] || return 1
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
