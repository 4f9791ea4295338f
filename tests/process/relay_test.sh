#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# One agent carries the connections of the others on its host: what a job does is the same, whoever of them goes.
source "$(dirname "$0")/lib.sh"

engines=(ddp)
if command -v mpirun >/dev/null; then engines+=(mpi); else echo "mpirun is not installed: without launcher mpi"; fi
export XDG_RUNTIME_DIR=$scratch/run
install -d -m 700 "$XDG_RUNTIME_DIR"
export SMLAUNCH_AGENT_RELAY=on

# The agent of each rank, by its own children: theirs say which rank they are.
agent() { # RANK
  local pid
  for pid in $(carriers "$marker"); do
    grep -qszx "RANK=$1" "/proc/$pid/environ" || continue
    [[ $(readlink "/proc/$pid/exe") != "$smlaunch" ]] || continue
    pid=$(sed 's/.*) //' "/proc/$pid/stat" | cut -d' ' -f2)
    [[ $(readlink "/proc/$pid/exe") == "$(readlink -f "$smlaunch")" ]] || continue
    echo "$pid"
    return
  done 2>/dev/null
  return 1
}
# Its TCP sockets.
connections() { # PID
  local each inode
  for each in /proc/"$1"/fd/*; do
    inode=$(readlink "$each") || continue
    [[ $inode == socket:* ]] || continue
    inode=${inode//[!0-9]/}
    awk -v inode="$inode" '$10 == inode' /proc/net/tcp /proc/net/tcp6
  done
}
has_connections() { (($(connections "$1" | wc -l) == $2)); } # PID COUNT
# The ends, at those who listen, of connections by Unix sockets of this name: leader-..., relay-...
local_connections() { # NAME
  awk -v name="$XDG_RUNTIME_DIR/.*/?$1-" '$6 == "03" && $8 ~ name' /proc/net/unix
}
no_sockets_left() {
  local found
  found=$(find "$XDG_RUNTIME_DIR" -name 'relay-*' 2>/dev/null || :)
  echo "$found"
  [[ -z $found ]]
}
begin() { # OPTION... -- PROGRAM...
  container
  rm -f "$scratch"/{end,told.*}
  start "$smlaunch" --hosts localhost:4 --launcher "$launcher" "$@"
  eventually 30 printed 4 waiting
}
wait_for_end='echo "waiting $RANK"; until [ -e '"$scratch"'/end ]; do sleep 0.05; done'

for launcher in "${engines[@]}"; do
  step "every line comes once, by one connection, launcher $launcher"
  begin -- /bin/sh -c "$wait_for_end; for i in 1 2 3 4 5 6 7 8 9; do echo \"line \$i of \$RANK\"; done"
  assert_eq 1 "$(local_connections leader | wc -l)"
  assert_eq 3 "$(local_connections relay | wc -l)"
  for rank in 0 1 2 3; do has_connections "$(agent "$rank")" 0; done
  no_sockets_left
  touch "$scratch/end"
  ended
  assert_success
  assert_eq "$(for rank in 0 1 2 3; do for i in 1 2 3 4 5 6 7 8 9; do echo "[$rank localhost] line $i of $rank"; done; done)" \
    "$(grep line <<<"$out" | sort)"
  assert_nothing_left

  step "much comes whole and in order, launcher $launcher"
  container
  run "$smlaunch" --hosts localhost:4 --launcher "$launcher" -- /bin/sh -c 'seq 200000'
  assert_success
  for rank in 0 1 2 3; do
    cmp <(seq 200000) <(sed -n "s/^\[$rank localhost\] //p" "$scratch/out") || fail "rank $rank"
  done

  step "a rank that fails is named, launcher $launcher"
  begin -- /bin/sh -c "$wait_for_end; [ \$RANK != 2 ] || exit 3; sleep 1000"
  touch "$scratch/end"
  ended
  assert_eq 3 "$status"
  assert_report '[.class, .first_failure.rank, .first_failure.exit_code, .first_failure.certain]' '["user_code",2,3,true]'
  assert_nothing_left

  step "SIGTERM reaches all, and their grace is theirs, launcher $launcher"
  begin -- /bin/sh -c 'trap "sleep 1; echo saved $RANK; exit 0" TERM; echo waiting; while :; do sleep 0.05; done'
  kill -TERM "$started"
  ended
  assert_eq 143 "$status"
  assert_eq 4 "$(grep -c saved <<<"$out")"
  assert_nothing_left

  step "SIGUSR1 reaches all, and the job goes on, launcher $launcher"
  begin -- /bin/bash -c "trap 'echo checkpoint' USR1; $wait_for_end"
  kill -USR1 "$started"
  eventually 20 printed 4 checkpoint
  touch "$scratch/end"
  ended
  assert_success

  step "the first rank of the host ends first, and the others go on, launcher $launcher"
  begin -- /bin/sh -c "echo waiting; [ \$RANK != 0 ] || exit 0; $wait_for_end; echo \"end of \$RANK\""
  pid=$(agent 1)
  if [[ $launcher == mpi ]]; then
    # mpirun judges a rank that ends before others when its agent leaves: so it does, and the others go by themselves.
    eventually 20 has_connections "$pid" 1
  else
    eventually 20 grep -q '"rank":0,.*"exit_code":0\|"event":"exit".*"rank":0' "$base/output/data/smlaunch/events.jsonl"
    has_connections "$pid" 0
  fi
  touch "$scratch/end"
  ended
  assert_success
  assert_eq 3 "$(grep -c 'end of' <<<"$out")"
  assert_nothing_left

  step "what a rank leaves running has its grace, though the first rank's agent has none to wait for, launcher $launcher"
  begin --leftover-grace 20 -- /bin/bash -c \
    "[ \$RANK != 3 ] || (sleep 3; echo >$scratch/told.3) & $wait_for_end"
  touch "$scratch/end"
  ended
  assert_success
  [[ -e $scratch/told.3 ]] || fail "it was ended before"
  assert_nothing_left

  step "its agent is killed: it is named, not the others, launcher $launcher"
  begin --lost-after 3 -- "$programs/wait_forever"
  kill -KILL "$(agent 0)"
  ended
  assert_eq 76 "$status"
  assert_report '[.class, .first_failure.rank]' '["lost_host",0]'
  assert_nothing_left 15

  for rank in 0 2; do
    step "the agent of rank $rank is stopped: it is named, not the others, launcher $launcher"
    begin --lost-after 3 -- "$programs/wait_forever"
    pid=$(agent "$rank")
    kill -STOP "$pid"
    ended
    assert_eq 76 "$status"
    assert_report '[.class, .first_failure.rank]' "[\"lost_host\",$rank]"
    kill -CONT "$pid" 2>/dev/null || :
    assert_nothing_left 15
  done

  # The ranks are the clock: they say when they have outlived --lost-after by far.
  step "a leader that was stopped for longer than --lost-after keeps its job, launcher $launcher"
  begin --lost-after 3 -- /bin/sh -c "echo waiting; sleep 9; echo >$scratch/told.\$RANK; $wait_for_end"
  kill -STOP "$started"
  all_told() { (($(find "$scratch" -name 'told.*' | wc -l) == 4)); }
  eventually 30 all_told
  kill -CONT "$started"
  eventually 20 printed 8 waiting
  touch "$scratch/end"
  ended
  assert_success
  assert_nothing_left

  step "smlaunch is killed, launcher $launcher"
  begin --lost-after 2 -- "$programs/wait_forever"
  kill -KILL "$started"
  ended
  assert_eq 137 "$status"
  assert_nothing_left 15
done

launcher=ddp
step "without it each has its own connection"
unset SMLAUNCH_AGENT_RELAY
begin -- /bin/sh -c "$wait_for_end"
assert_eq 4 "$(local_connections leader | wc -l)"
assert_eq 0 "$(local_connections relay | wc -l)"
touch "$scratch/end"
ended
assert_success
assert_nothing_left
no_sockets_left
