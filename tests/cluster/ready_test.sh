#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# `smlaunch ready`, and a run whose hosts are late or never come.
source "$(dirname "$0")/job.sh"
cluster_up 3
bystanders
mpi 1
program <<'END'
#!/bin/sh
echo done
END
states() { jq -c '[.schema, .ready, (.hosts[] | [.name, .state, .stage, .cause])]' <<<"$out"; }

step "all are there"
run 20 host algo-1 "$smlaunch" ready
assert_eq 0 "$status"
[[ $out =~ ^"3 hosts ready after "[0-9.]+" s; the last was algo-"[23]$ ]] || fail "$out"
run 20 host algo-2 "$smlaunch" ready --format json
assert_eq 0 "$status"
assert_eq '["smlaunch.ready/1",true,["algo-1","ready","smlaunch",""],["algo-2","ready","smlaunch",""],["algo-3","ready","smlaunch",""]]' \
  "$(states)"

step "the doctor finds them, too"
run 20 host algo-1 "$smlaunch" doctor --hosts algo-1:1,algo-2:1,algo-3:1
assert_eq 0 "$status"
assert_eq 3 "$(grep -c '^  algo-[123]  fine      answers in' <<<"$out")"

step "hosts that ssh's configuration calls otherwise, at another port and behind another host"
host algo-2 sh -c '"$(command -v sshd)" -p 2222 -o PidFile=/run/other.pid </dev/null >/dev/null 2>&1'
printf '%s\n' 'Host elsewhere' '  HostName 198.18.0.2' '  Port 2222' '  HostKeyAlias algo-2' 'Host inside' '  HostName algo-3' \
  '  ProxyJump algo-2' '  HostKeyAlias algo-3' | host algo-1 tee -a /root/.ssh/config >/dev/null
run 30 host algo-1 "$smlaunch" ready --hosts algo-1:1,elsewhere:1,inside:1 --format json
assert_eq 0 "$status"
assert_eq '["smlaunch.ready/1",true,["algo-1","ready","smlaunch",""],["elsewhere","ready","smlaunch",""],["inside","ready","smlaunch",""]]' \
  "$(states)"
host algo-2 sh -c 'kill "$(cat /run/other.pid)"'
run 20 host algo-1 "$smlaunch" ready --hosts algo-1:1,elsewhere:1 --ready-timeout 2
assert_eq 69 "$status"
assert_contains "$out" "TCP refused (198.18.0.2 port 2222)"
host algo-1 sed -i '/^Host elsewhere/,$d' /root/.ssh/config

step "a host whose sshd comes up late"
"$cluster" sshd algo-3 stop
start algo-1 "$smlaunch"
eventually 10 printed algo-1 1 "algo-3: TCP refused"
"$cluster" sshd algo-3 start
over 0 success 30 algo-1
assert_eq 3 "$(grep -c 'done' <<<"$out")"

step "a host whose name is known late: the ranks reach the leader all the same"
host algo-1 cp /etc/hosts /etc/hosts.before
host algo-1 sh -c 'grep -v "algo-[23]$" /etc/hosts.before >/etc/hosts'
start algo-1 "$smlaunch" --hosts algo-1:1,algo-2:1,algo-3:1 -- /opt/ml/code/train.sh
eventually 10 printed algo-1 1 "name unknown"
host algo-1 cp /etc/hosts.before /etc/hosts
over 0 success 30 algo-1
assert_eq "[0 algo-1] done;[1 algo-2] done;[2 algo-3] done" "$(sort <<<"$out" | paste -sd ';')"
[[ $err != *"no channel"* ]] || fail "$err"
assert_nothing_left

step "a host that never comes: a table, exit 69"
"$cluster" sshd algo-3 stop
run 10 host algo-1 "$smlaunch" ready --ready-timeout 2
assert_eq 69 "$status"
[[ $out =~ ^"1 of 3 hosts not ready after "2.[0-9]" s, the time-out:
  host    stage  cause "+" what to do
  algo-3  tcp    TCP refused (198.18.0.3 port 22) since "[0-3]" s  see that sshd runs there and listens on this port"$ ]] ||
  fail "$out"
run 10 host algo-1 "$smlaunch" ready --ready-timeout 2 --format json
assert_eq 69 "$status"
assert_eq '["smlaunch.ready/1",false,["algo-1","ready","smlaunch",""],["algo-2","ready","smlaunch",""],["algo-3","waiting","tcp","TCP refused (198.18.0.3 port 22)"]]' \
  "$(states)"
assert_eq "see that sshd runs there and listens on this port" "$(jq -r '.hosts[2].remedy' <<<"$out")"
run 20 host algo-1 "$smlaunch" doctor --hosts algo-1:1,algo-2:1,algo-3:1 --ready-timeout 2
assert_eq 69 "$status"
assert_contains "$out" "  algo-2  fine      answers in "
assert_contains "$out" "  algo-3  missing   tcp: TCP refused (198.18.0.3 port 22)
                    -> see that sshd runs there and listens on this port"

step "a run says the same, and so does the worker that had come, which is not left without a word meanwhile"
start algo-2 "$smlaunch" --lost-after 2
start algo-1 "$smlaunch" --lost-after 2 --ready-timeout 2
over 69 failure 10 algo-1
assert_contains "$err" "algo-3  tcp    TCP refused (198.18.0.3 port 22)"
assert_eq '["failure","not_ready",69]' "$(report '[.outcome, .class, .exit_code]')"
over 69 failure 2 algo-2
assert_contains "$err" "algo-3 (tcp): TCP refused (198.18.0.3 port 22)"
assert_nothing_left

for each in "TERM 143" "HUP 129"; do
  read -r signal code <<<"$each"
  step "told to stop by SIG$signal while it waits"
  start algo-2 "$smlaunch"
  start algo-1 "$smlaunch"
  eventually 10 printed algo-1 1 "algo-3: TCP refused"
  kill -s "$signal" "${started[algo-1]}"
  over "$code" '' 10 algo-1
  over "$code" '' 2 algo-2
  assert_nothing_left
done
