#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Who waits for whom, with real PyTorch over gloo: each case hangs in its own way, and the rank that is named is the
# right one.
source "$(dirname "$0")/lib.sh"

# The first on PATH that has PyTorch, or Debian's.
for python in "$(command -v python3)" /usr/bin/python3; do
  ! "$python" -c 'import importlib.util, sys; sys.exit(importlib.util.find_spec("torch") is None)' || break
  python=
done
[[ -n $python ]] || skip "PyTorch is not installed (Debian: python3-torch)"
number='( [0-9]+)?' # of a collective: PyTorch before 2.4 has none that can be shown

container
cat >"$base/code/job.py" <<'END'
import ctypes, os, signal, sys, threading, time
import torch
import torch.distributed as dist

torch.set_num_threads(1)
case = sys.argv[1]


def load_batch():
    time.sleep(600)


class Slow(torch.utils.data.Dataset):
    def __len__(self):
        return 8

    def __getitem__(self, i):
        if rank == 2 and i == 2:
            load_batch()
        return torch.ones(4)


def train():
    for batch in torch.utils.data.DataLoader(Slow(), num_workers=1):
        dist.all_reduce(batch)


def swallow():
    try:
        raise ValueError("nobody hears of it")
    except ValueError:
        pass


def wait_for_result(event):
    event.wait()


def hold():
    ctypes.PyDLL(None).sleep(600)


if case == "init":
    if os.environ["RANK"] == "2":
        load_batch()
    print("ready", flush=True)
dist.init_process_group("gloo")
rank = dist.get_rank()
x = torch.ones(1000, 10)
groups = [dist.new_group([0, 1]), dist.new_group([0, 1])]
dist.all_reduce(x)
print("ready", flush=True)

if case == "missing":
    if rank == 2:
        load_batch()
    dist.all_reduce(x)
elif case == "asynchronous":
    if rank == 2:
        load_batch()
    dist.all_reduce(x, async_op=True).wait()
elif case == "other":
    if rank == 2:
        dist.all_gather([torch.ones(1000, 10) for _ in range(3)], x)
    dist.all_reduce(x)
elif case == "sizes":
    dist.all_reduce(torch.ones(7) if rank == 2 else x)
elif case == "deadlock":
    if rank < 2:
        dist.all_reduce(x, group=groups[rank])
        dist.all_reduce(x, group=groups[1 - rank])
    dist.barrier()
elif case == "loader":
    train()
elif case == "swallowed":
    if rank == 2:
        done = threading.Event()
        threading.Thread(target=swallow).start()
        wait_for_result(done)
    dist.all_reduce(x)
elif case == "stopped":
    if rank == 2:
        os.kill(os.getpid(), signal.SIGSTOP)
    dist.all_reduce(x)
elif case == "interpreter":
    if rank == 2:
        hold()
    dist.all_reduce(x)
elif case == "chain":
    if rank == 0:
        dist.all_reduce(x, group=groups[0])
    if rank == 1:
        dist.recv(x, src=2)
    load_batch()
elif case == "network":
    while not os.path.exists(sys.argv[2]):
        time.sleep(0.05)
    dist.all_reduce(x)
END

# LAUNCHER CASE ARG...: three ranks, which hang; `inside` is a command before ours.
inside=()
hangs() {
  run "${inside[@]}" "$smlaunch" --hosts localhost:3 --launcher "$1" --python "$python" --start-timeout 60 \
    --hang-timeout 3 --progress ready --failure-grace 1 -- "$base/code/job.py" "${@:2}"
  assert_eq "76 hang" "$status $(jq -r .class "$base/output/data/smlaunch/report.json")"
}
# CASE RANKS REGEX: they are pointed at, and the last sentence ends so.
case_of() {
  step "$1"
  hangs "${launcher:-ddp}" "$1"
  assert_report '.first_failure | [.rank] + .tied_with' "$2"
  [[ $(tail -n 1 <<<"$err") =~ \)\;\ $3$ ]] || fail "$err"
}

case_of missing '[2]' \
  "rank 2 \(localhost\) has not come to all_reduce$number of the default group, in which 2 ranks wait; it is in load_batch \(job.py:10\)"
assert_report '.hang_evidence.missing' '[{"rank":2,"host":"localhost","where":"load_batch (job.py:10)"}]'
assert_report '.hang_evidence.waiting | map([.group, .op, .ranks])' '[["default","all_reduce",[0,1]]]'
assert_report .hang_evidence.sentence "$(jq 'select(.event == "hang").sentence' "$base/output/data/smlaunch/events.jsonl")"
assert_report '.hang_evidence.ranks | map([.state, .waiting_in.op])' '[["sleeping","all_reduce"],["sleeping","all_reduce"],["sleeping",null]]'
run "$smlaunch" report "$base/output/data/smlaunch"
assert_contains "$out" "missing: rank 2 on localhost: load_batch (job.py:10)"

# A debugger reads the symbols of all of PyTorch for each process: from here on none is there to be asked.
mkdir "$scratch/bin"
printf '#!/bin/sh\nexit 1\n' | tee "$scratch/bin/gdb" >"$scratch/bin/eu-stack"
chmod +x "$scratch"/bin/*
PATH=$scratch/bin:$PATH

launcher=torchrun case_of missing '[2]' \
  "rank 2 \(localhost\) has not come to all_reduce$number of the default group, in which 2 ranks wait; it is in load_batch \(job.py:10\)"

case_of asynchronous '[2]' \
  "rank 2 \(localhost\) has not come to (a collective|collective [0-9]+|all_reduce [0-9]+) of the default group, (in )?which 2 ranks (wait|have begun); it is in load_batch \(job.py:10\)"

case_of other '[2]' \
  "the ranks have come to different collectives( as number [0-9]+)? of the default group: ranks 0, 1 \(localhost\) to all_reduce with \[1000, 10\] (float32|Float), rank 2 \(localhost\) to all_gather; it is in <module> \(job.py:[0-9]+\)"

case_of deadlock '[0,1]' \
  "ranks wait for each other: rank 0 \(localhost\) waits in all_reduce$number of the group [^ ]+, to which rank 1 \(localhost\) has not come; rank 1 \(localhost\) waits in all_reduce$number of the group [^ ]+, to which rank 0 \(localhost\) has not come"

case_of loader '[2]' \
  "rank 2 \(localhost\) has not come to all_reduce$number of the default group, in which 2 ranks wait; it is in train \(job.py:[0-9]+\)"

case_of swallowed '[2]' \
  "rank 2 \(localhost\) has not come to all_reduce$number of the default group, in which 2 ranks wait; it is in wait_for_result \(job.py:[0-9]+\)"

case_of stopped '[2]' \
  "2 ranks wait in all_reduce$number of the default group; rank 2 \(localhost\) does not answer, and whether it has come is not known: it is stopped by a signal"

case_of interpreter '[2]' \
  "2 ranks wait in all_reduce$number of the default group; rank 2 \(localhost\) does not answer, and whether it has come is not known: it is at job.py:[0-9]+ in hold"

case_of chain '[2]' \
  "rank 2 \(localhost\) has not come to recv with rank 2, in which 1 rank waits; it is in load_batch \(job.py:10\)"

case_of init '[2]' \
  "rank 2 \(localhost\) has not come to init_process_group, in which 2 ranks wait; it is in load_batch \(job.py:10\)"

step "ranks of torch's that the program has started itself"
cat >"$base/code/spawn.py" <<'END'
import os, time
import torch
import torch.distributed as dist


def load_batch():
    time.sleep(600)


def work(rank):
    torch.set_num_threads(1)
    dist.init_process_group("gloo", init_method="file://" + os.environ["MEET"], rank=rank, world_size=2)
    dist.barrier()
    print("ready", flush=True)
    if rank == 1:
        load_batch()
    dist.barrier()


if __name__ == "__main__":
    torch.multiprocessing.spawn(work, nprocs=2)
END
run MEET="$scratch/meet" "$smlaunch" --hosts localhost:1 --launcher ddp --python "$python" --start-timeout 60 --hang-timeout 3 \
  --progress ready --failure-grace 1 -- "$base/code/spawn.py"
assert_eq 76 "$status"
[[ $(tail -n 1 <<<"$err") =~ \)\;\ rank\ 1\ \(localhost\)\ has\ not\ come\ to\ barrier.*load_batch\ \(spawn.py:7\)$ ]] || fail "$err"

step "different sizes, which gloo itself finds out: nobody waits"
run "$smlaunch" --hosts localhost:3 --launcher ddp --python "$python" --start-timeout 60 --hang-timeout 20 \
  --failure-grace 1 -- "$base/code/job.py" sizes
assert_report .class '"user_code"'

step "without a recorder of ours PyTorch's variables and PYTHONPATH are as they were"
cat >"$base/code/show.py" <<'END'
import os
print([name for name in sorted(os.environ) if name.startswith("TORCH_")], os.environ.get("PYTHONPATH"), flush=True)
END
run "$smlaunch" --hosts localhost:1 --launcher ddp --python "$python" --flight-recorder off -- "$base/code/show.py"
assert_contains "$out" "[] "
[[ $out != *python.* ]] || fail "$out"
run "$smlaunch" --hosts localhost:1 --launcher ddp --python "$python" -- "$base/code/show.py"
assert_contains "$out" "['TORCH_FR_BUFFER_SIZE', 'TORCH_FR_DUMP_TEMP_FILE', 'TORCH_NCCL_DEBUG_INFO_TEMP_FILE', 'TORCH_NCCL_TRACE_BUFFER_SIZE']"
[[ ! -e $base/output/data/smlaunch/hang ]] || fail "an empty folder is left"
run TORCH_FR_BUFFER_SIZE=10 "$smlaunch" --hosts localhost:1 --launcher ddp --python "$python" -- "$base/code/show.py"
assert_contains "$out" "['TORCH_FR_BUFFER_SIZE']"

# The ranks meet at an address of their own, to which nothing gets any more.
step "a network that is lost"
if ((UID != 0)) || ! unshare --net iptables -L >/dev/null 2>&1; then
  echo "a network of its own needs root and iptables: without this case"
  exit 0
fi
cat >"$scratch/inside.sh" <<END
ip link set lo up
ip link add gloo0 type veth peer name gloo1
ip addr add 10.66.66.1/24 dev gloo0
ip link set gloo0 up
ip link set gloo1 up
export GLOO_SOCKET_IFNAME=gloo0
exec 3>"$scratch/cut.log"
(
  until grep -qs ready "$scratch/out" && ((\$(grep -c ready "$scratch/out") == 3)); do sleep 0.1; done
  iptables -A OUTPUT -d 10.66.66.1 -j DROP
  touch "$scratch/cut"
) >&3 2>&1 &
"\$@"
END
inside=(unshare --net bash "$scratch/inside.sh")
hangs ddp network "$scratch/cut"
[[ $(tail -n 1 <<<"$err") =~ \)\;\ no\ rank\ is\ missing:\ all\ have\ come\ to\ all_reduce ]] || fail "$err"
assert_report '.first_failure.certain' false
assert_report '.hang_evidence.missing' '[]'
