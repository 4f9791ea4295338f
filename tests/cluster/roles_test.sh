#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Who leads, who waits, who runs by itself.
source "$(dirname "$0")/job.sh"
cluster_up 3 --no-sshd
# The smlaunch that waits there has a connection to the leader; its ranks' agents have theirs.
joined_channel() {
  host "$1" ss -Htnp state established dst 198.18.0.1 | grep -q "pid=$(host "$1" pgrep -f "^$smlaunch$"),"
}
bystanders
mpi 2

step "the same command on every host: the first leads, the others start sshd, wait and end with it"
program <<'END'
#!/bin/sh
echo "rank $RANK on $SM_CURRENT_HOST"
END
start algo-2 "$smlaunch" --ready-timeout 30
start algo-1 "$smlaunch" --ready-timeout 30
start algo-3 "$smlaunch" --ready-timeout 30
ended algo-1 30
assert_eq 0 "$status"
assert_eq "rank 0 on algo-1;rank 1 on algo-1;rank 2 on algo-2;rank 3 on algo-2;rank 4 on algo-3;rank 5 on algo-3" \
  "$(sed 's/^\[[0-9] algo-[0-9]] //' <<<"$out" | sort | paste -sd ';')"
for name in algo-2 algo-3; do
  ended "$name" 2
  assert_eq "0/" "$status/$out"
  assert_contains "$err" "smlaunch: $name waits for algo-1 to lead, for at most 30 s"
done
for name in "${hosts[@]}"; do assert_eq success "$(output "$name")"; done
assert_nothing_left
for name in algo-2 algo-3; do assert_no_process_left "$name" '^[^ ]*sshd'; done

step "an sshd that listens on one address only is one"
host algo-2 mkdir -p /run/sshd
host algo-2 /usr/sbin/sshd -o ListenAddress=198.18.0.2
for name in "${hosts[@]}"; do start "$name" "$smlaunch" --ready-timeout 30; done
over 0 success 30 algo-1
over 0 success 2 algo-2 algo-3
assert_eq 1 "$(host algo-2 pgrep -c -f '^sshd: .*listener')"
host algo-2 pkill -f '^sshd: .*listener'
assert_nothing_left

step "what listens on its port, and is no SSH server, is said"
start algo-2 python3 -c 'import socket, time
listener = socket.create_server(("", 22))
print("listens", flush=True)
time.sleep(1000)'
eventually 5 printed algo-2 1 listens
run 15 host algo-2 "$smlaunch"
assert_eq 71 "$status"
assert_contains "$err" "port 22: is taken by something that is no SSH server"
kill -TERM "${started[algo-2]}"
ended algo-2 5

step "why sshd does not start is said in its own words, to the leader too"
host algo-2 cp /etc/ssh/sshd_config /etc/ssh/sshd_config.before
host algo-2 sh -c 'echo "NoSuchWord yes" >>/etc/ssh/sshd_config'
start algo-1 "$smlaunch"
start algo-2 "$smlaunch"
ended algo-2 15
assert_eq 71 "$status"
assert_contains "$err" "/usr/sbin/sshd: exited with code 255: "
assert_contains "$err" "Bad configuration option: NoSuchWord"
ended algo-1 15
assert_eq 69 "$status"
assert_contains "$err" "smlaunch cannot start there: /usr/sbin/sshd exited with code 255: "
host algo-2 mv /etc/ssh/sshd_config.before /etc/ssh/sshd_config

step "a failure is everybody's: exit code and failure file"
program <<'END'
#!/bin/sh
[ "$RANK" != 3 ] || { echo "out of luck" >&2; exit 7; }
exec sleep 1000
END
for name in algo-3 algo-2 algo-1; do start "$name" "$smlaunch"; done
ended algo-1 30
assert_eq 7 "$status"
for name in algo-2 algo-3; do
  ended "$name" 2
  assert_eq 7 "$status"
  assert_contains "$err" "rank 3 on algo-2 exited with code 7"
done
for name in "${hosts[@]}"; do
  assert_eq failure "$(output "$name")"
  assert_eq "$(host algo-1 cat /opt/ml/output/failure)" "$(host "$name" cat /opt/ml/output/failure)"
done
assert_contains "$(host algo-3 cat /opt/ml/output/failure)" "out of luck"
assert_nothing_left

step "a worker whose leader never comes gives up"
start algo-2 "$smlaunch" --ready-timeout 1
ended algo-2 5
assert_eq 69 "$status"
assert_contains "$err" "algo-1, the leader, has not come to algo-2 within 1 s"
assert_eq failure "$(output algo-2)"

step "a worker that is told to stop before its leader came"
start algo-2 "$smlaunch"
eventually 5 printed algo-2 1 "waits for algo-1"
kill -TERM "${started[algo-2]}"
ended algo-2 2
assert_eq 143 "$status"
assert_eq '' "$(output algo-2)"

step "started on the leader only"
for name in "${hosts[@]}"; do "$cluster" sshd "$name" start; done
program <<'END'
#!/bin/sh
echo "rank $RANK on $(hostname)"
END
run 30 host algo-1 "$smlaunch"
assert_eq 0 "$status"
assert_eq 6 "$(grep -c ' rank [0-9] on algo-[123]$' <<<"$out")"
assert_eq success "$(output algo-1)"
assert_nothing_left

step "a worker that comes while the job runs ends with it"
program <<'END'
#!/bin/sh
echo "rank $RANK on $SM_CURRENT_HOST"
until [ -e /tmp/go ]; do sleep 0.05; done
[ "$RANK" != 5 ] || exit 5
END
start algo-1 "$smlaunch"
eventually 20 printed algo-1 6 " rank "
start algo-2 "$smlaunch"
start algo-3 "$smlaunch"
for name in algo-2 algo-3; do eventually 10 joined_channel "$name"; done
for name in "${hosts[@]}"; do host "$name" touch /tmp/go; done
over 5 failure 20 algo-1
over 5 failure 2 algo-2 algo-3
assert_contains "$err" "rank 5 on algo-3 exited with code 5"
assert_nothing_left

step "a worker that comes while another host is awaited"
"$cluster" sshd algo-3 stop
start algo-1 "$smlaunch"
eventually 10 printed algo-1 1 "algo-3: TCP refused"
start algo-2 "$smlaunch"
eventually 5 printed algo-2 1 "waits for algo-1"
"$cluster" sshd algo-3 start
over 5 failure 20 algo-1
over 5 failure 2 algo-2
assert_nothing_left
for name in "${hosts[@]}"; do host "$name" rm /tmp/go; done

step "from a machine that hosts no rank, and is no container"
program <<'END'
#!/bin/sh
echo "rank $RANK on $(hostname)"
END
fabric rmdir /opt/ml
run 30 fabric "$smlaunch" --hosts algo-1:1,algo-2:2 -- /opt/ml/code/train.sh
assert_eq 0 "$status"
assert_eq "[0 algo-1] rank 0 on algo-1;[1 algo-2] rank 1 on algo-2;[2 algo-2] rank 2 on algo-2" \
  "$(sort <<<"$out" | paste -sd ';')"
assert_eq absent "$(fabric sh -c '[ -e /opt/ml ] || echo absent')"
assert_nothing_left

step "the launcher process: every host by itself, also its end"
configure hyperparameters '{"sagemaker_program": "train.sh"}'
program <<'END'
#!/bin/sh
echo "on $SM_CURRENT_HOST"
[ "$SM_CURRENT_HOST" != algo-2 ] || exit 9
END
for name in "${hosts[@]}"; do start "$name" "$smlaunch"; done
for name in "${hosts[@]}"; do
  ended "$name" 10
  assert_eq "on $name" "$out"
  assert_eq "$([[ $name == algo-2 ]] && echo 9 failure || echo 0 success)" "$status $(output "$name")"
done

step "hosts outside the distribution groups run by themselves"
for name in "${hosts[@]}"; do
  host "$name" tee /opt/ml/input/config/resourceconfig.json >/dev/null <<END
{"current_host": "$name", "hosts": ["algo-1", "algo-2", "algo-3"], "network_interface_name": "eth0",
 "current_instance_type": "ml.m5.xlarge", "current_group_name": "$([[ $name == algo-1 ]] && echo data || echo train)",
 "instance_groups": [
   {"instance_group_name": "data", "instance_type": "ml.m5.xlarge", "hosts": ["algo-1"]},
   {"instance_group_name": "train", "instance_type": "ml.m5.xlarge", "hosts": ["algo-2", "algo-3"]}]}
END
done
mpi 1 '"sagemaker_distribution_instance_groups": ["train"]'
program <<'END'
#!/bin/sh
echo "rank ${RANK-none} of ${WORLD_SIZE-none}"
END
for name in "${hosts[@]}"; do start "$name" "$smlaunch"; done
for name in "${hosts[@]}"; do
  ended "$name" 20
  assert_eq "$name 0 success" "$name $status $(output "$name")"
done
assert_eq "rank none of none" "$(<"$scratch/algo-1.out")"
assert_eq "[0 algo-2] rank 0 of 2;[1 algo-3] rank 1 of 2" "$(sort "$scratch/algo-2.out" | paste -sd ';')"
assert_eq '' "$(<"$scratch/algo-3.out")"
assert_nothing_left
