#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Who is named for a failure that begins elsewhere: a rank that left too early, mpirun itself.
source "$(dirname "$0")/lib.sh"
python=/usr/bin/python3
[[ -x $python ]] || skip "there is no $python"
container

step "a rank that leaves with 0 while its peer still needs it is named, not the peer"
cat >"$base/code/train.py" <<'END'
import os, socket, sys
meeting = os.environ["MEETING"]
if os.environ["RANK"] == "1":
    peer = socket.socket(socket.AF_UNIX)
    while True:
        try:
            peer.connect(meeting)
            break
        except OSError:
            pass
    peer.sendall(str(os.getpid()).encode())
    print("nothing to do", flush=True)
    sys.exit(0)
listener = socket.socket(socket.AF_UNIX)
listener.bind(meeting + ".new")
listener.listen()
os.rename(meeting + ".new", meeting)
peer, _ = listener.accept()
left = peer.recv(100).decode()
# Its agent has taken note of it, too.
while os.path.exists("/proc/" + left):
    pass
if not peer.recv(1):
    raise RuntimeError("Connection closed by peer")
END
run env MEETING="$scratch/meeting" "$smlaunch" --base-dir "$base" --hosts localhost:2 --launcher ddp \
  --python "$python" -- "$base/code/train.py"
assert_eq 1 "$status"
read -r first <"$base/output/failure"
assert_contains "$first" "rank 1 on localhost ended with code 0"
assert_contains "$first" "while others still ran; then rank 0"
[[ $first != *"before any other"* ]] || fail "$first"
assert_report .first_failure.rank 1

step "so is a rank that has closed its connection, and ends after the traceback of its peer"
cat >"$base/code/train.py" <<'END'
import os, socket, sys
meeting = os.environ["MEETING"]
if os.environ["RANK"] == "1":
    peer = socket.socket(socket.AF_UNIX)
    while True:
        try:
            peer.connect(meeting)
            break
        except OSError:
            pass
    peer.sendall(str(os.getpid()).encode())
    peer.shutdown(socket.SHUT_WR)
    while not os.path.exists(meeting + ".failed"):
        pass
    sys.exit(0)
listener = socket.socket(socket.AF_UNIX)
listener.bind(meeting + ".new")
listener.listen()
os.rename(meeting + ".new", meeting)
peer, _ = listener.accept()
left = peer.recv(100).decode()
def end_late(*_):
    sys.__excepthook__(*_)
    open(meeting + ".failed", "w").close()
    # Its agent has taken note of it, too.
    while os.path.exists("/proc/" + left):
        pass
sys.excepthook = end_late
if not peer.recv(1):
    raise RuntimeError("Connection closed by peer")
END
rm -f "$base/output/failure" "$scratch"/meeting*
run env MEETING="$scratch/meeting" "$smlaunch" --base-dir "$base" --hosts localhost:2 --launcher ddp \
  --python "$python" -- "$base/code/train.py"
assert_eq 1 "$status"
read -r first <"$base/output/failure"
assert_contains "$first" "rank 1 on localhost ended with code 0"
assert_contains "$first" "while others still ran; then rank 0"
assert_report .first_failure.rank 1

step "an mpirun that fails has its own words in the sentence and in the file"
command -v mpirun >/dev/null || exit 0
rm -f "$base/output/failure"
hyperparameters '{"sagemaker_program": "train.py", "sagemaker_mpi_enabled": true,
  "sagemaker_mpi_custom_mpi_options": "--no-such-option-of-mpirun"}'
run "$smlaunch" --python "$python"
assert_eq 71 "$status"
read -r first <"$base/output/failure"
assert_contains "$first" "no-such-option-of-mpirun"
