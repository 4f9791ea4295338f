#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# PyTorch's own launcher, and the ranks that smlaunch starts for torch.distributed itself: two ranks add up over gloo.
source "$(dirname "$0")/lib.sh"
needs torchrun
python=$(sed -n '1s/^#! *//p' "$(command -v torchrun)")
"$python" -c 'import importlib.util, sys; sys.exit(importlib.util.find_spec("torch") is None)' || skip "PyTorch is not installed for $python"

# On a busy machine torchrun takes its time to say what it has to say of a failure.
export SMLAUNCH_FAILURE_GRACE=60
container
cat >"$base/code/train.py" <<'END'
import os, sys
import torch
import torch.distributed as dist

dist.init_process_group("gloo")
sum = torch.tensor([float(dist.get_rank() + 1)])
dist.all_reduce(sum)
print("rank", dist.get_rank(), "of", dist.get_world_size(), "has", sum.item(), sys.argv[1:], flush=True)
END
cat >"$base/code/fail.py" <<'END'
import os, sys, time
if os.environ["RANK"] == "1":
    sys.exit(7)
time.sleep(60)
END

step "torchrun, as the hyperparameters say"
hyperparameters '{"sagemaker_program": "train.py", "sagemaker_torch_distributed_enabled": true, "lr": 0.1,
  "sagemaker_mpi_num_of_processes_per_host": 2}'
run "$smlaunch" --dry-run --format json
assert_eq 0 "$status"
assert_eq '["torchrun","torchrun",2]' "$(jq -c '[.launcher, .engine, .world_size]' <<<"$out")"
assert_eq "[\"--nnodes\",\"1\",\"--nproc_per_node\",\"2\",\"--no_python\",\"$smlaunch\",\"rank\",\"--of-starter\",\"--\",\"$python\",\"-u\",\"train.py\",\"--lr\",\"0.1\"]" \
  "$(jq -c '.command[1:]' <<<"$out")"
run "$smlaunch"
assert_success
for rank in 0 1; do assert_contains "$out" "[$rank algo-1] rank $rank of 2 has 3.0 ['--lr', '0.1']"; done
[[ $(grep -vc '^\[[01] algo-1\] ' "$scratch/out") == 0 ]] || fail "a line has no prefix: $out"

step "each rank's lines by themselves: shown, and in files; each rank where the plan has it"
cat >"$base/code/tell.py" <<'END'
import os, sys
print("cpus", ",".join(map(str, sorted(os.sched_getaffinity(0)))), "parent is torchrun:",
      b"torchrun" in open("/proc/%d/cmdline" % os.getppid(), "rb").read(), [n for n in os.environ if n.startswith("SMLAUNCH_AGENT")])
sys.stderr.write("words of rank " + os.environ["RANK"])
END
hyperparameters '{"sagemaker_program": "tell.py", "sagemaker_torch_distributed_enabled": true,
  "sagemaker_mpi_num_of_processes_per_host": 2}'
run "$smlaunch" --dry-run --format json
mapfile -t planned < <(jq -r '.ranks[].cpus' <<<"$out")
run "$smlaunch" --only-ranks 1 --log-dir "$scratch/logs"
assert_success
assert_eq 1 "$(wc -l <"$scratch/out")"
cpus=$(sed -n 's/^\[1 algo-1\] cpus \(.*\) parent is torchrun: True \[\]$/\1/p' "$scratch/out")
assert_contains "$err" "[1 algo-1] words of rank 1"
[[ $err != *"words of rank 0"* ]] || fail "rank 0 is shown: $err"
for rank in 0 1; do
  assert_contains "$(<"$scratch/logs/rank-$rank.stdout")" "cpus "
  assert_contains "$(<"$scratch/logs/rank-$rank.stderr")" "words of rank $rank"
done
if [[ ${planned[1]} =~ ^[0-9]+$ ]]; then assert_eq "${planned[1]}" "$cpus"; fi

step "the report lists the ranks, and torchrun by itself"
assert_report '[.ranks[] | [.rank, .host, .exit_code, .cause]]' '[[0,"algo-1",0,"own"],[1,"algo-1",0,"own"]]'
assert_report '[.ranks[], .starters[] | .pid] | unique | length' 3
assert_report '.starters | map([.host, .first_rank, .exit_code])' '[["algo-1",0,0]]'
assert_eq '[[0,"exit"],[0,"spawn"],[1,"exit"],[1,"spawn"]]' \
  "$(jq -sc '[.[] | select(.rank != null and (.event | test("spawn|exit"))) | [.rank, .event]] | sort' \
    "$base/output/data/smlaunch/events.jsonl")"

step "a rank that is not there is not shown"
run "$smlaunch" --only-ranks 2
assert_eq 64 "$status"
assert_contains "$err" "there is no rank 2, they are 0 to 1"

step "the failing rank's own code, not torchrun's"
hyperparameters '{"sagemaker_program": "fail.py", "sagemaker_torch_distributed_enabled": true,
  "sagemaker_mpi_num_of_processes_per_host": 2}'
run "$smlaunch"
assert_eq 7 "$status"
assert_contains "$(<"$base/output/failure")" "user_code: rank 1 on algo-1 exited with code 7, says torchrun"
assert_report '[.ranks[] | [.rank, .exit_code, .signal, .cause]]' '[[0,null,15,"collateral"],[1,7,null,"own"]]'
assert_nothing_left 5

# torchrun takes a rank away when it next looks, and starts both again: the end of each must have been seen by then.
step "no end of a rank is missed, however soon it comes, and how often"
cat >"$base/code/fast.sh" <<'END'
#!/bin/sh
[ "$RANK" = 1 ] || exec sleep 60
exit 7
END
hyperparameters '{"sagemaker_program": "fast.sh", "sagemaker_torch_distributed_enabled": true,
  "sagemaker_mpi_num_of_processes_per_host": 2}'
rm "$base/output/failure"
PET_MAX_RESTARTS=15 run "$smlaunch"
assert_eq 7 "$status"
events=$base/output/data/smlaunch/events.jsonl
ends_of_rank() { jq -sc --argjson rank "$1" 'map(select(.rank == $rank and (.event | test("^(exit|signal)$"))) | [.exit_code, .signal]) | unique' "$events"; }
assert_eq 16 "$(jq -s 'map(select(.rank == 1 and .event == "spawn") | .pid) | unique | length' "$events")"
assert_eq 16 "$(jq -s 'map(select(.rank == 1 and .exit_code == 7) | .pid) | unique | length' "$events")"
# Before Linux 6.15 torchrun, which waits for those that it ends itself, may be the only one to see how they ended.
if printf '6.15\n%s\n' "$(uname -r)" | sort -CV; then
  assert_eq '[[7,null]]' "$(ends_of_rank 1)"
  assert_eq '[[null,15]]' "$(ends_of_rank 0)"
fi

step "the exception is not that of a rank which has lost its peer"
cat >"$base/code/blame.py" <<'END'
import torch
import torch.distributed as dist

dist.init_process_group("gloo")
dist.all_reduce(torch.ones(1))
if dist.get_rank() == 1:
    raise ValueError("the real reason")
for _ in range(1000):
    dist.all_reduce(torch.ones(1))
END
hyperparameters '{"sagemaker_program": "blame.py", "sagemaker_torch_distributed_enabled": true,
  "sagemaker_mpi_num_of_processes_per_host": 3}'
rm "$base/output/failure"
run "$smlaunch"
assert_eq 1 "$status"
assert_contains "$(tail -n 1 "$scratch/err")" "ValueError: the real reason"
shown=$(head -c 1024 "$base/output/failure")
assert_contains "$shown" $'Traceback (most recent call last):\n  File "'"$base/code/blame.py"$'", line 7, in <module>\n'
[[ $shown != *"by peer"* ]] || fail "a rank that lost its peer is blamed: $shown"
assert_contains "$(<"$base/output/failure")" "Root Cause (first observed failure):"

step "the words of a rank stand before torchrun's"
cat >"$base/code/words.py" <<'END'
import os, sys, time
if os.environ["RANK"] == "1":
    sys.exit("conf.yaml lacks lr")
time.sleep(60)
END
hyperparameters '{"sagemaker_program": "words.py", "sagemaker_torch_distributed_enabled": true,
  "sagemaker_mpi_num_of_processes_per_host": 2}'
rm "$base/output/failure"
run "$smlaunch"
assert_eq 1 "$status"
read -r first <"$base/output/failure"
assert_contains "$first" "rank 1 on algo-1 exited with code 1, says torchrun"
assert_contains "$first" "its last words: conf.yaml lacks lr"

step "a recorded traceback is that of the rank with a reason of its own"
cat >"$base/code/record.py" <<'END'
import os, time
from torch.distributed.elastic.multiprocessing.errors import record

# torchrun looks at its ranks only now and then.
def has_ended(file):
    try:
        pid = open(file).read()
    except FileNotFoundError:
        return False
    try:
        return open("/proc/" + pid + "/stat").read().rpartition(")")[2].split()[0] == "Z"
    except OSError:
        return True

@record
def main():
    if os.environ["RANK"] == "0":
        while not has_ended(os.environ["RANK_1"]):
            time.sleep(0.05)
        raise RuntimeError("Connection closed by peer [127.0.0.1]:1234")
    with open(os.environ["RANK_1"] + ".new", "w") as file:
        file.write(str(os.getpid()))
    os.rename(file.name, os.environ["RANK_1"])
    raise ValueError("bad shard 7")

main()
END
hyperparameters '{"sagemaker_program": "record.py", "sagemaker_torch_distributed_enabled": true,
  "sagemaker_mpi_num_of_processes_per_host": 2}'
rm "$base/output/failure"
RANK_1=$scratch/rank-1 run "$smlaunch"
read -r first <"$base/output/failure"
assert_contains "$first" "rank 1 on algo-1 exited with code 1"
assert_contains "$first" ": ValueError: bad shard 7"
assert_report .first_failure.rank 1

step "a rank that leaves with 0 while its peers still need it is named, not the peer"
cp "$(dirname "$0")/../programs/leave_early.py" "$base/code/"
hyperparameters '{"sagemaker_program": "leave_early.py", "sagemaker_torch_distributed_enabled": true,
  "sagemaker_mpi_num_of_processes_per_host": 2}'
rm "$base/output/failure"
MEETING=$scratch/meeting run "$smlaunch"
assert_eq 1 "$status"
read -r first <"$base/output/failure"
assert_contains "$first" "rank 1 on algo-1 ended with code 0"
assert_contains "$first" "while others still ran; then rank 0 on algo-1 exited with code 1, says torchrun"
assert_report '[.first_failure.rank, .first_failure.exit_code]' '[1,0]'
assert_report '[.ranks[] | [.rank, .exit_code, .cause]]' '[[0,1,"collateral"],[1,0,"own"]]'

step "a hang is told rank by rank"
cat >"$base/code/hang.py" <<'END'
import os, time
def load_batch(): time.sleep(600)
def wait_for_peer(): time.sleep(600)
print("step 0", flush=True)
# As a DataLoader starts its workers.
for worker in range(2 if os.environ["RANK"] == "1" else 0):
    if os.fork() == 0: time.sleep(600)
load_batch() if os.environ["RANK"] == "1" else wait_for_peer()
END
hyperparameters '{"sagemaker_program": "hang.py", "sagemaker_torch_distributed_enabled": true,
  "sagemaker_mpi_num_of_processes_per_host": 3}'
rm "$base/output/failure"
run "$smlaunch" --hang-timeout 8 --failure-grace 1
assert_eq 76 "$status"
assert_contains "$(tail -n 1 "$scratch/err")" \
  "rank 1 on algo-1 is elsewhere than the 2 others: hang.py:2 in load_batch; they: hang.py:3 in wait_for_peer"
assert_report '[.hang[] | .rank]' '[0,1,2]'
assert_report .first_failure.rank 1

step "and every process of the host is there: what loads the ranks' data, and torchrun itself"
assert_report '.hang[1].processes | length >= 3' true
assert_report '.hang[2].processes | length' 1
# PyTorch 2's torchrun calls itself pt_elastic.
assert_report '.hang[0].processes | map(.name) | any(. == "torchrun" or . == "pt_elastic")' true
[[ $err =~ $'\nsmlaunch:   what started the ranks on algo-1:\nsmlaunch:     '(torchrun|pt_elastic)' (pid ' ]] || fail "$err"

step "a command is made executable"
printf '#!/bin/sh\necho "command $RANK"\n' >"$base/code/command"
chmod 644 "$base/code/command"
hyperparameters '{"sagemaker_program": "command", "sagemaker_torch_distributed_enabled": true,
  "sagemaker_mpi_num_of_processes_per_host": 2}'
rm "$base/output/failure"
run "$smlaunch"
assert_success
for rank in 0 1; do assert_contains "$out" "command $rank"; done
assert_eq 755 "$(stat -c %a "$base/code/command")"

step "ddp"
cd "$base/code"
run "$smlaunch" --hosts localhost:2 --launcher ddp --python "$python" -- train.py
assert_success
for rank in 0 1; do assert_contains "$out" "[$rank localhost] rank $rank of 2 has 3.0"; done
