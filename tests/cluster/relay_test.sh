#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# On each host one agent carries the connections of the others there, by mpirun and on hosts that start themselves.
source "$(dirname "$0")/job.sh"
export SMLAUNCH_CLUSTER_ENV="$SMLAUNCH_CLUSTER_ENV SMLAUNCH_AGENT_RELAY=on"
cluster_up 3
bystanders
mpi 3
others=(algo-2 algo-3)
token=$(openssl rand -hex 32)
pod() { # NODE_RANK OPTION...
  local rank=$1; shift
  start "algo-$((rank + 1))" env "SMLAUNCH_JOB_TOKEN=$token" "$smlaunch" --nnodes 3 --node-rank "$rank" \
    --master-addr algo-1 --processes-per-host 3 "$@" -- /opt/ml/code/train.sh
}
begin() { # WAY OPTION...
  local way=$1 name; shift
  for name in "${hosts[@]}"; do host "$name" rm -f /tmp/end; done
  for name in algo-2 algo-3 algo-1; do
    if [[ $way == self ]]; then pod $((${name#algo-} - 1)) "$@"; else start "$name" "$smlaunch" "$@"; fi
  done
  eventually 30 printed algo-1 9 waiting
}
end() { local name; for name in "${hosts[@]}"; do host "$name" touch /tmp/end; done; }
# How many connections the agents of HOST have to other hosts.
connections() {
  host "$1" bash -c '
    for pid in $(pgrep -f "^[^ ]*smlaunch rank "); do
      for each in /proc/$pid/fd/*; do
        inode=$(readlink "$each") && [[ $inode == socket:* ]] || continue
        inode=${inode//[!0-9]/}
        awk -v inode="$inode" "\$10 == inode" /proc/net/tcp /proc/net/tcp6
      done
    done 2>/dev/null | wc -l'
}

for way in mpirun self; do
  step "nine ranks by three connections: $way"
  program <<'END'
#!/bin/sh
echo "waiting"
until [ -e /tmp/end ]; do sleep 0.05; done
echo "rank $RANK of $WORLD_SIZE, local $LOCAL_RANK, on $(hostname)"
END
  begin "$way"
  for name in "${others[@]}"; do assert_eq 1 "$(connections "$name")"; done
  end
  over 0 success 20 algo-1
  assert_eq "$(for rank in 0 1 2 3 4 5 6 7 8; do
    echo "rank $rank of 9, local $((rank % 3)), on algo-$((rank / 3 + 1))"
  done)" "$(grep -o 'rank .*' "$scratch/algo-1.out" | sort)"
  over 0 success 5 "${others[@]}"
  assert_nothing_left

  step "a rank of another host fails: $way"
  program <<'END'
#!/bin/sh
echo "waiting"
until [ -e /tmp/end ]; do sleep 0.05; done
[ "$RANK" != 7 ] || exit 5
exec sleep 1000
END
  begin "$way" --failure-grace 1
  end
  over 5 failure 20 algo-1
  assert_contains "$(<"$scratch/algo-1.err")" "rank 7 on"
  over 5 failure 5 "${others[@]}"
  assert_eq '[7,true]' "$(report '[.first_failure.rank, .first_failure.certain]')"
  assert_nothing_left

  step "SIGTERM reaches all: $way"
  program <<'END'
#!/bin/sh
trap 'echo "saved"; exit 0' TERM
echo "waiting"
while :; do sleep 0.1; done
END
  begin "$way"
  signal algo-1 TERM "^$smlaunch.*"
  ended algo-1 20
  assert_eq 143 "$status"
  assert_eq 9 "$(grep -c saved "$scratch/algo-1.out")"
  for name in "${others[@]}"; do ended "$name" 10; done
  assert_nothing_left

  step "a host without power is named: $way"
  program <<'END'
#!/bin/sh
trap '' TERM
echo "waiting"
while :; do sleep 0.1; done
END
  begin "$way" --lost-after 3 --failure-grace 0.2
  "$cluster" power algo-3
  for name in algo-1 algo-2; do
    ended "$name" 20
    assert_eq "$name: 76 failure" "$name: $status $(output "$name")"
  done
  assert_contains "$(<"$scratch/algo-1.err")" "was lost"
  assert_contains "$(report .first_failure.host)$(report .message)" "$([[ $way == self ]] && echo node-2 || echo algo-3)"
  assert_nothing_left algo-1 algo-2
  restart algo-3
done
