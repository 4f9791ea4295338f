#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Two ranks that fail on different hosts, a few milliseconds apart: never the wrong one is named as certain.
source "$(dirname "$0")/job.sh"
cluster_up 3
bystanders
mpi 1

# Both wait for the same moment of the machine's clock, which the hosts share; the second for DELAY more. Both
# write how late they were, for a machine that has too much to do says nothing of the order in which they end.
program <<'END'
#!/usr/bin/python3
import os, sys, time
rank = int(os.environ["RANK"])
if rank == 0:
    time.sleep(600)
first, second = [int(r) for r in os.environ["SM_HP_ORDER"].split("-")]
delay = float(os.environ["SM_HP_DELAY"])
moment = float(os.environ["SM_HP_AT"])
target = moment + (delay if rank == second else 0.0)
time.sleep(max(0, target - 0.02 - time.time()))
try:
    os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(50))
except PermissionError:
    pass
while time.time() < target:
    pass
os.write(os.open(f"/tmp/late.{rank}", os.O_CREAT | os.O_TRUNC | os.O_WRONLY), b"%.6f" % (time.time() - target))
os._exit(10 + rank)
END
order() { # FIRST-SECOND DELAY
  local at
  at=$(awk -v now="$EPOCHREALTIME" 'BEGIN {printf "%.3f", now + 2}')
  mpi 1 "\"order\": \"$1\"" "\"delay\": $2" "\"at\": $at"
  for name in algo-3 algo-2 algo-1; do start "$name" "$smlaunch" -q --failure-grace 1; done
  ended algo-1 40
  first=$(report '.first_failure.rank') certain=$(report '.first_failure.certain')
  for name in algo-2 algo-3; do ended "$name" 5; done
}

on_time() { # FIRST DELAY: the first was not so late that it came second
  local late
  late=$(host "algo-$(($1 + 1))" cat "/tmp/late.$1")
  echo "rank $1 was $late s late"
  awk -v late="$late" -v delay="$2" 'BEGIN {exit !(late < delay / 2)}'
}

for delay in 0.002 0.02 0.2; do
  step "$delay s apart"
  right=0 tied=0
  for i in 1 2 3 4 5 6; do
    if ((i % 2)); then expected=1 pair=1-2; else expected=2 pair=2-1; fi
    for try in 1 2 3 4 5; do
      order "$pair" "$delay"
      ! on_time "$expected" "$delay" >"$scratch/late" || break
      [[ $try != 5 ]] || fail "this machine cannot end two ranks in an order: $(<"$scratch/late")"
    done
    if [[ $certain == false ]]; then
      tied=$((tied + 1))
      assert_eq "[$((3 - first))]" "$(report '.first_failure.tied_with')"
    else
      assert_eq "$expected" "$first"
      right=$((right + 1))
    fi
  done
  echo "named right: $right, tied: $tied"
  [[ $delay != 0.2 ]] || ((right >= 4)) || fail "0.2 s should be told apart as a rule"
done
assert_nothing_left
