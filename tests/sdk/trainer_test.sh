#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# A ModelTrainer job of the real SDK v3, by its own drivers and by smlaunch: same arguments, same variables.
# trainer_test.sh HOSTS [CASES]: all cases, or only these
source "$(dirname "$0")/../cluster/lib.sh"
smlaunch=${SMLAUNCH:?the program under test}
folder=${SMLAUNCH_SDK:?the folder with the SDK}
here=$(cd "$(dirname "$0")" && pwd)
count=$1
cases=${2-none torchrun mpi smlaunch local tested command packed absent}
python=$folder/sdk/bin/python
"$python" -c 'import sagemaker.train.model_trainer' 2>/dev/null || skip "the SDK is not there: tests/sdk/build $folder"
SMLAUNCH_CLUSTER_BIND=$folder
export SMLAUNCH_CLUSTER_BIND
cluster_up "$count"
for name in "${hosts[@]}"; do host "$name" ln -s "$smlaunch" /usr/local/bin/smlaunch; done
path=$folder/sdk/bin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin

prepare() { # CASE MODE: the job in every host
  local each tree=$scratch/tree-$1-$2
  [[ -e $tree/command ]] || "$python" "$here/make_tree.py" "$1" "$count" "$2" "$tree"
  for each in "${hosts[@]}"; do
    host "$each" bash -c 'rm -rf /opt/ml/*; mkdir -p /opt/ml/{model,output/data}'
    tar -C "$tree/$each" -c . | host "$each" tar -x --no-same-owner -C /opt/ml
  done
  start=$(<"$tree/command")
}

# On all hosts at once, as the platform starts a job. Without PET_* no torchrun of PyTorch 1 starts on Python 3.11.
everywhere() { # COMMAND...
  local each pids=() pid failed=
  for each in "${hosts[@]}"; do
    timeout --kill-after=5 300 "$cluster" exec "$each" env PATH="$path" TRAINING_JOB_NAME=job SMLAUNCH_SMOKE=off \
      OMP_NUM_THREADS=1 PET_REDIRECTS=1 PET_TEE=1 "$@" </dev/null >"$scratch/$each.log" 2>&1 &
    pids+=("$!")
  done
  for pid in "${pids[@]}"; do wait "$pid" || failed=yes; done
  [[ -z $failed ]] || fail "$* failed: $(tail -n 15 "$scratch"/algo-*.log)"
}

# collect NAME: what the ranks of each host have seen, all in one folder
collect() {
  local each
  mkdir -p "$scratch/$1"
  for each in "${hosts[@]}"; do
    host "$each" bash -c '[[ ! -d /opt/ml/output/seen ]] || tar -C /opt/ml/output/seen -c .' >"$scratch/seen.tar"
    [[ ! -s $scratch/seen.tar ]] || tar -C "$scratch/$1" --transform "s,^\./,$each-," -xf "$scratch/seen.tar"
  done
  find "$scratch/$1" -type d -empty -delete
}

by_the_script() { # CASE MODE: by the SDK's script; what is seen goes to $scratch/CASE-MODE
  step "$1 ($2), by the SDK's script on $count"
  prepare "$1" "$2"
  everywhere bash -c "$start"
  host algo-1 cat /opt/ml/input/sm_training.env >"$scratch/env-$1-$2"
  collect "$1-$2"
}

by_ourselves() { # CASE MODE: smlaunch and train, as an image starts them; what is seen goes to $scratch/WAY-CASE-MODE
  local way
  for way in smlaunch train; do
    step "$1 ($2), by $way"
    prepare "$1" "$2"
    everywhere bash -c 'cd / && exec -a "$1" smlaunch' bash "$way"
    collect "$way-$1-$2"
  done
}

compare() { # rank|host THEIRS OURS RANKS; see compare.py
  local words
  words=$("$python" "$here/compare.py" "$1" "$scratch/env-$2" "$scratch/$2" "$scratch/$3" "$4") || fail "$3: $words"
  echo "$3 as $2: $words"
}

# The drivers are the SDK's; its MPI driver would hand local mode's interface to mpirun, which then fails.
by_their_drivers() { # CASE MODE RANKS
  by_the_script "$1" "$2"
  by_ourselves "$1" "$2"
  for way in smlaunch train; do compare rank "$1-$2" "$way-$1-$2" "$3"; done
}

try_none() {
  by_their_drivers none cloud "$count"
  ((count > 1)) || by_their_drivers none local 1
}
try_torchrun() {
  command -v torchrun >/dev/null || return 0
  by_their_drivers torchrun cloud $((2 * count))
}
try_mpi() {
  command -v mpirun >/dev/null || return 0
  by_their_drivers mpi cloud $((count * (count > 1 ? count : 2)))
}

# What the SDK's own drivers give the same script is known from the job without a distribution.
try_smlaunch() { # [MODE]
  local mode=${1:-cloud} way
  by_the_script smlaunch "$mode"
  by_ourselves smlaunch "$mode"
  for way in smlaunch train; do
    compare rank "smlaunch-$mode" "$way-smlaunch-$mode" $((2 * count))
  done
  [[ -e $scratch/none-$mode ]] || by_the_script none "$mode"
  compare host "none-$mode" "smlaunch-$mode" $((2 * count))
}
# No machine has its interface.
try_local() { try_smlaunch local; }

try_command() {
  by_the_script command cloud
  [[ -e $scratch/none-cloud ]] || by_the_script none cloud
  compare rank none-cloud command-cloud "$count"
}

# The SDK brings a source_dir that is a tar.gz as it is, and its script unpacks it where it lies.
try_packed() {
  by_their_drivers packed cloud "$count"
  prepare packed cloud
  step "packed, a program behind the dashes"
  everywhere bash -c 'cd / && exec smlaunch -- train.py --own 1'
  collect packed-given
  assert_eq "$count" "$(find "$scratch/packed-given" -name '*.json' | wc -l)"
  assert_contains "$(<"$scratch/packed-given/algo-$count-0.json")" '"train.py", "--own", "1"], "folder": "/opt/ml/input/data/code"'
}

try_tested() {
  command -v mpirun >/dev/null || return 0
  by_the_script tested cloud
  assert_eq '["success","pass","mpi-cpu"]' \
    "$(host algo-1 jq -c '[.outcome, .smoke.verdict, .smoke.backend]' /opt/ml/output/data/smlaunch/report.json)"
  ((count == 1)) || return 0
  step "a program that fails is told by smlaunch, and its exit code passes through the SDK's script"
  prepare tested cloud
  run 120 host algo-1 env PATH="$path" TRAINING_JOB_NAME=job END_WITH=7 bash -c "$start"
  assert_eq 7 "$status"
  assert_contains "$(host algo-1 head -n 1 /opt/ml/output/failure)" "user_code: rank"
}

try_absent() {
  step "a container without smlaunch says how to get it"
  prepare smlaunch cloud
  local folders name
  # This machine may have one of its own in another folder.
  host algo-1 rm /usr/local/bin/smlaunch
  folders=$(host algo-1 bash -c 'IFS=:; for folder in $1; do [[ -x $folder/smlaunch ]] || printf "%s:" "$folder"; done' bash "$path")
  run 60 host algo-1 env PATH="${folders%:}" TRAINING_JOB_NAME=job bash -c "$start"
  host algo-1 ln -s "$smlaunch" /usr/local/bin/smlaunch
  assert_eq 71 "$status"
  for name in "$err" "$(host algo-1 cat /opt/ml/output/failure)"; do
    assert_contains "$name" "smlaunch is not on PATH in this container"
    assert_contains "$name" "Put it into the image"
  done
}

for case in $cases; do "try_$case"; done
