#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# A rank that fails on any host ends the job on every host, and is named.
source "$(dirname "$0")/job.sh"
cluster_up 3
bystanders
mpi 2

fails() { # STATUS FIRST-FAILURE MESSAGE, with the program and its options from before
  local name
  for name in algo-3 algo-2 algo-1; do start "$name" "$smlaunch" --failure-grace 1; done
  ended algo-1 30
  assert_eq "$1" "$status"
  assert_eq "$2" "$(report '.first_failure | [.rank, .host, .exit_code, .signal, .certain, .tied_with]')"
  assert_contains "$err" "$3"
  for name in algo-2 algo-3; do
    ended "$name" 2
    assert_eq "$name: $1 failure" "$name: $status $(output "$name")"
    assert_contains "$err" "$3"
    assert_eq "$(host algo-1 cat /opt/ml/output/failure)" "$(host "$name" cat /opt/ml/output/failure)"
  done
  assert_nothing_left
}
program_that() { # on rank 5, COMMAND; the others ignore SIGTERM
  program <<END
#!/bin/bash
trap '' TERM
[ "\$RANK" != 5 ] || { sleep 0.5; $1; }
while :; do sleep 0.1; done
END
}

step "it exits with 3"
program_that 'echo out of luck >&2; exit 3'
fails 3 '[5,"algo-3",3,null,true,[]]' "rank 5 on algo-3 exited with code 3"
assert_contains "$(host algo-2 cat /opt/ml/output/failure)" "out of luck"
assert_eq '["stopped_by_us","stopped_by_us","stopped_by_us","stopped_by_us","stopped_by_us","own"]' \
  "$(report '[.ranks[].cause]')"

step "it is killed"
program_that 'kill -KILL $$'
fails 137 '[5,"algo-3",null,9,true,[]]' "rank 5 on algo-3 was killed by signal 9 (SIGKILL)"

step "two fail on different hosts, half a second apart"
program <<'END'
#!/bin/sh
case $RANK in
  2) sleep 1; exit 4 ;;
  5) sleep 0.5; exit 5 ;;
esac
trap '' TERM
sleep 1000
END
fails 5 '[5,"algo-3",5,null,true,[]]' "rank 5 on algo-3 exited with code 5"

step "an exception in Python while the others wait for it in MPI"
if host algo-1 python3 -c 'import mpi4py' 2>/dev/null; then
  for name in "${hosts[@]}"; do
    host "$name" tee /opt/ml/code/train.py >/dev/null <<'END'
from mpi4py import MPI
if MPI.COMM_WORLD.rank == 4:
    raise ValueError("bad batch")
MPI.COMM_WORLD.Barrier()
END
  done
  configure hyperparameters '{"sagemaker_program": "train.py", "sagemaker_mpi_enabled": true,
    "sagemaker_mpi_num_of_processes_per_host": 2}'
  fails 1 '[4,"algo-3",1,null,true,[]]' "ValueError: bad batch"
else
  echo "not tested: python3 has no mpi4py"
fi
