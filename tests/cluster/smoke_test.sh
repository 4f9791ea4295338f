#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The all-reduce test on four hosts: each fault that is injected is named, and nobody else is; a link that
# carries nothing is found; a job does not start on a bad host, or starts on a spare one.
source "$(dirname "$0")/job.sh"
export SMLAUNCH_CLUSTER_ENV=
cluster_up 4
bystanders

smoke() { # SECONDS OPTION...
  local seconds=$1; shift
  run "$seconds" host algo-1 env -C /tmp "$smlaunch" smoke --hosts algo-1:2,algo-2:2,algo-3:2,algo-4:2 \
    --smoke-bytes 1000000 --format json "$@"
}
answer() { jq -c "$1" <<<"$out"; }

step "four healthy hosts: a pass that says what was not tested"
smoke 60
assert_eq 0 "$status"
assert_eq '["smlaunch.smoke/1","pass","mpi-cpu","mpi-cpu; NCCL NOT RUN",8,4,1000000,0,null,[]]' \
  "$(answer '[.schema, .verdict, .backend, .evidence, .ranks, .hosts, .bytes, .wrong_elements, .nccl, .suspects]')"
assert_eq '["spawned","library loaded","device ready","id received","communicator called","communicator ready","warm-up","timed","verified"]' \
  "$(answer '[.stages[].name]')"
assert_eq '[]' "$(answer '[.stages[].missing_ranks[]]')"
assert_eq true "$(answer '.busbw_gbps > 0 and .algbw_gbps > 0 and .time_us.p50 > 0 and .time_us.max >= .time_us.p50')"
assert_nothing_left

guilty() { answer '[.verdict, [.suspects[] | [.subject, .name]]]'; }
step "a rank that hangs is named, and where"
smoke 60 --smoke-timeout 5 --inject hang:rank=3
assert_eq 75 "$status"
assert_eq '["fail",[["rank","3"]]]' "$(guilty)"
assert_eq '["communicator called",[3]]' "$(answer '[.stages[] | select(.missing_ranks != [])][0] | [.name, .missing_ranks]')"
assert_eq '"hang:rank=3"' "$(answer .injected)"
assert_contains "$err" "warning: the smoke test is told to inject a fault: hang:rank=3"
assert_eq 'algo-2 slots=2' "$(host algo-1 cat /opt/ml/output/data/smlaunch/hosts.bad)"
assert_eq 'algo-1 slots=2 algo-3 slots=2 algo-4 slots=2' "$(host algo-1 cat /opt/ml/output/data/smlaunch/hosts.good | xargs)"
assert_nothing_left

step "a rank whose contribution is corrupt, or counted twice, is named with the elements"
smoke 60 --inject corrupt:rank=2
assert_eq 75 "$status"
assert_eq '["fail",[["rank","2"]]]' "$(guilty)"
assert_contains "$(answer '.suspects[0].evidence')" "its contribution is corrupt in elements 15625 to 31249"
smoke 60 --inject double:rank=1
assert_eq 75 "$status"
assert_eq '["fail",[["rank","1"]]]' "$(guilty)"
assert_contains "$(answer '.suspects[0].evidence')" "its contribution is counted twice in elements 0 to 124999"

step "a host that is late is named, and is no failure"
smoke 60 --inject slow:host=algo-2
assert_eq 0 "$status"
assert_eq '["degraded",[["host","algo-2"]]]' "$(guilty)"
assert_contains "$(answer '.suspects[0].evidence')" "ms after the others at each of"

step "a host without the library is named, with the loader's words"
smoke 60 --inject missing-library:host=algo-3
assert_eq 75 "$status"
assert_eq '["fail",[["host","algo-3"]]]' "$(guilty)"
assert_contains "$(answer .reason)" "cannot open shared object file"

step "nobody to inject it into"
smoke 60 --inject hang:rank=8
assert_eq 64 "$status"
assert_contains "$err" "--inject: there is no rank 8, they are 0 to 7"
assert_nothing_left

step "two hosts whose link carries nothing: the link, and neither host"
blocked() { # ADD|DEL: what MPI sends between algo-2 and algo-4; ssh and the channel go to algo-1
  host algo-2 ip route "$1" blackhole "$(host algo-1 getent hosts algo-4 | cut -d' ' -f1)"
}
blocked add
smoke 120 --smoke-timeout 6
assert_eq 75 "$status"
assert_eq '["fail",[["link","algo-2 algo-4"]]]' "$(guilty)"
blocked del
assert_nothing_left

step "every two hosts as a picture"
smoke 120 --matrix /tmp/matrix.svg
assert_eq 0 "$status"
assert_eq 6 "$(answer '[.pairs[] | select(.passed)] | length')"
assert_eq 12 "$(host algo-1 grep -c '<title>' /tmp/matrix.svg)"

step "before a job: the verdict is in the report, and the job runs"
program <<'END'
#!/bin/sh
[ "$OMPI_COMM_WORLD_SIZE" = 4 ] || exit 9
echo "rank $RANK runs"
END
mpi 1
begin() { # OPTION...
  local name
  for name in algo-4 algo-3 algo-2 algo-1; do start "$name" "$smlaunch" --smoke-bytes 1000000 "$@"; done
}
begin
over 0 success 60 algo-1
over 0 success 5 algo-2 algo-3 algo-4
assert_eq '["success","pass","mpi-cpu; NCCL NOT RUN"]' "$(report '[.outcome, .smoke.verdict, .smoke.evidence]')"
assert_contains "$(<"$scratch/algo-1.err")" "smlaunch: smoke test: pass (mpi-cpu; NCCL NOT RUN), 4 ranks on 4 hosts"
assert_eq 4 "$(grep -c 'rank . runs' "$scratch/algo-1.out")"
assert_eq 1 "$(host algo-1 grep -c '"event":"smoke",' /opt/ml/output/data/smlaunch/events.jsonl)"
assert_eq 9 "$(host algo-1 grep -c '"event":"smoke_stage"' /opt/ml/output/data/smlaunch/events.jsonl)"
assert_nothing_left

step "a job whose test fails does not start, on any host"
begin --inject corrupt:rank=2
over 75 failure 60 algo-1
over 75 failure 5 algo-2 algo-3 algo-4
assert_eq '["failure","smoke","fail"]' "$(report '[.outcome, .class, .smoke.verdict]')"
assert_eq '' "$(<"$scratch/algo-1.out")"
assert_eq 'algo-3 slots=1' "$(host algo-1 cat /opt/ml/output/data/smlaunch/hosts.bad)"
assert_contains "$(host algo-4 cat /opt/ml/output/failure)" "smoke test failed"
assert_nothing_left

step "without a GPU, where one is required"
begin --require-gpu
over 75 failure 60 algo-1
over 75 failure 5 algo-2 algo-3 algo-4
assert_contains "$(report .message)" "--require-gpu, and no GPU was tested"

step "a spare host takes the place of the bad one"
program <<'END'
#!/bin/sh
echo "rank $RANK of $WORLD_SIZE on $SM_CURRENT_HOST"
END
begin --inject missing-library:host=algo-2 --spare-hosts 1 --max-restarts 1
over 0 success 60 algo-1
over 0 success 5 algo-3 algo-4
over 75 failure 5 algo-2
assert_contains "$(<"$scratch/algo-1.err")" "smlaunch: algo-4 takes the place of algo-2"
assert_contains "$(<"$scratch/algo-1.out")" "[1 algo-4] rank 1 of 3 on algo-4"
assert_eq '["success",1,"smoke","pass"]' "$(report '[.outcome, .restarts, .earlier[0].class, .smoke.verdict]')"

preparing() { host algo-1 grep -q '"stage":"device ready"' /opt/ml/output/data/smlaunch/events.jsonl; }
step "told to stop meanwhile"
host algo-1 rm /opt/ml/output/data/smlaunch/events.jsonl
begin --inject hang:rank=1
eventually 20 preparing
kill -TERM "${started[algo-1]}"
over 143 '' 15 algo-1
over 143 '' 5 algo-2 algo-3 algo-4
assert_nothing_left

step "a frozen host is lost, not waited for"
host algo-1 rm /opt/ml/output/data/smlaunch/events.jsonl
begin --inject hang:rank=1 --lost-after 3
eventually 20 preparing
"$cluster" freeze algo-3
ended algo-1 40
assert_contains "$err" "algo-3"
"$cluster" thaw algo-3
