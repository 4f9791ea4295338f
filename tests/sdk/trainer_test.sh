#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# A ModelTrainer job of the real SDK v3, by its own drivers and by smlaunch: same arguments, same variables.
# trainer_test.sh HOSTS [CASES]: all cases but those by Smlaunch, or only these
source "$(dirname "$0")/../cluster/lib.sh"
smlaunch=${SMLAUNCH:?the program under test}
folder=${SMLAUNCH_SDK:?the folder with the SDK}
here=$(cd "$(dirname "$0")" && pwd)
count=$1
cases=${2-none torchrun mpi}
python=$folder/sdk/bin/python
"$python" -c 'import sagemaker.train.distributed' 2>/dev/null || skip "the SDK is not there: tests/sdk/build $folder"
SMLAUNCH_CLUSTER_BIND=$folder
export SMLAUNCH_CLUSTER_BIND
cluster_up "$count"
for name in "${hosts[@]}"; do host "$name" ln -s "$smlaunch" /usr/local/bin/smlaunch; done
path=$folder/sdk/bin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
names=$(printf '"%s",' "${hosts[@]}")

prepare() { # CASE: the job in every host
  rm -rf "$scratch/tree-$1"
  "$python" "$here/make_tree.py" "$1" "$scratch/tree-$1"
  local each interface=eth0
  # As local mode has it; SDK's MPI driver would hand it to mpirun, which then fails.
  ((count > 1)) || [[ $1 == mpi ]] || interface=ethwe
  for each in "${hosts[@]}"; do
    host "$each" bash -c 'rm -rf /opt/ml/*; mkdir -p /opt/ml/{model,output/data}'
    tar -C "$scratch/tree-$1" -c . | host "$each" tar -x --no-same-owner -C /opt/ml
    host "$each" tee /opt/ml/input/config/resourceconfig.json >/dev/null <<END
{"current_host": "$each", "hosts": [${names%,}], "network_interface_name": "$interface",
 "current_instance_type": "local", "current_group_name": "homogeneousCluster", "instance_groups":
 [{"instance_group_name": "homogeneousCluster", "instance_type": "local", "hosts": [${names%,}]}]}
END
  done
}

# On all hosts at once, as the platform starts a job. Without PET_* no torchrun of PyTorch 1 starts on Python 3.11.
everywhere() { # COMMAND...
  local each pids=() pid failed=
  for each in "${hosts[@]}"; do
    timeout --kill-after=5 200 "$cluster" exec "$each" env PATH="$path" TRAINING_JOB_NAME=job SMLAUNCH_SMOKE=off \
      OMP_NUM_THREADS=1 PET_REDIRECTS=1 PET_TEE=1 "$@" </dev/null >"$scratch/$each.log" 2>&1 &
    pids+=("$!")
  done
  for pid in "${pids[@]}"; do wait "$pid" || failed=yes; done
  [[ -z $failed ]] || fail "$* failed: $(tail -n 15 "$scratch"/algo-*.log)"
}

collect() { # NAME: what the ranks of each host have seen, all in one folder
  local each
  mkdir -p "$scratch/$1"
  for each in "${hosts[@]}"; do
    host "$each" bash -c '[[ ! -d /opt/ml/output/seen ]] || tar -C /opt/ml/output/seen -c .' >"$scratch/seen.tar"
    [[ ! -s $scratch/seen.tar ]] || tar -C "$scratch/$1" --transform "s,^\./,$each-," -xf "$scratch/seen.tar"
  done
  find "$scratch/$1" -type d -empty -delete
}

compare() { # ENV-FILE THEIRS OURS
  local words
  words=$("$python" "$here/compare.py" "$@") || fail "$words"
  echo "$words"
}

for case in $cases; do
  [[ $case != torchrun ]] || command -v torchrun >/dev/null || continue
  [[ $case != mpi ]] || command -v mpirun >/dev/null || continue
  step "$case, by the SDK's driver on $count"
  prepare "$case"
  everywhere bash /opt/ml/input/data/sm_drivers/sm_train.sh
  host algo-1 cat /opt/ml/input/sm_training.env >"$scratch/env"
  collect "theirs-$case"
  for way in smlaunch train; do
    step "$case, by $way"
    prepare "$case"
    everywhere bash -c 'cd / && exec -a "$1" smlaunch' bash "$way"
    collect "$way-$case"
    compare "$scratch/env" "$scratch/theirs-$case" "$scratch/$way-$case"
  done
done

step "Smlaunch's driver starts it from the SDK's script"
prepare smlaunch
everywhere bash /opt/ml/input/data/sm_drivers/sm_train.sh
host algo-1 cat /opt/ml/input/sm_training.env >"$scratch/env"
collect ours
assert_eq $((2 * count)) "$(find "$scratch/ours" -name '*.json' | wc -l)"
prepare smlaunch
everywhere smlaunch
collect again
compare "$scratch/env" "$scratch/ours" "$scratch/again"

step "so does a command"
prepare command
everywhere bash /opt/ml/input/data/sm_drivers/sm_train.sh
collect command
# The script's variables are those of the job without a distribution, which has another command in its files.
assert_eq "$count" "$(find "$scratch/command" -name '*.json' | wc -l)"

step "a container without smlaunch says how to get it"
prepare smlaunch
host algo-1 rm /usr/local/bin/smlaunch
if ! host algo-1 env PATH="$path" bash -c 'command -v smlaunch' >/dev/null; then
  run 60 host algo-1 env PATH="$path" TRAINING_JOB_NAME=job bash /opt/ml/input/data/sm_drivers/sm_train.sh
  assert_eq 71 "$status"
  assert_contains "$(host algo-1 cat /opt/ml/output/failure)" "smlaunch is not on PATH in this container"
fi
