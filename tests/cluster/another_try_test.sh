#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Three hosts and a spare: a host whose check fails, a hang, a killed host and a bug that comes again; each as the next
# try deserves it.
source "$(dirname "$0")/job.sh"
cluster_up 4
bystanders
mpi 1
begin() { # OPTION...
  local name
  for name in algo-4 algo-3 algo-2 algo-1; do
    start "$name" "$smlaunch" --failure-grace 1 --lost-after 3 --hang-timeout 8 --spare-hosts 1 "$@"
  done
}

step "a host whose check fails is replaced before anything starts, and costs no restart"
program <<'END'
#!/bin/sh
echo "rank $RANK of $WORLD_SIZE on $SM_CURRENT_HOST"
END
host algo-2 touch /run/broken
begin --host-check 'echo looking; [ ! -e /run/broken ] || { echo "the fan is dusty"; exit 1; }'
over 0 success 60 algo-1
over 0 success 5 algo-3 algo-4
over 69 failure 5 algo-2
assert_contains "$(<"$scratch/algo-1.err")" "smlaunch: algo-2: its check (--host-check) failed: the fan is dusty"
assert_contains "$(<"$scratch/algo-1.err")" "smlaunch: algo-4 takes the place of algo-2"
assert_eq '["success",0,"not_ready"]' "$(report '[.outcome, .restarts, .earlier[0].class]')"
checked=$(host algo-1 jq -c 'select(.event == "host_check") | [.host, .result]' /opt/ml/output/data/smlaunch/events.jsonl)
assert_contains "$checked" '["algo-2","failed"]'
assert_contains "$checked" '["algo-4","fit"]'
assert_nothing_left
host algo-2 rm /run/broken

step "without a spare the job goes on with fewer hosts, where that is allowed"
host algo-2 touch /run/broken
for name in algo-4 algo-3 algo-2 algo-1; do
  start "$name" "$smlaunch" --min-hosts 3 --host-check '[ ! -e /run/broken ]'
done
over 0 success 60 algo-1
over 0 success 5 algo-3 algo-4
over 69 failure 5 algo-2
assert_contains "$(<"$scratch/algo-1.err")" "smlaunch: the job goes on without algo-2 (--min-hosts 3)"
assert_eq 3 "$(grep -c 'of 3 on algo-[134]' "$scratch/algo-1.out")"
host algo-2 rm /run/broken

step "a hang, a killed host, and a bug that comes again at its step: the last ends the job after the second time"
program <<'END'
#!/bin/sh
echo "step=$((RESTART_COUNT + 5))" >>"$SMLAUNCH_HEARTBEAT"
case $RESTART_COUNT in
  0) exec sleep 1000 ;;
  1) [ "$RANK" != 1 ] || { sleep 0.5; echo waiting; }; exec sleep 1000 ;;
  *) [ "$RANK" != 1 ] || { echo "step=9" >>"$SMLAUNCH_HEARTBEAT"; printf 'Traceback (most recent call last):\n  File "t.py", line 1, in <module>\nValueError: bad batch\n' >&2
       exit 1; }
     exec sleep 1000 ;;
esac
END
begin --max-restarts 5 --restart-on lost_host,hang,user_code
eventually 60 printed algo-1 1 waiting
"$cluster" kill algo-2
over 1 failure 90 algo-1
over 1 failure 5 algo-3 algo-4
assert_eq '["failure","user_code",["hang","lost_host","user_code"]]' "$(report '[.outcome, .class, [.earlier[].class]]')"
assert_contains "$(<"$scratch/algo-1.err")" "smlaunch: algo-4 takes the place of algo-2"
assert_contains "$(report .message)" "; the try before failed at the same step 9 of the same exception: no other try"
assert_nothing_left algo-1 algo-3 algo-4
