#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# What can happen to a job on three hosts, a line for each fault: its class, who is named, and what is left of it on
# the hosts that can be asked. How long each took is printed beside it; a lost host or agent takes seconds to be told
# from a slow one.
source "$(dirname "$0")/job.sh"
cluster_up 3
bystanders
mpi 1
program <<'END'
#!/bin/sh
echo waiting
exec sleep 1000
END

table=$scratch/table
printf '%-34s %8s  %-10s %-5s %s\n' fault seconds class left named >"$table"
struck=0

begin() {
  local name
  for name in algo-2 algo-3 algo-1; do start "$name" "$smlaunch"; done
  eventually 30 printed algo-1 3 waiting
}
strike() {
  struck=$EPOCHREALTIME
  "$@"
}
# FAULT CLASS CODE WORDS HOST...: the smlaunch of each HOST ends with CODE and says the words; the first one's are told.
told() {
  local fault=$1 class=$2 code=$3 words=$4 name seconds count=0 said=
  shift 4
  for name; do
    ended "$name" 60
    assert_eq "$fault: $name: $code" "$fault: $name: $status"
    assert_contains "$err" "$words"
    [[ -n $said ]] || said=$(tail -n 1 <<<"$err")
  done
  seconds=$(awk -v from="$struck" -v to="$EPOCHREALTIME" 'BEGIN { printf "%.1f", to - from }')
  for name; do
    count=$((count + $(processes "$name" '(^| )SMLAUNCH_JOB=|^[^ ]*(smlaunch|orted|prted) ' | wc -l)))
  done
  [[ $1 != algo-1 ]] || assert_eq "$class" "$(report .class | tr -d '"')"
  printf '%-34s %8s  %-10s %-5s %s\n' "$fault" "$seconds" "$class" "$count" "${said#smlaunch: }" | tee -a "$table"
  assert_nothing_left "$@"
}
all=(algo-1 algo-2 algo-3)

step "what a rank does"
begin
strike signal algo-3 KILL '^sleep 1000'
told "a rank is killed" user_code 137 "rank 2 on algo-3 was killed by signal 9" "${all[@]}"

step "what happens to the processes beside it"
begin
strike signal algo-3 KILL '^[^ ]*smlaunch rank --'
told "an agent is killed" lost_host 76 "rank 2 on algo-3 was lost" "${all[@]}"
begin
strike signal algo-2 KILL "^$smlaunch$"
wait "${started[algo-2]}" || :
told "a host's smlaunch is killed" lost_host 76 "algo-2 was lost" algo-1 algo-3
begin
strike signal algo-1 KILL '^[^ ]*mpirun '
told "mpirun is killed" lost_host 76 "mpirun was killed by signal 9" "${all[@]}"
begin
strike signal algo-3 KILL '^[^ ]*orted '
told "mpirun's daemon on a host is killed" lost_host 76 "mpirun's daemon on algo-3" "${all[@]}"

step "the same where no smlaunch waits on the other hosts"
start algo-1 "$smlaunch" --hosts algo-1:1,algo-2:1,algo-3:1 --launcher mpi -- /opt/ml/code/train.sh
eventually 30 printed algo-1 3 waiting
strike signal algo-2 KILL '^[^ ]*orted '
told "the same, and nobody waits there" lost_host 76 "mpirun's daemon on algo-2" algo-1
assert_nothing_left

no_private_files() {
  local found
  found=$(host "$1" sh -c 'ls -A /tmp/smlaunch-0 2>/dev/null || :')
  echo "$found"
  [[ -z $found ]]
}
start algo-1 "$smlaunch" --hosts algo-1:1,algo-2:1,algo-3:1 --launcher mpi -- /opt/ml/code/train.sh
eventually 30 printed algo-1 3 waiting
signal algo-1 KILL "^$smlaunch --hosts"
ended algo-1 60
assert_eq 137 "$status"
assert_nothing_left "${hosts[@]}"
for name in algo-2 algo-3; do eventually 15 no_private_files "$name"; done

# A stopped mpirun does not hear that the leader is gone, and the agent beside it cannot remove its files.
start algo-1 "$smlaunch" --hosts algo-1:1,algo-2:1,algo-3:1 --launcher mpi -- /opt/ml/code/train.sh
eventually 30 printed algo-1 3 waiting
signal algo-1 STOP '^[^ ]*mpirun '
signal algo-1 KILL '^[^ ]*smlaunch rank --'
signal algo-1 KILL "^$smlaunch --hosts"
ended algo-1 60
assert_nothing_left "${hosts[@]}"

# mpirun waits for a daemon that does not answer.
start algo-1 "$smlaunch" --hosts algo-1:1,algo-2:1,algo-3:1 --launcher mpi -- /opt/ml/code/train.sh
eventually 30 printed algo-1 3 waiting
"$cluster" freeze algo-3
signal algo-1 KILL "^$smlaunch --hosts"
ended algo-1 60
assert_nothing_left algo-1 algo-2
"$cluster" thaw algo-3
assert_nothing_left "${hosts[@]}"

# mpirun tells the other agents to end, and kills them a second later: they cannot wait for the leader's word.
start algo-1 "$smlaunch" --hosts algo-1:1,algo-2:1,algo-3:1 --launcher mpi -- /opt/ml/code/train.sh
eventually 30 printed algo-1 3 waiting
! no_private_files algo-2 >/dev/null || fail "there is neither a token nor a private file to be left"
signal algo-1 STOP "^$smlaunch --hosts"
strike signal algo-3 KILL '^[^ ]*smlaunch rank --'
assert_no_process_left algo-2 '^[^ ]*smlaunch rank --' 15
found=$(no_private_files algo-2) || fail "left: $found"
signal algo-1 CONT "^$smlaunch --hosts"
told "an agent, and the leader is stopped" lost_host 76 "rank 2 on algo-3 was lost" algo-1
assert_nothing_left

step "what happens to a host"
begin
strike "$cluster" kill algo-3
told "a host is killed" lost_host 76 "algo-3 was lost" algo-1 algo-2
restart algo-3
begin
strike "$cluster" power algo-3
told "a host loses its power" lost_host 76 "algo-3 was lost" algo-1 algo-2
restart algo-3
begin
strike "$cluster" cut algo-3
told "a host's link is cut" lost_host 76 "algo-3 was lost" algo-1 algo-2
"$cluster" mend algo-3
over 76 failure 30 algo-3
begin
strike "$cluster" freeze algo-3
told "a host freezes" lost_host 76 "algo-3 was lost" algo-1 algo-2
"$cluster" thaw algo-3
over 76 failure 30 algo-3
begin
strike "$cluster" cut algo-1
told "the leader's link is cut" lost_host 76 "no other host answers algo-1" algo-1
"$cluster" mend algo-1
over 76 failure 60 algo-2 algo-3
assert_nothing_left

step "the same during the all-reduce test"
# A check program that hangs keeps the test open for the fault.
smoke() {
  local name
  for name in algo-2 algo-3 algo-1; do
    start "$name" env SMLAUNCH_SMOKE=cpu "$smlaunch" --inject hang:rank=1 --smoke-timeout 60 -v
  done
  eventually 30 smoke_runs
}
smoke_runs() { host algo-3 pgrep -f '^[^ ]*smlaunch mpi-check' >/dev/null; }
smoke
strike "$cluster" kill algo-3
told "a host is killed during the test" lost_host 76 "algo-3 was lost" algo-1 algo-2
[[ $(host algo-1 sh -c 'cat /opt/ml/output/data/smlaunch/hosts.bad 2>/dev/null || :') != *algo-[12]* ]] ||
  fail "a sound host is in hosts.bad"

step "all of them"
cat "$table"
