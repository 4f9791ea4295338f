#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# A job that failed is tried again on the same hosts, or with a spare host in the place of a lost one.
source "$(dirname "$0")/job.sh"
cluster_up 4
bystanders
mpi 1
begin() { # OPTION...
  local name
  for name in algo-2 algo-3 algo-4 algo-1; do start "$name" "$smlaunch" --failure-grace 1 --lost-after 3 --restart-on user_code "$@"; done
}

step "the same plan again; every host ends with the last try"
program <<'END'
#!/bin/sh
echo "try $RESTART_COUNT rank $RANK on $SM_CURRENT_HOST"
[ "$RESTART_COUNT" = 2 ] || { [ "$RANK" = 3 ] && exit 5; exec sleep 1000; }
END
begin --max-restarts 2
over 0 success 60 algo-1
over 0 success 2 algo-2 algo-3 algo-4
assert_eq '["success",2,5,5]' "$(report '[.outcome, .restarts, .earlier[].exit_code]')"
assert_eq 4 "$(grep -c 'try 2 rank' "$scratch/algo-1.out")"
assert_nothing_left

step "as often as allowed: every host ends with the failure"
begin --max-restarts 1
over 5 failure 60 algo-1
over 5 failure 2 algo-2 algo-3 algo-4
assert_eq '["failure","user_code",1]' "$(report '[.outcome, .class, .restarts]')"
assert_nothing_left

step "a spare host waits, is told the outcome, and is in the plan"
program <<'END'
#!/bin/sh
echo "rank $RANK of $WORLD_SIZE on $SM_CURRENT_HOST"
[ "$RANK" != 1 ] || [ "$RESTART_COUNT" = 1 ] || { sleep 0.3; echo waiting; }
[ "$RESTART_COUNT" = 1 ] || [ "$MODE" != lose ] || exec sleep 1000
END
start algo-4 "$smlaunch" --spare-hosts 1
start algo-3 "$smlaunch" --spare-hosts 1
start algo-2 "$smlaunch" --spare-hosts 1
start algo-1 "$smlaunch" --spare-hosts 1
over 0 success 60 algo-1
over 0 success 2 algo-2 algo-3 algo-4
assert_eq 3 "$(grep -c 'of 3 on algo-[123]' "$scratch/algo-1.out")"
assert_eq '[["algo-4"],["algo-1","algo-2","algo-3"],3]' \
  "$(host algo-1 "$smlaunch" --dry-run --spare-hosts 1 --format json | jq -c '[.spare_hosts, [.hosts[].name], .world_size]')"

step "it takes the place of a host that is lost: rank order kept, the change said"
for name in algo-4 algo-3 algo-2 algo-1; do
  start "$name" env MODE=lose "$smlaunch" --spare-hosts 1 --max-restarts 1 --lost-after 3 --failure-grace 1
done
eventually 20 printed algo-1 1 waiting
"$cluster" kill algo-2
over 0 success 60 algo-1
over 0 success 2 algo-3 algo-4
assert_contains "$(<"$scratch/algo-1.err")" "algo-2 was lost"
assert_contains "$(<"$scratch/algo-1.err")" "smlaunch: algo-4 takes the place of algo-2"
assert_contains "$(<"$scratch/algo-1.out")" "[1 algo-4] rank 1 of 3 on algo-4"
assert_eq '["success",1,"lost_host"]' "$(report '[.outcome, .restarts, .earlier[0].class]')"
assert_nothing_left algo-1 algo-3 algo-4
restart algo-2

step "a spare host in the NVLink domain of the host at fault comes before the others (machines of files)"
rack='{cluster: "0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f", clique: 1}'
"$smlaunch" topology --format json |
  jq ".gpus = [{index: 0, nvlink_domain: $rack}] | del(.gpu_nic, .gpu_gpu)" >"$scratch/rack.json"
for name in "${hosts[@]}"; do "$cluster" put "$name" "$scratch/rack.json" /opt/ml/rack.json; done
program <<'END'
#!/bin/sh
[ "$RESTART_COUNT" = 0 ] || exit 0
[ "$RANK" = 1 ] || exec sleep 1000
echo smlaunch=exclude-host >>"$SMLAUNCH_HEARTBEAT"
exit 1
END
for name in algo-4 algo-3 algo-2 algo-1; do
  start "$name" "$smlaunch" --spare-hosts 2 --max-restarts 1 --failure-grace 1 \
    --topology algo-2=/opt/ml/rack.json --topology algo-4=/opt/ml/rack.json
done
over 0 success 60 algo-1 algo-4
assert_contains "$(<"$scratch/algo-1.err")" "smlaunch: algo-4 takes the place of algo-2: it is in the same NVLink domain"
over 0 success 10 algo-3
over 1 failure 10 algo-2
assert_nothing_left

step "a host that is not ready is replaced before anything starts, and costs no restart"
"$cluster" sshd algo-2 stop
for name in algo-4 algo-3 algo-1; do start "$name" "$smlaunch" --spare-hosts 1 --ready-timeout 3; done
over 0 success 60 algo-1
over 0 success 2 algo-3 algo-4
assert_contains "$(<"$scratch/algo-1.err")" "algo-2  tcp    TCP refused"
assert_contains "$(<"$scratch/algo-1.err")" "smlaunch: algo-4 takes the place of algo-2"
assert_eq '["success",0,"not_ready"]' "$(report '[.outcome, .restarts, .earlier[0].class]')"
"$cluster" sshd algo-2 start

step "a spare host that is not there costs nothing but a word"
"$cluster" sshd algo-4 stop
for name in algo-3 algo-2 algo-1; do start "$name" "$smlaunch" --spare-hosts 1; done
over 0 success 60 algo-1
over 0 success 2 algo-2 algo-3
assert_contains "$(<"$scratch/algo-1.err")" "warning: spare host algo-4 is not counted on: TCP refused"
"$cluster" sshd algo-4 start

step "the spare host may be lost; told to stop, it tells"
program <<'END'
#!/bin/sh
echo waiting
exec sleep 1000
END
for name in algo-4 algo-3 algo-2 algo-1; do start "$name" "$smlaunch" --spare-hosts 1 --lost-after 3; done
eventually 20 printed algo-1 3 waiting
signal algo-4 KILL "^$smlaunch --"
eventually 20 printed algo-1 1 "spare host algo-4 was lost"
kill -TERM "${started[algo-1]}"
over 143 '' 10 algo-1 algo-2 algo-3
for name in algo-4 algo-3 algo-2 algo-1; do start "$name" "$smlaunch" --spare-hosts 1; done
eventually 20 printed algo-1 3 waiting
kill -TERM "${started[algo-4]}"
over 143 '' 10 algo-1 algo-2 algo-3 algo-4
assert_nothing_left

step "a stop while the hosts are waited for again"
program <<'END'
#!/bin/sh
exit 3
END
for name in algo-4 algo-3 algo-2 algo-1; do start "$name" "$smlaunch" --max-restarts 1000000 --restart-on user_code; done
eventually 30 printed algo-1 2 "the same plan again"
kill -TERM "${started[algo-1]}"
over 143 '' 10 algo-1
over 143 '' 5 algo-2 algo-3 algo-4
assert_nothing_left
