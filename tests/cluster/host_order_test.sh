#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Ranks that the user has mpirun spread over the hosts in turns are where the plan says.
source "$(dirname "$0")/job.sh"
cluster_up 3
bystanders
mpi 2
program <<'END'
#!/bin/bash
echo "$RANK $LOCAL_RANK $NODE_RANK $LOCAL_WORLD_SIZE $OMPI_COMM_WORLD_RANK $OMPI_COMM_WORLD_LOCAL_RANK $(hostname)"
END
slots() { printf 'algo-%d slots=%d\n' 1 "$1" 2 "$2" 3 "$3"; }
agree() { # MPI OPTIONS OPTION...
  local plan options=$1; shift
  plan=$(host algo-1 "$smlaunch" --dry-run --format json --smoke off --mpi-options "$options" "$@" |
    jq -r '.ranks[] | "\(.rank) \(.local_rank) \(.node_rank) \(.environment.LOCAL_WORLD_SIZE) \(.rank) \(.local_rank) \(.host)"' | sort -n)
  run 60 host algo-1 "$smlaunch" -q --smoke off --mpi-options "$options" "$@"
  assert_eq 0 "$status"
  assert_eq "$plan" "$(sed 's/^\[[^]]*\] //' <<<"$out" | sort -n)"
  [[ $err != *warning* ]] || fail "a warning: $err"
}

step "by turns"
agree "-map-by node"
assert_eq "0 0 0 2 0 0 algo-1,1 0 1 2 1 0 algo-2,2 0 2 2 2 0 algo-3,3 1 0 2 3 1 algo-1" \
  "$(sed 's/^\[[^]]*\] //' <<<"$out" | sort -n | head -n 4 | paste -sd ,)"
agree "-rank-by node"
agree "-map-by node -rank-by slot"

step "by turns, as Open MPI's variables and file of parameters ask for"
with() { SMLAUNCH_CLUSTER_ENV="$SMLAUNCH_CLUSTER_ENV OMPI_MCA_rmaps_base_$1" agree "${@:2}"; }
with mapping_policy=node ""
assert_eq "0 0 0 2 0 0 algo-1,1 0 1 2 1 0 algo-2" "$(sed 's/^\[[^]]*\] //' <<<"$out" | sort -n | head -n 2 | paste -sd ,)"
with ranking_policy=node "-map-by slot"
with mapping_policy=--bynode "-map-by slot"
host algo-1 sh -c 'mkdir -p ~/.openmpi && echo "rmaps_base_mapping_policy = node" > ~/.openmpi/mca-params.conf'
agree ""
assert_eq "0 0 0 2 0 0 algo-1,1 0 1 2 1 0 algo-2" "$(sed 's/^\[[^]]*\] //' <<<"$out" | sort -n | head -n 2 | paste -sd ,)"
host algo-1 sh -c 'rm -r ~/.openmpi'

step "by turns over hosts with different slots, all of them and not all"
slots 1 4 2 | host algo-1 tee /tmp/hosts >/dev/null
for options in "-map-by node" "-rank-by node" "-map-by node -rank-by slot" "-map-by slot -rank-by node"; do
  agree "$options" --hostfile /tmp/hosts
done
slots 4 1 4 | host algo-1 tee /tmp/hosts >/dev/null
mpi 2 '"sagemaker_mpi_num_processes": 6'
for options in "-map-by node" "-rank-by node"; do
  agree "$options" --hostfile /tmp/hosts
  assert_eq 6 "$(wc -l <<<"$out")"
done
assert_nothing_left
