#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# MPI options where no mpirun starts the ranks.
source "$(dirname "$0")/lib.sh"

container
# shellcheck disable=SC2016
printf '#!/bin/sh\necho "$RANK $MINE $NCCL_DEBUG $(pwd)"\n' >"$base/code/train"
chmod 755 "$base/code/train"
ddp='"sagemaker_program": "train", "sagemaker_pytorch_ddp_enabled": true, "sagemaker_mpi_num_of_processes_per_host": 2'
with_options() { hyperparameters "{$ddp, \"$1\": \"$2\"}"; }
sorted() { sed 's/^\[[^]]*\] //' <<<"$out" | sort; }

step "launcher ddp on one host: variables and the folder count, the rest is named"
with_options sagemaker_distributed_dataparallel_custom_mpi_options "-x MINE=7 --NCCL_DEBUG WARN -mca btl tcp,self"
run "$smlaunch"
assert_success
assert_eq $'0 7 WARN '"$base/code"$'\n1 7 WARN '"$base/code" "$(sorted)"
assert_contains "$err" "smlaunch: warning: hyperparameter sagemaker_distributed_dataparallel_custom_mpi_options: not used, for \
launcher ddp starts the ranks of one host without mpirun: -mca btl tcp,self"
with_options sagemaker_mpi_custom_mpi_options "-x MINE=8"
run "$smlaunch"
assert_success
assert_eq $'0 8  '"$base/code"$'\n1 8  '"$base/code" "$(sorted)"
[[ $err != *warning* ]] || fail "$err"
mkdir "$scratch/folder"
mv "$base/code/train" "$scratch/folder"
run "$smlaunch" --mpi-options "-x MINE=9 -wdir $scratch/folder"
assert_success
assert_eq "0 9  $scratch/folder"$'\n'"1 9  $scratch/folder" "$(sorted)"
mv "$scratch/folder/train" "$base/code"

step "what is malformed is refused as on several hosts"
for options in "-x" "-np 3" "stray" "-x 'A"; do
  with_options sagemaker_distributed_dataparallel_custom_mpi_options "$options"
  run "$smlaunch"
  assert_eq 78 "$status"
  assert_contains "$err" "hyperparameter sagemaker_distributed_dataparallel_custom_mpi_options"
done
hyperparameters "{$ddp, \"sagemaker_mpi_custom_mpi_options\": 7}"
run "$smlaunch"
assert_eq 78 "$status"

step "launcher process has no use for them, and says so"
hyperparameters '{"sagemaker_program": "train", "sagemaker_mpi_custom_mpi_options": "-x MINE=1"}'
run "$smlaunch"
assert_success
[[ $err != *warning* ]] || fail "$err"
run "$smlaunch" --mpi-options "-x MINE=1"
assert_success
assert_contains "$err" "smlaunch: warning: option --mpi-options: not used, for launcher process starts no mpirun here"
run SMLAUNCH_MPI_OPTIONS="-x MINE=1" "$smlaunch"
assert_contains "$err" "smlaunch: warning: variable SMLAUNCH_MPI_OPTIONS: not used"

step "a policy of Open MPI's variables that cannot be read is named, where nothing replaces it"
hyperparameters '{"sagemaker_program": "train", "sagemaker_mpi_enabled": true}'
run OMPI_MCA_rmaps_base_mapping_policy=--bynode "$smlaunch" --dry-run
assert_eq 78 "$status"
assert_contains "$err" "OMPI_MCA_rmaps_base_mapping_policy of the environment: '--bynode' is no mapping policy of Open MPI's"
run OMPI_MCA_rmaps_base_mapping_policy=--bynode "$smlaunch" --dry-run --mpi-options "--map-by node"
assert_success
run OMPI_MCA_rmaps_base_mapping_policy= "$smlaunch" --dry-run
assert_success
run OMPI_MCA_rmaps_base_mapping_policy=node "$smlaunch" --dry-run
assert_success
assert_contains "$out" "-map-by node"

step "a file of parameters is merged as Open MPI's variables are"
command -v mpirun >/dev/null || exit 0
mkdir -p "$scratch/home/.openmpi"
for setting in "mca_base_env_list = MINE=of the file;NCCL_DEBUG" "oob_tcp_if_exclude = docker0"; do
  echo "$setting" >"$scratch/home/.openmpi/mca-params.conf"
  run HOME="$scratch/home" "$smlaunch" --smoke off
  assert_success
  [[ $setting != *MINE* ]] || assert_contains "$out" "of the file INFO"
done

step "a pipe in the place of such a file is named before mpirun waits for it"
for file in .openmpi/mca-params.conf .pmix/mca-params.conf; do
  rm -rf "${scratch:?}/home"
  mkdir -p "$scratch/home/${file%/*}"
  mkfifo "$scratch/home/$file"
  run HOME="$scratch/home" "$smlaunch" --smoke off
  assert_eq 78 "$status"
  assert_contains "$err" "$scratch/home/$file: is a pipe, and mpirun, which opens it first of all, would wait for ever; put a \
file of MCA parameters there, or remove it"
done

step "in a batch job the hosts that are given count, and their slots"
run SLURM_JOB_ID=1 SLURM_JOBID=1 SLURM_NODELIST=elsewhere SLURM_JOB_NODELIST=elsewhere SLURM_NNODES=1 SLURM_JOB_NUM_NODES=1 \
  SLURM_TASKS_PER_NODE=1 SLURM_JOB_CPUS_PER_NODE=1 "$smlaunch" --hosts localhost:2 --launcher mpi --smoke off -- true
assert_success
