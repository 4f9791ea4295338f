#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Five pods that start themselves, without SSH: one is late, one has another token, one dies; each launcher that needs
# no MPI; a stop that all of them are told; another try.
source "$(dirname "$0")/job.sh"
cluster_up 5 --no-sshd
bystanders
configure hyperparameters "{}"
token=$(openssl rand -hex 32)

pod() { # NODE_RANK OPTION...
  local rank=$1; shift
  start "algo-$((rank + 1))" env "SMLAUNCH_JOB_TOKEN=${pod_token:-$token}" "$smlaunch" --nnodes 5 --node-rank "$rank" \
    --master-addr algo-1 --failure-grace 1 --lost-after 3 "$@" -- /opt/ml/code/train.sh
}
pods() { local rank; for rank in 3 1 0 2 4; do pod "$rank" "$@"; done; }
others=(algo-2 algo-3 algo-4 algo-5)

step "ddp: each host starts its ranks, the first leads, and all end with the job"
program <<'END'
#!/bin/sh
echo "rank $RANK of $WORLD_SIZE local $LOCAL_RANK node $NODE_RANK at $MASTER_ADDR on $(hostname)"
[ -n "$MASTER_PORT" ] || echo "no port"
[ -z "$SMLAUNCH_JOB_TOKEN$SMLAUNCH_AGENT_TOKEN" ] || echo "the rank knows a token"
END
pods --processes-per-host 2
over 0 success 60 algo-1
over 0 success 5 "${others[@]}"
assert_eq "$(for rank in 0 1 2 3 4 5 6 7 8 9; do
  node=$((rank / 2))
  echo "[$rank $( ((node)) && echo "node-$node" || echo algo-1)] rank $rank of 10 local $((rank % 2)) node $node at algo-1 on algo-$((node + 1))"
done)" "$(sort -V <"$scratch/algo-1.out")"
assert_eq '"success"' "$(report .outcome)"
assert_nothing_left

step "a host that comes late is waited for, and named; a host with another token is turned away, and ends"
program <<'END'
#!/bin/sh
echo "rank $RANK"
END
for rank in 0 1 2; do pod "$rank"; done
pod_token=$(openssl rand -hex 32) pod 3
ended algo-4 30
assert_eq 78 "$status"
assert_contains "$err" "algo-1, the leader, has another SMLAUNCH_JOB_TOKEN than node-3"
eventually 10 printed algo-1 1 'has come with another token: turned away'
eventually 60 printed algo-1 1 node-4
pod 3
pod 4
over 0 success 60 algo-1
over 0 success 5 "${others[@]}"
assert_eq 5 "$(grep -c 'rank' "$scratch/algo-1.out")"
assert_nothing_left

step "a host that never comes: its node rank is said, and the others learn of the end"
for rank in 0 1 2 3; do pod "$rank" --ready-timeout 3; done
over 69 failure 30 algo-1
over 69 failure 5 algo-2 algo-3 algo-4
assert_contains "$(<"$scratch/algo-1.err")" "its smlaunch has not come (node rank 4)"
assert_contains "$(<"$scratch/algo-2.err")" "node-4"
assert_nothing_left

step "without a token, or with a short one, nothing is waited for"
run 10 host algo-2 "$smlaunch" --nnodes 2 --node-rank 1 --master-addr algo-1 -- true
assert_eq 78 "$status"
assert_contains "$err" "openssl rand -hex 32"
run 10 host algo-2 env SMLAUNCH_JOB_TOKEN=1234 "$smlaunch" --nnodes 2 --node-rank 1 --master-addr algo-1 -- true
assert_eq 78 "$status"
assert_contains "$err" "has 4 characters"

step "a host that was told something else than the first learns why it is turned away; the job goes on"
for rank in 0 1 2 3; do pod "$rank"; done
start algo-5 env "SMLAUNCH_JOB_TOKEN=$token" "$smlaunch" --nnodes 6 --node-rank 4 --master-addr algo-1 -- true
ended algo-5 30
assert_eq 78 "$status"
assert_contains "$err" "was started for a job of 6 hosts, and this one has 5"
run 10 host algo-1 env "SMLAUNCH_JOB_TOKEN=$token" "$smlaunch" --base-dir /tmp/none --nnodes 2 --node-rank 0 \
  --master-addr algo-1 -- true
assert_eq 71 "$status"
assert_contains "$err" "the other hosts: wait for this one, and nobody can tell them of it"
pod 4
over 0 success 60 algo-1
over 0 success 5 "${others[@]}"

step "what only the first finds wrong, the others learn, also those that come later"
pod 1
pod 0 --log-dir /proc/none
eventually 30 printed algo-1 1 "/proc/none"
for rank in 2 3 4; do pod "$rank"; done
over 71 failure 30 algo-1
over 71 failure 5 "${others[@]}"
assert_contains "$(<"$scratch/algo-5.err")" "/proc/none"
assert_nothing_left

step "the first may open too few files: it says so, and the others learn it"
start algo-1 env "SMLAUNCH_JOB_TOKEN=$token" sh -c 'ulimit -n 100; exec "$0" "$@"' "$smlaunch" --nnodes 5 --node-rank 0 \
  --master-addr algo-1 -- /opt/ml/code/train.sh
for rank in 1 2 3 4; do pod "$rank"; done
over 71 failure 30 algo-1
over 71 failure 5 "${others[@]}"
for each in algo-1 "${others[@]}"; do
  assert_contains "$(<"$scratch/$each.err")" "open files: 5 ranks need 140 file descriptors here, the limit is 100"
done
assert_nothing_left

step "a pod that dies is named as a lost host"
program <<'END'
#!/bin/sh
echo "waiting $RANK"
exec sleep 1000
END
pods
eventually 30 printed algo-1 5 waiting
"$cluster" kill algo-3
over 76 failure 30 algo-1
over 76 failure 5 algo-2 algo-4 algo-5
assert_contains "$(<"$scratch/algo-1.err")" "node-2 was lost"
assert_nothing_left algo-1 algo-2 algo-4 algo-5
restart algo-3

step "the first pod dies: the others end their ranks, and say who is lost"
pods
eventually 30 printed algo-1 5 waiting
"$cluster" kill algo-1
over 76 failure 30 "${others[@]}"
assert_contains "$(<"$scratch/algo-4.err")" "algo-1, the leader, was lost"
for name in "${others[@]}"; do assert_no_process_left "$name" '(^| )SMLAUNCH_JOB=|^[^ ]*smlaunch ' 15; done
restart algo-1
configure hyperparameters '{}'

step "a job that hangs: every rank on every host says what it does"
pods --hang-timeout 2
over 76 failure 60 algo-1
over 76 failure 5 "${others[@]}"
assert_contains "$(<"$scratch/algo-1.err")" "asking every rank what it is doing"
assert_eq '[0,1,2,3,4]' "$(report '[.hang[].rank] | sort')"
assert_nothing_left

step "a rank that fails ends the job with its code, wherever it runs"
program <<'END'
#!/bin/sh
[ "$RANK" != 3 ] || { echo "no such file: data" >&2; exit 7; }
exec sleep 1000
END
pods
over 7 failure 30 algo-1
over 7 failure 5 "${others[@]}"
assert_eq '[3,"node-3",7]' "$(report '[.first_failure.rank, .first_failure.host, .first_failure.exit_code]')"
assert_contains "$(<"$scratch/algo-5.err")" "rank 3 on node-3"
assert_nothing_left

step "all are told to stop: the ranks have their grace once, whoever is heard first"
program <<'END'
#!/bin/bash
trap 'echo "saving $RANK"; sleep 1; echo "saved $RANK"; exit 0' TERM
echo "waiting $RANK"
while :; do sleep 0.1; done
END
pods --stop-grace 20
eventually 30 printed algo-1 5 waiting
# Meanwhile, who asks on another host is told what the first knows.
host algo-3 "$smlaunch" status --stacks >"$scratch/status"
grep -q '^ranks       5 running$' "$scratch/status" || fail "no ranks on algo-3: $(<"$scratch/status")"
grep -q '^rank 4 on node-4: ' "$scratch/status" || fail "no stacks on algo-3: $(<"$scratch/status")"
host algo-3 "$smlaunch" status --format json >"$scratch/status"
assert_eq '["run",5,null]' "$(jq -c '.jobs[0] | [.state, (.ranks | length), .leader]' "$scratch/status")"
for name in algo-2 algo-3 algo-1 algo-4 algo-5; do signal "$name" TERM 'smlaunch --nnodes'; done
over 143 '' 30 algo-1
over 143 '' 5 "${others[@]}"
assert_eq 5 "$(grep -c 'saved' "$scratch/algo-1.out")"
assert_nothing_left

step "another try: every host starts its ranks again, and a pod that died comes back"
program <<'END'
#!/bin/sh
echo "try $RESTART_COUNT rank $RANK"
[ "$RESTART_COUNT" = 1 ] || { [ "$RANK" = 2 ] && exit 5; exec sleep 1000; }
END
pods --max-restarts 1 --restart-on user_code,lost_host
over 0 success 60 algo-1
over 0 success 5 "${others[@]}"
assert_eq 5 "$(grep -c 'try 1 rank' "$scratch/algo-1.out")"
assert_nothing_left
program <<'END'
#!/bin/sh
echo "try $RESTART_COUNT rank $RANK"
[ "$RESTART_COUNT" = 1 ] || exec sleep 1000
END
pods --max-restarts 1 --restart-on user_code,lost_host
eventually 30 printed algo-1 5 'try 0'
"$cluster" kill algo-2
restart algo-2
eventually 30 printed algo-1 1 'restart 1 of 1'
pod 1 --max-restarts 1 --restart-on user_code,lost_host
over 0 success 60 algo-1
over 0 success 5 "${others[@]}"
assert_eq 5 "$(grep -c 'try 1 rank' "$scratch/algo-1.out")"
assert_nothing_left

step "one whose smlaunch is started again at once is lost all the same, and has its place in the next try"
pods --max-restarts 1 --restart-on lost_host
eventually 30 printed algo-1 5 'try 0'
signal algo-2 KILL 'smlaunch --nnodes'
pod 1 --max-restarts 1 --restart-on lost_host
over 0 success 60 algo-1
over 0 success 5 "${others[@]}"
assert_eq 5 "$(grep -c 'try 1 rank' "$scratch/algo-1.out")"
assert_nothing_left

step "process: one on each host, with nothing but SM_*"
program <<'END'
#!/bin/sh
echo "on $(hostname) $SM_CURRENT_HOST ${RANK-none}"
END
pods --launcher process
over 0 success 30 algo-1
over 0 success 5 "${others[@]}"
assert_eq "$(printf '[%s] on %s\n' '0 algo-1' 'algo-1 algo-1 none' '1 node-1' 'algo-2 node-1 none' \
  '2 node-2' 'algo-3 node-2 none' '3 node-3' 'algo-4 node-3 none' '4 node-4' 'algo-5 node-4 none')" \
  "$(sort <"$scratch/algo-1.out")"

step "torchrun's variables in Kubernetes are enough"
program <<'END'
#!/bin/sh
echo "rank $RANK of $WORLD_SIZE port $MASTER_PORT"
END
for rank in 0 1 2; do
  start "algo-$((rank + 1))" env "SMLAUNCH_JOB_TOKEN=$token" PET_NNODES=3 PET_NPROC_PER_NODE=2 PET_NODE_RANK=$rank \
    PET_MASTER_ADDR=algo-1 PET_MASTER_PORT=24000 "$smlaunch" --scheduler pet -- /opt/ml/code/train.sh
done
over 0 success 30 algo-1
over 0 success 5 algo-2 algo-3
assert_eq 6 "$(grep -c 'of 6 port 24000' "$scratch/algo-1.out")"
assert_nothing_left

fakes=$(readlink -f "$(dirname "$smlaunch")/../tests/programs/fake_gpu.d")
if [[ -e $fakes/libnccl.so.2 ]]; then
  step "the all-reduce test runs over NCCL, by agents alone; a fault is named"
  for fault in '' 'hang:rank=3'; do
    for rank in 2 1 0; do
      start "algo-$((rank + 1))" env -C /tmp "SMLAUNCH_JOB_TOKEN=$token" "LD_LIBRARY_PATH=$fakes" SMLAUNCH_TEST_DOUBLES=1 \
        "$smlaunch" smoke --nnodes 3 --node-rank "$rank" --master-addr algo-1 --processes-per-host 2 --smoke nccl \
        --smoke-bytes 1000000 --smoke-timeout 5 --format json ${fault:+--inject "$fault"}
    done
    ended algo-1 120
    assert_eq "$([[ $fault ]] && echo '75 ["fail","nccl",6,[["rank","3"]]]' || echo '0 ["pass","nccl",6,[]]')" \
      "$status $(jq -c '[.verdict, .backend, .ranks, [.suspects[] | [.subject, .name]]]' <<<"$out")"
    for name in algo-2 algo-3; do ended "$name" 10; done
    assert_nothing_left
  done
fi

command -v torchrun >/dev/null || exit 0
step "torchrun: one on each host, and its ranks meet"
program <<'END'
#!/bin/sh
echo "rank $RANK of $WORLD_SIZE group $GROUP_RANK at $MASTER_ADDR"
END
pods --launcher torchrun
over 0 success 120 algo-1
over 0 success 10 "${others[@]}"
assert_eq 5 "$(grep -c 'of 5 group' "$scratch/algo-1.out")"
assert_nothing_left
