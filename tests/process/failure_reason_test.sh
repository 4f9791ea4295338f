#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The first line of the failure file says why, in whatever form the program said it: real programs, each ended by a
# failure of another kind. What other programs print is read in tests/launcher/evidence.
source "$(dirname "$0")/lib.sh"
python=/usr/bin/python3
[[ -x $python ]] || skip "there is no $python"
container
cd "$base/code"
count=0

# NAME EXPECTED COMMAND...: the program ends otherwise than with 0, and the failure file's first line has the words.
fails() {
  local name=$1 expected=$2 first
  shift 2
  rm -f "$base/output/failure"
  run "$smlaunch" --hosts localhost:1 --launcher process --python "$python" -- "$@"
  [[ $status != 0 ]] || fail "$name: ended with 0"
  read -r first <"$base/output/failure"
  first=${first:0:1024}
  [[ $first == *"$expected"* ]] || fail "$name: not in the first line: $expected"$'\n'"$first"
  count=$((count + 1))
}
# The same of a Python program on stdin.
python_fails() {
  cat >"$base/code/train.py"
  fails "$1" "$2" train.py
}
# The same of a program that says what is on stdin, on stderr, and exits with 1.
words_fail() {
  cat >"$base/code/words"
  printf '#!/bin/sh\ncat words >&2\nexit 1\n' >"$base/code/say"
  chmod +x "$base/code/say"
  fails "$1" "$2" ./say
}

step "exceptions of Python"
python_fails "an exception" ": ValueError: no such thing" <<'END'
raise ValueError("no such thing")
END
python_fails "one without a message" ": AssertionError, at train.py line 2: assert n == 3" <<'END'
n = 4
assert n == 3
END
python_fails "an exception that was caused by another" \
  ": RuntimeError: no data; caused by FileNotFoundError: [Errno 2] No such file or directory: '/data/x'" <<'END'
try:
    open("/data/x")
except OSError as error:
    raise RuntimeError("no data") from error
END
python_fails "one in the handling of another" ": NameError: name 'log' is not defined; while handling KeyError: 'lr'" <<'END'
try:
    {}["lr"]
except KeyError:
    log("no lr")
END
python_fails "a chain of three" ": ValueError: last; caused by KeyError: 'first'" <<'END'
try:
    try:
        raise KeyError("first")
    except KeyError as error:
        raise TypeError("second") from error
except TypeError as error:
    raise ValueError("last") from error
END
python_fails "a group of them" ": ExceptionGroup: two (2 sub-exceptions); the first of them: OSError: disk 1" <<'END'
import sys
if sys.version_info < (3, 11):
    print("ExceptionGroup: two (2 sub-exceptions); the first of them: OSError: disk 1", file=sys.stderr)
    sys.exit(1)
raise ExceptionGroup("two", [OSError("disk 1"), ValueError("b")])
END
python_fails "a syntax error" ": SyntaxError: '(' was never closed" <<'END'
print(
END
python_fails "a missing module" ": ModuleNotFoundError: No module named 'no_such_module'" <<'END'
import no_such_module
END
python_fails "a deep recursion" ": RecursionError: maximum recursion depth exceeded" <<'END'
def f(): f()
f()
END
python_fails "a message of several lines" ": RuntimeError: Error(s) in loading: missing key: fc.weight" <<'END'
raise RuntimeError("Error(s) in loading:\n\tmissing key: fc.weight\n\tmissing key: fc.bias")
END
python_fails "a message that begins on the next line" ": ValueError: the shapes differ" <<'END'
raise ValueError("\nthe shapes differ\n")
END
python_fails "a very long message" ": ValueError: begins so xxxxxxxx" <<'END'
raise ValueError("begins so " + "x" * 20000)
END
python_fails "another alphabet" ": ValueError: données absentes: Ünïcode ☃" <<'END'
raise ValueError("données absentes: Ünïcode ☃")
END
python_fails "in colours" ": ValueError: red" <<'END'
import sys
sys.stderr.write("Traceback (most recent call last):\n  File \"x.py\"\n\x1b[1;31mValueError\x1b[0m: \x1b[31mred\x1b[0m\n")
sys.exit(1)
END
python_fails "a destructor's complaint behind it" ": ValueError: the reason" <<'END'
class Late:
    def __del__(self): raise OSError("in the destructor")
late = Late()
raise ValueError("the reason")
END
python_fails "a lot of talk behind it" ": KeyError: 'lr'" <<'END'
import atexit, sys
atexit.register(lambda: [print("closing", i, file=sys.stderr) for i in range(300)])
{}["lr"]
END
python_fails "on stdout" ": ValueError: caught and printed" <<'END'
import sys, traceback
print("a warning", file=sys.stderr)
try:
    raise ValueError("caught and printed")
except ValueError:
    traceback.print_exc(file=sys.stdout)
    sys.exit(3)
END
python_fails "of a pool's process" ": ZeroDivisionError: integer division or modulo by zero" <<'END'
import multiprocessing
def work(n): return 1 // n
if __name__ == "__main__":
    with multiprocessing.get_context("fork").Pool(1) as pool:
        pool.map(work, [0])
END
printf '#!/bin/sh\necho "ERROR: no wheel for flash-attn" >&2\nexit 1\n' >build
chmod +x build
python_fails "of a program that it called" "; ERROR: no wheel for flash-attn" <<'END'
import subprocess
subprocess.check_call(["./build"])
END

step "exits with words"
python_fails "sys.exit(text)" "conf.yaml lacks lr" <<'END'
import sys
sys.exit("conf.yaml lacks lr")
END
python_fails "of several lines" "conf.yaml is bad: line 3: no lr" <<'END'
import sys
sys.exit("conf.yaml is bad:\n  line 3: no lr")
END
python_fails "behind a bar of progress" "the data set is empty" <<'END'
import sys
sys.stderr.write("\r 10%|#         | 1/10 [00:01<00:09,  1.0it/s]\n")
sys.exit("the data set is empty")
END
python_fails "before warnings" "conf.yaml lacks lr" <<'END'
import sys, warnings
print("conf.yaml lacks lr", file=sys.stderr)
warnings.warn("there are leaked semaphore objects")
sys.exit(1)
END
python_fails "argparse" "train.py: error: the following arguments are required: --lr" <<'END'
import argparse
parser = argparse.ArgumentParser()
parser.add_argument("--lr", required=True)
parser.parse_args()
END
python_fails "logged" "CRITICAL:root:the loss is not a number" <<'END'
import logging, sys
logging.critical("the loss is not a number")
sys.exit(9)
END
python_fails "only on stdout" "ERROR: dataset /data/train not found" <<'END'
import sys
print("ERROR: dataset /data/train not found")
sys.exit(2)
END
fails "a module that is not there" "No module named no_such_module" "$python" -m no_such_module
fails "a program that is not there" "can't open file" "$python" no_such_file.py
fails "pip" "ERROR: No matching distribution found for no-such-distribution" \
  "$python" -c 'import sys; sys.stderr.write("ERROR: No matching distribution found for no-such-distribution\n\n[notice] A new release of pip is available\n"); sys.exit(1)'

step "the shell and other languages"
printf '#!/bin/bash\nset -e\nno_such_command --lr 1\n' >script
chmod +x script
fails "a command that is not there" "no_such_command: command not found" ./script
printf '#!/bin/bash\nset -e\ncd /no/such/folder\n' >script
fails "a folder that is not there" "/no/such/folder: No such file or directory" ./script
fails "C++'s terminate" ": std::runtime_error: shard 7 is empty" "$programs/crash" terminate
fails "an assertion of C" 'Assertion `how != "assertion"'"' failed" "$programs/crash" assertion
fails "a broken heap" ": free(): invalid pointer" "$programs/crash" free
python_fails "a crash inside Python" ": Fatal Python error: Segmentation fault, at train.py, line 4 in work" <<'END'
import faulthandler, os, signal
faulthandler.enable()
def work():
    os.kill(os.getpid(), signal.SIGSEGV)
work()
END
PYTHONHOME=/no/such/folder fails "an interpreter that cannot start" ": Fatal Python error: init_fs_encoding" "$python" -c pass

step "what other programs print"
words_fail "Rich" ": ValueError: Expected more than 1 value per channel" <<'END'
╭───────────────────── Traceback (most recent call last) ──────────────────────╮
│ /w/train.py:12 in <module>                                                   │
│ ❱ 12 main()                                                                  │
╰──────────────────────────────────────────────────────────────────────────────╯
ValueError: Expected more than 1 value per channel when training, got input size
torch.Size([1, 512])
END
words_fail "Rich's and typer's box of an error" "No such option: --lr" <<'END'
Usage: train.py [OPTIONS]
Try 'train.py --help' for help.
╭─ Error ──────────────────────────────────────────────────────────────────────╮
│ No such option: --lr                                                         │
╰──────────────────────────────────────────────────────────────────────────────╯
END
words_fail "a worker process of PyTorch" ": ValueError: bad sample, in DataLoader worker process 0" <<'END'
Traceback (most recent call last):
  File "/w/train.py", line 5, in <module>
    raise exception
ValueError: Caught ValueError in DataLoader worker process 0.
Original Traceback (most recent call last):
  File "/torch/worker.py", line 302, in _worker_loop
    data = fetcher.fetch(index)
ValueError: bad sample

END
words_fail "an assertion on a GPU" ": RuntimeError: CUDA error: device-side assert triggered; loss.cu:242: nll_loss" <<'END'
loss.cu:242: nll_loss: block: [0,0,0], thread: [3,0,0] Assertion `t >= 0 && t < n_classes` failed.
Traceback (most recent call last):
  File "/w/train.py", line 5, in <module>
    loss.backward()
RuntimeError: CUDA error: device-side assert triggered
CUDA kernel errors might be asynchronously reported at some other API call.
END
words_fail "Rust" ": thread 'main' panicked at src/main.rs:2:5: no data" <<'END'
thread 'main' panicked at src/main.rs:2:5:
no data
note: run with `RUST_BACKTRACE=1` environment variable to display a backtrace
END
words_fail "the JVM" ": java.lang.IllegalStateException: no data" <<'END'
Exception in thread "main" java.lang.IllegalStateException: no data
	at Train.main(Train.java:3)
END
words_fail "MPI" ": An error occurred in MPI_Send: MPI_ERR_RANK: invalid rank" <<'END'
[algo-1:12] *** An error occurred in MPI_Send
[algo-1:12] *** reported by process [1,0]
[algo-1:12] *** MPI_ERR_RANK: invalid rank
[algo-1:12] *** MPI_ERRORS_ARE_FATAL (processes in this communicator will now abort,
END
words_fail "a sanitizer" ": AddressSanitizer: heap-use-after-free on address 0x60" <<'END'
=================================================================
==12==ERROR: AddressSanitizer: heap-use-after-free on address 0x60
    #0 0x4c in main train.cpp:5
END
((count >= 40)) || fail "only $count failures"
