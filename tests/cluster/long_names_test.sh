#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Hosts that a job knows by other names than they have themselves: qualified ones, whether a host's own name is
# the short or the long one.
source "$(dirname "$0")/job.sh"
cluster_up 3
domain=train.example.com
for name in "${hosts[@]}"; do
  # shellcheck disable=SC2016
  host "$name" sh -c '
    for i in 1 2 3; do echo "198.18.0.$i algo-$i.$1"; done >>/etc/hosts
    sed -i "s/^algo-\([0-9]\),/algo-\1,algo-\1.$1,/" /root/.ssh/known_hosts' sh "$domain"
done
list=algo-1.$domain:2,algo-2.$domain:2,algo-3.$domain:2
# shellcheck disable=SC2016
report='echo "$RANK $MASTER_ADDR $(hostname)"; [ "$RANK" != "$FAILS" ] || exit 3; [ -z "$FAILS" ] || sleep 600'
job() { run 60 host algo-1 env FAILS="$1" "$smlaunch" -q --hosts "$list" --launcher ddp -- sh -c "$report"; }
nothing_left() {
  local name
  for name in "${hosts[@]}"; do
    assert_no_process_left "$name" '(orted|SMLAUNCH_JOB=)' 15
    eventually 5 eval '[[ -z $(host '"$name"' sh -c "ls -d /tmp/ompi.* /tmp/smlaunch* 2>/dev/null") ]]'
  done
}

for own in short long; do
  step "a host's own name is the $own one"
  if [[ $own == long ]]; then
    for name in "${hosts[@]}"; do host "$name" hostname "$name.$domain"; done
  fi
  suffix=$([[ $own == short ]] || echo ".$domain")
  job ''
  assert_eq 0 "$status"
  expected=$(for rank in {0..5}; do
    n=$((rank / 2 + 1)); echo "[$rank algo-$n.$domain] $rank algo-1.$domain algo-$n$suffix"
  done)
  assert_eq "$expected" "$(sort <<<"$out")"
  nothing_left

  job 5
  assert_eq 3 "$status"
  assert_contains "$(tail -n 1 <<<"$err")" "rank 5 on algo-3.$domain exited with code 3"
  nothing_left
done
