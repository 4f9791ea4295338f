#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Two ranks that fail on different hosts, a few milliseconds apart: never the wrong one is named as certain.
source "$(dirname "$0")/job.sh"
cluster_up 3
bystanders
mpi 1

# Each waits for a moment of the machine's clock, which the hosts share. Both write how late they were, for a machine that
# has too much to do says nothing of the order in which they end.
program <<'END'
#!/usr/bin/python3
import os, time
rank = int(os.environ["RANK"])
if rank == 0:
    time.sleep(600)
print("ready", flush=True)
while not os.path.exists("/tmp/moment"):
    time.sleep(0.005)
moment = float(open("/tmp/moment").read())
os.unlink("/tmp/moment")
try:
    os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(50))
except PermissionError:
    pass
# Neither takes a processor from the other while that ends.
time.sleep(max(0, moment - 0.001 - time.time()))
while time.time() < moment:
    pass
os.write(os.open(f"/tmp/late.{rank}", os.O_CREAT | os.O_TRUNC | os.O_WRONLY), b"%.6f" % (time.time() - moment))
os._exit(10 + rank)
END
tell_moment() { # RANK MOMENT
  host "algo-$(($1 + 1))" sh -c 'cat >/tmp/moment.new && mv /tmp/moment.new /tmp/moment' <<<"$2"
}
order() { # FIRST DELAY: the other one comes so much later
  local moments pids=()
  for name in algo-3 algo-2 algo-1; do start "$name" "$smlaunch" -q --failure-grace 1; done
  eventually 20 printed algo-1 2 ready
  read -ra moments < <(awk -v now="$EPOCHREALTIME" -v delay="$2" 'BEGIN {printf "%.4f %.4f\n", now + 0.3, now + 0.3 + delay}')
  tell_moment "$1" "${moments[0]}" & pids+=($!)
  tell_moment "$((3 - $1))" "${moments[1]}" & pids+=($!)
  wait "${pids[@]}"
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
    expected=$((2 - i % 2))
    for try in 1 2 3 4 5; do
      order "$expected" "$delay"
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
