#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Sixteen hosts in one run, and hosts of different sizes.
source "$(dirname "$0")/job.sh"
cluster_up 16
bystanders
mpi 1
program <<'END'
#!/bin/sh
for i in 1 2 3; do echo "rank $RANK of $WORLD_SIZE on $(hostname) line $i"; done
END

step "every rank on its host, every line once"
for name in "${hosts[@]}"; do start "$name" "$smlaunch" -q; done
over 0 success 60 algo-1
for i in {1..16}; do
  for line in 1 2 3; do echo "[$((i - 1)) algo-$i] rank $((i - 1)) of 16 on algo-$i line $line"; done
done | sort >"$scratch/expected"
assert_eq '' "$(sort "$scratch/algo-1.out" | diff "$scratch/expected" -)"
over 0 success 2 "${hosts[@]:1}"

step "one of sixteen fails"
program <<'END'
#!/bin/sh
[ "$RANK" != 11 ] || exit 3
sleep 1000
END
for name in "${hosts[@]}"; do start "$name" "$smlaunch" -q; done
over 3 failure 60 algo-1
assert_contains "$err" "rank 11 on algo-12 exited with code 3"
over 3 failure 2 "${hosts[@]:1}"
assert_nothing_left

step "hosts of different sizes, from the command line and from a file"
configure hyperparameters '{}'
program <<'END'
#!/bin/sh
echo "$RANK $LOCAL_RANK/$LOCAL_WORLD_SIZE $NODE_RANK $(hostname)"
END
expected="[0 algo-1] 0 0/1 0 algo-1;[1 algo-2] 1 0/3 1 algo-2;[2 algo-2] 2 1/3 1 algo-2;[3 algo-2] 3 2/3 1 algo-2;\
[4 algo-3] 4 0/2 2 algo-3;[5 algo-3] 5 1/2 2 algo-3"
run 30 host algo-1 "$smlaunch" --hosts algo-1:1,algo-2:3,algo-3:2 -- /opt/ml/code/train.sh
assert_eq "0 $expected" "$status $(sort <<<"$out" | paste -sd ';')"
host algo-1 tee /root/hosts >/dev/null <<'END'
# of different sizes
algo-1 slots=1
algo-2 slots=3
algo-3 slots=2
END
run 30 host algo-1 "$smlaunch" --hostfile /root/hosts --launcher ddp -- /opt/ml/code/train.sh
assert_eq "0 $expected" "$status $(sort <<<"$out" | paste -sd ';')"
assert_nothing_left
