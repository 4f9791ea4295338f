#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# A host that is cut off during the run is lost to the others, and ends its own part of the job.
source "$(dirname "$0")/lost_host.sh"

step "cut off"
begin --lost-after 3
"$cluster" cut algo-3
noticed algo-3 15
over 76 failure 15 algo-3
assert_contains "$err" "algo-1, the leader, was lost"
assert_nothing_left
"$cluster" mend algo-3

step "cut off: the ranks there have their grace"
program <<'END'
#!/bin/sh
trap 'sleep 1.5; touch /tmp/saved; exit 0' TERM
echo waiting
while :; do sleep 0.1; done
END
for name in algo-2 algo-3 algo-1; do start "$name" "$smlaunch" --failure-grace 3 --lost-after 3; done
eventually 20 printed algo-1 3 waiting
"$cluster" cut algo-3
noticed algo-3 15
over 76 failure 15 algo-3
host algo-3 test -e /tmp/saved
assert_nothing_left
"$cluster" mend algo-3
deaf_program

step "the leader is cut off"
begin --lost-after 3
"$cluster" cut algo-1
over 76 failure 15 "${hosts[@]}"
assert_nothing_left
"$cluster" mend algo-1

step "cut off where no smlaunch waits"
start algo-1 "$smlaunch" --failure-grace 0.2 --lost-after 3
eventually 20 printed algo-1 3 waiting
"$cluster" cut algo-2
over 76 failure 15 algo-1
assert_contains "$err" "algo-2 was lost"
assert_nothing_left
"$cluster" mend algo-2

step "a stop that a host cannot hear"
begin --lost-after 3 --stop-grace 1
"$cluster" cut algo-3
kill -TERM "${started[algo-1]}"
over 143 '' 15 algo-1 algo-2
assert_nothing_left
"$cluster" mend algo-3

step "cut off for 4 s: the job goes on, no line is lost or doubled"
program <<'END'
#!/bin/sh
for i in $(seq 100); do echo "line $i"; sleep 0.1; done
END
for name in algo-2 algo-3 algo-1; do start "$name" "$smlaunch"; done
eventually 20 printed algo-1 3 "line 5"
"$cluster" cut algo-3
eventually 20 printed algo-1 2 "line 50"
"$cluster" mend algo-3
over 0 success 30 algo-1
over 0 success 2 algo-2 algo-3
for i in 1 2 3; do
  assert_eq "$(seq 100)" "$(sed -n "s/^\[$((i - 1)) algo-$i\] line //p" "$scratch/algo-1.out")"
done
assert_nothing_left
