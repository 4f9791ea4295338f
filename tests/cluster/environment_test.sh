#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Every rank has the environment of its own host: that of the smlaunch which waits there, else the leader's.
source "$(dirname "$0")/job.sh"
cluster_up 2
bystanders
mpi 1
program <<'END_OF_PROGRAM'
#!/bin/sh
for name in WHERE PATH LD_LIBRARY_PATH OMP_NUM_THREADS NCCL_DEBUG SSH_CONNECTION; do
  eval "echo \"rank $RANK $name=\${$name-unset}\""
done
END_OF_PROGRAM
own_path=/opt/own/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin

step "a smlaunch waits on the other host"
start algo-2 env WHERE=second PATH=$own_path LD_LIBRARY_PATH=/opt/second/lib "$smlaunch"
eventually 5 printed algo-2 1 "waits for algo-1"
start algo-1 env WHERE=first PATH=$own_path LD_LIBRARY_PATH=/opt/first/lib OMP_NUM_THREADS=7 NCCL_DEBUG=WARN "$smlaunch"
over 0 success 30 algo-1 algo-2
out=$(<"$scratch/algo-1.out")
assert_contains "$out" "rank 0 WHERE=first"
assert_contains "$out" "rank 1 WHERE=second"
for rank in 0 1; do assert_eq "rank $rank PATH=$own_path" "$(grep -o "rank $rank PATH=.*" <<<"$out")"; done
assert_contains "$out" "rank 0 LD_LIBRARY_PATH=/opt/first/lib"
assert_contains "$out" "rank 1 LD_LIBRARY_PATH=/opt/second/lib"
assert_contains "$out" "rank 0 OMP_NUM_THREADS=7"
assert_contains "$out" "rank 0 NCCL_DEBUG=WARN"
# Set by us where the host's own environment lacks them.
assert_eq 1 "$(grep -cE 'rank 1 OMP_NUM_THREADS=[0-9]+$' <<<"$out")"
assert_contains "$out" "rank 1 NCCL_DEBUG=INFO"

step "another user has made the folder of the sockets first: it is left alone, and the hosts meet all the same"
for host in algo-1 algo-2; do
  host $host sh -c 'rm -rf /tmp/smlaunch-0 && mkdir -m 777 /tmp/smlaunch-0 && chown nobody /tmp/smlaunch-0'
done
start algo-2 env WHERE=second "$smlaunch"
eventually 5 printed algo-2 1 "waits for algo-1"
start algo-1 env WHERE=first "$smlaunch"
over 0 success 30 algo-1 algo-2
assert_contains "$(<"$scratch/algo-1.out")" "rank 1 WHERE=second"
for host in algo-1 algo-2; do
  assert_eq "nobody:" "$(host $host sh -c 'echo "$(stat -c %U /tmp/smlaunch-0):$(ls -A /tmp/smlaunch-0)"')"
  host $host rmdir /tmp/smlaunch-0
done

step "the leader alone is started"
start algo-1 env WHERE=first OMP_NUM_THREADS=7 "$smlaunch"
over 0 success 30 algo-1
for rank in 0 1; do
  assert_contains "$out" "rank $rank WHERE=first"
  assert_contains "$out" "rank $rank OMP_NUM_THREADS=7"
done

step "from a machine that hosts no rank, to one host"
start fabric env WHERE=outside "$smlaunch" --hosts algo-2:1 -- /opt/ml/code/train.sh
ended fabric 30
assert_eq 0 "$status"
assert_contains "$out" "rank 0 WHERE=outside"

step "the libraries of an Open MPI in a prefix of its own are found on every host, behind the host's own"
for host in algo-1 algo-2; do
  host $host sh -c 'mkdir -p /tmp/ompi/bin /tmp/ompi/lib && ln -s /usr/bin/mpirun /usr/bin/orted /tmp/ompi/bin/'
done
start algo-2 env PATH="$own_path" LD_LIBRARY_PATH=/opt/second/lib "$smlaunch"
eventually 5 printed algo-2 1 "waits for algo-1"
start algo-1 env PATH="/tmp/ompi/bin:$own_path" LD_LIBRARY_PATH=/opt/first/lib "$smlaunch"
over 0 success 30 algo-1 algo-2
out=$(<"$scratch/algo-1.out")
assert_contains "$out" "rank 0 LD_LIBRARY_PATH=/opt/first/lib:/tmp/ompi/lib"
assert_contains "$out" "rank 1 LD_LIBRARY_PATH=/opt/second/lib:/tmp/ompi/lib"
