#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# A job of another user than root: each worker starts an SSH server of that user's, on a port that it may have.
source "$(dirname "$0")/job.sh"
cluster_up 2 --no-sshd
mpi 2
program <<'END'
#!/bin/sh
echo "rank $RANK on $SM_CURRENT_HOST by $(id -un)"
END
ssh-keygen -q -t ed25519 -N '' -f "$scratch/key"
for name in "${hosts[@]}"; do
  host "$name" useradd --create-home --shell /bin/bash trainer
  host "$name" install -d -o trainer -g trainer -m 700 /home/trainer/.ssh
  "$cluster" put "$name" "$scratch/key" /home/trainer/.ssh/id_ed25519
  "$cluster" put "$name" "$scratch/key.pub" /home/trainer/.ssh/authorized_keys
  host "$name" sh -c 'echo "StrictHostKeyChecking accept-new" >/home/trainer/.ssh/config
    chmod 600 /home/trainer/.ssh/* && chown -R trainer:trainer /home/trainer/.ssh /opt/ml && chmod 711 /root'
done
as_trainer=(setpriv --reuid trainer --regid trainer --init-groups env HOME=/home/trainer USER=trainer)

step "the job runs as that user, on hosts without a running sshd"
start algo-2 "${as_trainer[@]}" "$smlaunch" --ssh-port 2222 --ready-timeout 30
start algo-1 "${as_trainer[@]}" "$smlaunch" --ssh-port 2222 --ready-timeout 30
ended algo-1 30
[[ $status == 0 ]] || fail "$status: $err"
assert_eq 4 "$(grep -c ' by trainer$' <<<"$out")"
ended algo-2 5
assert_eq 0 "$status"
assert_eq trainer "$(host algo-2 stat -c %U /home/trainer/.ssh/ssh_host_ed25519_key)"
assert_no_process_left algo-2 '^[^ ]*sshd'

step "where its SSH server cannot start, the leader hears why"
host algo-2 rm /home/trainer/.ssh/ssh_host_ed25519_key
host algo-2 chown root /home/trainer/.ssh
start algo-1 "${as_trainer[@]}" "$smlaunch" --ssh-port 2222
start algo-2 "${as_trainer[@]}" "$smlaunch" --ssh-port 2222
ended algo-2 20
assert_eq 71 "$status"
ended algo-1 20
assert_eq 69 "$status"
assert_contains "$err" "smlaunch cannot start there: /home/trainer/.ssh/ssh_host_ed25519_key cannot be made: "
