#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The SSH connections that a run keeps open for mpirun: no other run's, and gone when it is.
source "$(dirname "$0")/job.sh"
cluster_up 2
bystanders
program <<'END'
#!/bin/sh
echo "begins"
until [ -e "$1" ]; do sleep 0.05; done
END
given() { start algo-1 "$smlaunch" --hosts algo-1:1,algo-2:1 "$@"; }
# What is printed next is another run's of this host.
set_aside() { # NAME
  started[$1]=${started[algo-1]}
  mv "$scratch/algo-1.out" "$scratch/$1.out"
  mv "$scratch/algo-1.err" "$scratch/$1.err"
}
connections() { host algo-1 pgrep -c -f '^ssh: /tmp/smlaunch-ssh-' || :; }

step "two runs at once from one machine: the end of one is not the other's"
given -- /opt/ml/code/train.sh /tmp/first
eventually 20 printed algo-1 2 begins
set_aside first
given -- /opt/ml/code/train.sh /tmp/second
eventually 20 printed algo-1 2 begins
assert_eq 2 "$(connections)"
for name in algo-1 algo-2; do host "$name" touch /tmp/first; done
ended first 10
assert_eq 0 "$status"
assert_eq 1 "$(connections)"
for name in algo-1 algo-2; do host "$name" touch /tmp/second; done
ended algo-1 10
assert_eq 0 "$status"
assert_nothing_left

step "two runs at once: the first is killed"
for name in algo-1 algo-2; do host "$name" rm /tmp/first /tmp/second; done
given -- /opt/ml/code/train.sh /tmp/first
eventually 20 printed algo-1 2 begins
set_aside first
given -- /opt/ml/code/train.sh /tmp/second
eventually 20 printed algo-1 2 begins
host algo-1 pkill -KILL -f "^$smlaunch --hosts .*/tmp/first"
ended first 10
assert_eq 137 "$status"
one_is_left() { (($(connections) == 1)); }
eventually 15 one_is_left
for name in algo-1 algo-2; do host "$name" touch /tmp/second; done
ended algo-1 10
assert_eq 0 "$status"
for name in algo-1 algo-2; do assert_no_process_left "$name" '/opt/ml/code/train.sh /tmp/first' 25; done
# The killed run's mpirun had its connections taken away while it ended: it may leave its folder, and nobody removes it.
host algo-1 sh -c 'rm -rf /tmp/ompi.* /tmp/prterun.*'
assert_nothing_left

step "a folder with our name that others may enter is not used"
host algo-1 rm -rf /tmp/smlaunch-0
host algo-1 mkdir -m 777 /tmp/smlaunch-0
given -- /opt/ml/code/train.sh /tmp/second
ended algo-1 20
assert_eq 0 "$status"
assert_eq '' "$(host algo-1 ls -A /tmp/smlaunch-0)"
host algo-1 rmdir /tmp/smlaunch-0
assert_nothing_left

step "mpirun's daemon is started by the login that has found its host ready: one connection, one session, one ssh"
host algo-1 mkdir /tmp/bin
ssh=$(command -v ssh)
ssh_is() { # what /tmp/bin/ssh does, beside noting its words
  { printf '%s\n' '#!/bin/sh' 'echo "$*" >>/tmp/ssh.log' "$@"; } | host algo-1 install -m 755 /dev/stdin /tmp/bin/ssh
}
in_log() { host algo-2 grep -c "$1" /run/sshd.log || :; }
# A run whose smlaunch and mpirun start /tmp/bin/ssh, though mpirun puts its own folder before that.
run_noting() {
  local connections sessions
  host algo-1 rm -f /tmp/ssh.log
  connections=$(in_log '^Accepted publickey') sessions=$(in_log '^Starting session')
  start algo-1 env PATH="/tmp/bin:$PATH" "$smlaunch" --hosts algo-1:1,algo-2:1 "$@" -- /opt/ml/code/train.sh /tmp/second
  ended algo-1 20
  assert_eq 0 "$status"
  logins=$(host algo-1 cat /tmp/ssh.log)
  seen="$(wc -l <<<"$logins") logins, $(($(in_log '^Accepted publickey') - connections)) connections"
  seen+=", $(($(in_log '^Starting session') - sessions)) sessions"
  assert_contains "$logins" "-o ControlMaster=auto -o ControlPersist=60 -o ControlPath=/tmp/smlaunch-ssh-"
  assert_nothing_left
}
ssh_is "exec $ssh \"\$@\""
run_noting
assert_eq "1 logins, 1 connections, 1 sessions" "$seen"

step "nobody can ask for the login that waits: mpirun's login is a session over the open connection, and starts no ssh"
ssh_is 'rm -f /tmp/smlaunch-ssh-*/logins' "exec $ssh \"\$@\""
run_noting
assert_eq "1 logins, 1 connections, 2 sessions" "$seen"

step "nor is there an open connection: mpirun's login is ssh's"
ssh_is 'rm -f /tmp/smlaunch-ssh-*/logins' "exec $ssh -o ControlPath=none \"\$@\""
run_noting
assert_eq "2 logins, 2 connections, 2 sessions" "$seen"
assert_contains "$logins" "-x -S none -o BatchMode=yes -o ConnectTimeout=10 -o ControlPath=/tmp/smlaunch-ssh-"

step "the user's own arguments for ssh: mpirun starts ssh, which finds the connection"
ssh_is "exec $ssh \"\$@\""
run_noting --mpi-options '-mca plm_rsh_args "-o ConnectionAttempts=2"'
assert_eq "2 logins, 1 connections, 2 sessions" "$seen"
assert_contains "$logins" "-x -o ConnectionAttempts=2 -o BatchMode=yes -o ConnectTimeout=10 -o ControlPath=/tmp/smlaunch-ssh-"
