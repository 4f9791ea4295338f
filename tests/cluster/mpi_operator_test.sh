#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# A job under the MPI Operator, its pods rebuilt: a launcher that is no host of the job, workers with an SSH server of
# a user on port 2222, keys that the operator has brought, its hostfile and its variables.
source "$(dirname "$0")/job.sh"
cluster_up 3 --no-sshd
ssh-keygen -q -t ed25519 -N '' -f "$scratch/key"
home=/home/mpiuser
for name in "${hosts[@]}"; do
  host "$name" useradd --create-home --shell /bin/bash mpiuser
  host "$name" install -d -o mpiuser -g mpiuser -m 700 $home/.ssh $home/ml
  "$cluster" put "$name" "$scratch/key" $home/.ssh/id_ed25519
  "$cluster" put "$name" "$scratch/key.pub" $home/.ssh/authorized_keys
  host "$name" sh -c "cat >$home/.ssh/config <<END
Port 2222
StrictHostKeyChecking no
UserKnownHostsFile /dev/null
LogLevel ERROR
END
    cat >$home/.sshd_config <<END
Port 2222
HostKey $home/.ssh/id_ed25519
AuthorizedKeysFile $home/.ssh/authorized_keys
PidFile none
StrictModes no
END
    chmod 600 $home/.ssh/* && chown -R mpiuser:mpiuser $home && chmod 711 /root"
done
as_user=(setpriv --reuid mpiuser --regid mpiuser --init-groups env "HOME=$home" USER=mpiuser LOGNAME=mpiuser)
for name in algo-2 algo-3; do start "$name" "${as_user[@]}" /usr/sbin/sshd -De -f $home/.sshd_config; done
for name in algo-2 algo-3; do eventually 10 printed "$name" 1 "Server listening on"; done
host algo-1 mkdir /etc/mpi
host algo-1 sh -c 'printf "algo-2 slots=2\nalgo-3 slots=2\n" >/etc/mpi/hostfile'
# As the operator's v2beta1 sets them.
operator=(OMPI_MCA_orte_keep_fqdn_hostnames=true OMPI_MCA_orte_default_hostfile=/etc/mpi/hostfile
  OMPI_MCA_plm_rsh_args="-o ConnectionAttempts=10" K_MPI_JOB_ROLE=launcher)
launch() { run 60 host algo-1 "${as_user[@]}" "${operator[@]}" "$smlaunch" --base-dir $home/ml "$@"; }
# shellcheck disable=SC2016
report='echo "rank $RANK of $WORLD_SIZE on $(hostname) by $(id -un)"; [ "$RANK" != "$FAILS" ] || exit 7; [ -z "$FAILS" ] || sleep 600'

step "the hosts and the ranks of each are the operator's, and the plan says so"
launch --dry-run --format json --launcher mpi -- sh -c "$report"
assert_eq 0 "$status"
assert_eq '["algo-2","algo-3"]' "$(jq -c '[.hosts[].name]' <<<"$out")"
assert_eq "MPI Operator: /etc/mpi/hostfile of OMPI_MCA_orte_default_hostfile" "$(jq -r .sources.hosts <<<"$out")"

for launcher in mpi ddp; do
  step "$launcher: the ranks run on the workers, and none on the launcher"
  launch -q --launcher $launcher -- sh -c "$report"
  [[ $status == 0 ]] || fail "$status: $err"
  assert_eq "rank 0 of 4 on algo-2 by mpiuser
rank 1 of 4 on algo-2 by mpiuser
rank 2 of 4 on algo-3 by mpiuser
rank 3 of 4 on algo-3 by mpiuser" "$(sed 's/^\[[^]]*\] //' <<<"$out" | sort)"
done

step "a rank that fails is named, with its worker"
operator+=(FAILS=3)
launch -q --launcher mpi -- sh -c "$report"
assert_eq 7 "$status"
assert_contains "$err" "rank 3 on algo-3 exited with code 7"

step "a worker without an SSH server is named before anything starts"
host algo-3 pkill -f 'sshd -De'
launch -q --launcher mpi --ready-timeout 3 -- sh -c "$report"
assert_eq 69 "$status"
assert_contains "$err" "algo-3"
