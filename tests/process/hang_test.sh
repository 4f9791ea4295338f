#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# A job in which nobody prints any more is found out, said where it stands, and stopped.
source "$(dirname "$0")/lib.sh"

python=/usr/bin/python3
[[ -x $python ]] || skip "there is no $python"
write_program() { # PYTHON LINES that come first
  cat >"$base/code/train.py" <<END
import os, time
$1
print("step 1", flush=True)
def load():
    time.sleep(600)
def all_reduce():
    while True:
        time.sleep(0.01)
load() if os.environ["RANK"] == "2" else all_reduce()
END
}
hangs() {
  run "$smlaunch" --hosts localhost:4 --launcher ddp --python "$python" --hang-timeout 2 --failure-grace 1 -- \
    "$base/code/train.py"
  assert_eq 76 "$status"
  assert_report '[.outcome, .class, .exit_code]' '["failure","hang",76]'
  assert_eq "$(tail -n 1 <<<"$err" | sed 's/^smlaunch: //')" "$(jq -r .message "$base/output/data/smlaunch/report.json")"
  assert_nothing_left
}
odd="rank 2 on localhost is elsewhere than the 3 others: train.py:5 in load; they: train.py:8 in all_reduce"

step "a thread of ours in each rank tells, and no rank is asked by a signal"
container
write_program 'print(os.environ["PYTHONPATH"].split(":")[0], flush=True)'
hangs
[[ $err =~ "smlaunch: the job hangs: no rank has printed anything for "[2-9]" s; $odd"$ ]] || fail "$err"
[[ $err == *"(its own thread)"* && $err != *"Fatal Python error"* ]] || fail "$err"
assert_report '[.hang_evidence | .waiting, .missing]' '[[],[]]'
assert_report '.hang_evidence.ranks[2] | [.rank, .state, .stacks[0][0]]' '[2,"sleeping","train.py:5 in load"]'
assert_eq '"load"' "$(jq -c '.threads[0].frames[0][0]' "$base/output/data/smlaunch/hang/rank-2.json")"
assert_eq 4 "$(grep -c '/smlaunch[^ ]*/python\.' <<<"$out")"
for folder in $(sed -n 's/^\[. localhost\] \(\/.*\)/\1/p' <<<"$out"); do [[ ! -e $folder ]] || fail "$folder is left"; done

step "NCCL is asked on its port, which an imitation in rank 0 serves, and its answer lies beside the report"
container
write_program 'import json, socket, threading
def serve(listener):
    connection = listener.accept()[0]
    for line in connection.makefile("rb"):
        if line == b"CLIENT PROTOCOL 2\n":
            connection.sendall(b"SERVER PROTOCOL 2\n")
        elif line != b"STATUS\n":
            connection.sendall(b"OK\n")
        else:
            ranks = [
                {"rank": i, "host": "127.0.0.1", "pid": pid, "collective_counts": {"AllReduce": 8 - i}}
                for i, pid in enumerate([os.getpid(), 0])
            ]
            answer = json.dumps({"communicators": [{"hash": "0x5f", "size": 2, "ranks": ranks}]})
            connection.sendall(answer.encode())
            connection.shutdown(socket.SHUT_RDWR)
if os.environ["RANK"] == "0":
    listener = socket.create_server(("127.0.0.1", int(os.environ["NCCL_RAS_ADDR"].split(":")[1])))
    threading.Thread(target=serve, args=(listener,), daemon=True).start()'
NCCL_RAS_ADDR=localhost:$((20000 + $$ % 10000)) hangs
fact="communicator 0x5f of 2 ranks: its rank 1 (127.0.0.1, pid 0) has launched AllReduce 7 times, rank 0 (localhost) 8 times"
assert_report .hang_evidence.nccl "[\"$fact\"]"
assert_contains "$err" "NCCL: $fact"
assert_eq 0x5f "$(jq -r '.communicators[0].hash' "$base/output/data/smlaunch/hang/nccl-ras.json")"
run "$smlaunch" report "$base/output/data/smlaunch"
assert_contains "$out" "NCCL: $fact"

step "it also tells of Python that a shell has started"
container
write_program ''
printf '#!/bin/sh\n%s "$@"; exit $?\n' "$python train.py" >"$base/code/train.sh"
(cd "$base/code" && run "$smlaunch" --hosts localhost:4 --hang-timeout 2 --failure-grace 1 -- train.sh
  assert_eq 76 "$status"
  [[ $err == *"; $odd" ]] || fail "$err")

export SMLAUNCH_FLIGHT_RECORDER=off
step "without that, Python's own faulthandler tells"
container
write_program ''
hangs
[[ $err == *"(faulthandler)"* ]] || [[ -n $(command -v py-spy) ]] || fail "$err"
[[ $err =~ "smlaunch: the job hangs: no rank has printed anything for "[2-9]" s; $odd"$ ]] || fail "$err"
assert_report '[.hang[] | .rank]' '[0,1,2,3]'
assert_report '.first_failure | [.rank, .host, .exit_code, .signal, .certain]' '[2,"localhost",null,null,true]'
assert_report '.hang[2] | [.place, .processes[0].state, .processes[0].name]' '["train.py:5 in load","S","python3"]'
assert_report '[.ranks[].cause] | unique' '["stopped_by_us"]'
assert_contains "$(<"$base/output/failure")" "hang: the job hangs: "
assert_eq "$odd" "$(jq -r 'select(.event == "hang").sentence' "$base/output/data/smlaunch/events.jsonl")"

step "a program that prints its stack for SIGUSR1 keeps its chance to end well"
container
write_program 'import faulthandler, signal, sys
faulthandler.register(signal.SIGUSR1)
signal.signal(signal.SIGTERM, lambda *_: (print("saved", flush=True), sys.exit(0)))'
hangs
assert_contains "$err" "train.py:7 in load; they: train.py:10 in all_reduce"
assert_eq 4 "$(grep -c saved <<<"$out")"

if py_spy=$(command -v py-spy); then
  step "py-spy tells, and disturbs nobody"
  container
  write_program ''
  hangs
  assert_contains "$err" "(py-spy)"
  [[ $err != *"Fatal Python error"* ]] || fail "a rank was ended for its stack"
else
  echo "py-spy is not installed: without its stacks ($py_spy)"
fi

unset SMLAUNCH_FLIGHT_RECORDER
step "what is no Python is told by the kernel"
container
# A debugger of the test's own, since a real one may need longer than it has on a machine that is busy.
mkdir "$scratch/bin"
cat >"$scratch/bin/eu-stack" <<'END'
#!/bin/sh
echo "TID $5:"
echo "#0  0x00007f00 pause@GLIBC_2.2.5 - /usr/lib/libc.so.6"
END
chmod +x "$scratch/bin/eu-stack"
PATH="$scratch/bin:$PATH" run "$smlaunch" --hosts localhost:2 --launcher ddp --hang-timeout 2 --failure-grace 1 -- \
  "$programs/wait_forever"
assert_eq 76 "$status"
[[ $err =~ "all 2 ranks are at one place: sleeping" ]] || fail "$err"
assert_contains "$err" "    native (eu-stack): libc.so.6 in pause"
assert_report '[.hang[].processes[0] | .native_source, .native_stacks[0].threads]' '["eu-stack",1,"eu-stack",1]'
assert_nothing_left

step "a rank that prints now and then keeps the job alive, also where its lines are not shown"
container
run "$smlaunch" --hosts localhost:2 --launcher ddp --hang-timeout 3 --only-ranks 0 -- /bin/sh -c \
  '[ "$RANK" = 0 ] || for i in 1 2 3 4 5 6 7 8 9 10 11 12; do echo $i; sleep 0.5; done; sleep 1'
assert_eq "0/" "$status/$out"

step "a job that ends silently has not hung"
container
run "$smlaunch" --hosts localhost:2 --launcher ddp --hang-timeout 60 -- /bin/true
assert_success

step "a rank that has ended is known, and named"
container
cat >"$base/code/train.py" <<'END'
import os, time
if os.environ["RANK"] == "1":
    raise SystemExit(0)
print("waiting", flush=True)
time.sleep(600)
END
run "$smlaunch" --hosts localhost:2 --launcher ddp --python "$python" --hang-timeout 2 --failure-grace 1 -- \
  "$base/code/train.py"
assert_eq 76 "$status"
[[ $(tail -n 1 <<<"$err") =~ "; rank 1 on localhost had exited with code 0 "[0-9.]+" s after the start; " ]] || fail "$err"
assert_contains "$(tail -n 1 <<<"$err")" "of those that run, rank 0: train.py:5 in <module>"
assert_report '.first_failure | [.rank, .exit_code]' '[1,0]'
