#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# However a job is ended before its time, nothing of it stays on any host.
source "$(dirname "$0")/job.sh"
cluster_up 3
bystanders
mpi 2

begin() { # OPTION...
  local name
  for name in algo-2 algo-3 algo-1; do start "$name" "$smlaunch" "$@"; done
  eventually 20 printed algo-1 6 waiting
}
program <<'END'
#!/bin/sh
trap 'echo told; exit 0' TERM HUP
echo waiting
while :; do sleep 0.1; done
END

step "SIGTERM to the leader"
begin
kill -TERM "${started[algo-1]}"
over 143 '' 5 "${hosts[@]}"
assert_eq '["stopped",143]' "$(report '[.outcome, .exit_code]')"
assert_nothing_left

for each in "TERM 143" "HUP 129"; do
  read -r signal code <<<"$each"
  step "SIG$signal to a worker"
  begin
  kill -s "$signal" "${started[algo-2]}"
  over "$code" '' 5 "${hosts[@]}"
  assert_contains "$(<"$scratch/algo-1.err")" "algo-2 was told to stop by SIG$signal: passed on to every rank"
  assert_eq 6 "$(grep -c told "$scratch/algo-1.out")"
  assert_nothing_left
done

program <<'END'
#!/bin/sh
trap 'echo checkpoint' USR1
trap 'echo told; exit 0' TERM
echo waiting
while :; do sleep 0.1; done
END
for name in algo-1 algo-2; do
  step "SIGUSR1 to the smlaunch on $name reaches every rank on every host, and the job goes on"
  begin --lost-after 3
  signal "$name" USR1 "^$smlaunch --"
  eventually 20 printed algo-1 6 checkpoint
  assert_contains "$(<"$scratch/algo-1.err")" "SIGUSR1: passed on to every rank that handles it"
  kill -TERM "${started[algo-1]}"
  over 143 '' 5 "${hosts[@]}"
  assert_nothing_left
done

# The ranks are the clock: they say when they have outlived --lost-after by far.
step "a leader that was stopped for longer than --lost-after keeps its job"
program <<'END'
#!/bin/sh
echo waiting
sleep 7
touch "/opt/ml/model/lived.$RANK"
until [ -e /opt/ml/model/end ]; do sleep 0.1; done
END
lived() { host "$1" sh -c '[ "$(ls /opt/ml/model/lived.* | wc -l)" = 2 ]'; }
begin --lost-after 2
signal algo-1 STOP "^$smlaunch --"
for name in "${hosts[@]}"; do eventually 30 lived "$name"; done
for name in "${hosts[@]}"; do host "$name" touch /opt/ml/model/end; done
signal algo-1 CONT "^$smlaunch --"
over 0 success 10 "${hosts[@]}"
assert_contains "$(<"$scratch/algo-1.err")" "smlaunch was stopped for "
assert_nothing_left

step "SIGKILL of the leader"
program <<'END'
#!/bin/sh
trap 'echo told; exit 0' TERM HUP
echo waiting
while :; do sleep 0.1; done
END
begin --lost-after 3
signal algo-1 KILL "^$smlaunch --"
over 76 failure 15 algo-2 algo-3
assert_contains "$err" "algo-1, the leader, was lost"
assert_nothing_left algo-2 algo-3
assert_no_process_left algo-1 '(^| )SMLAUNCH_JOB=|^[^ ]*(smlaunch|mpirun|orted|prted) ' 15
host algo-1 sh -c 'rm -rf /tmp/ompi.*' # nobody was left there to remove it

step "SIGKILL of a worker"
begin --lost-after 3
signal algo-2 KILL "^$smlaunch --"
over 76 failure 15 algo-1 algo-3
assert_contains "$err" "algo-2 was lost: no word from its smlaunch for "
assert_contains "$err" "(the connection was closed)"
assert_nothing_left

# What the ranks are told by SIGTERM, they may not hear.
program <<'END'
#!/bin/sh
trap '' TERM
echo waiting
while :; do sleep 0.1; done
END
kill_engine() { # HOST WHAT REGEX
  step "SIGKILL of $2"
  begin --lost-after 3 --failure-grace 0.2
  signal "$1" KILL "$3"
  over 76 failure 15 "${hosts[@]}"
  assert_contains "$err" "$4"
  assert_eq '["failure","lost_host",76]' "$(report '[.outcome, .class, .exit_code]')"
  assert_nothing_left
}
kill_engine algo-1 "the leader's agents" "^$smlaunch rank" " on algo-1 was lost"
kill_engine algo-2 "a worker's agents" "^$smlaunch rank" " on algo-2 was lost"
kill_engine algo-1 mpirun '^[^ ]*mpirun' "mpirun was killed by signal 9 (SIGKILL)"
kill_engine algo-2 "Open MPI's daemon" '^[^ ]*orted' "algo-2"

step "SIGKILL of the agents where no smlaunch waits, of ranks that have moved away"
program <<'END'
#!/bin/sh
setsid sh -c 'trap "" TERM; while :; do sleep 0.1; done' </dev/null >/dev/null 2>&1 &
trap '' TERM
echo waiting
while :; do sleep 0.1; done
END
start algo-1 "$smlaunch" --lost-after 3 --failure-grace 1
eventually 20 printed algo-1 6 waiting
signal algo-2 KILL "^$smlaunch rank"
over 76 failure 20 algo-1
assert_contains "$err" " on algo-2 was lost"
assert_nothing_left
