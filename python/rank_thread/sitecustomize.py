# SPDX-License-Identifier: Apache-2.0
"""A thread in each Python process of a rank, which tells what the process is doing when smlaunch asks at a hang.

smlaunch writes this file and tell.py, which makes the answer, into a folder of the rank's own, puts the folder first in
PYTHONPATH, and connects to the socket there that is named for the process.

The program must not notice: the thread waits in accept(), takes no signal, is none that `threading` knows, and once it
is asked it imports nothing (a hung program may hold a lock of the imports), prints nothing and raises nothing. Python's
and the user's own sitecustomize, which this file hides, is loaded at the end.
"""
import sys


def _begin(folder):
    import _signal
    import _socket
    import _thread
    import atexit
    import os

    socket_path_room = 107
    answer_seconds = 3

    with open(folder + "/tell.py", "rb") as file:
        text = file.read()
    describe = None

    def answer(file):
        nonlocal describe
        connection = _socket.socket(fileno=file)
        try:
            connection.settimeout(answer_seconds)
            if describe is None:
                names = {}
                exec(compile(text, folder + "/tell.py", "exec"), names)
                describe = names["make_describe"](sys, os, _thread, main_thread)
            connection.sendall(describe().encode("utf-8", "replace"), _socket.MSG_NOSIGNAL)
        except Exception:
            pass
        finally:
            connection.close()

    def listen():
        try:
            while True:
                answer(listener._accept()[0])
        except BaseException:
            pass  # the program has closed what it did not open

    def remove():
        try:
            if os.getpid() == own_pid:
                os.unlink(path)
        except Exception:
            pass

    own_pid = os.getpid()
    path = "%s/%d" % (folder, own_pid)
    if len(os.fsencode(path)) > socket_path_room:
        return
    main_thread = _thread.get_ident()
    listener = _socket.socket(_socket.AF_UNIX, _socket.SOCK_STREAM | _socket.SOCK_CLOEXEC)
    listener.bind(path)
    listener.listen(4)
    deadly = {getattr(_signal, name) for name in ("SIGSEGV", "SIGBUS", "SIGFPE", "SIGILL", "SIGABRT", "SIGTRAP")}
    signals = getattr(_signal, "valid_signals", lambda: range(1, 32))
    mask = _signal.pthread_sigmask(_signal.SIG_BLOCK, set(signals()) - deadly)
    try:
        _thread.start_new_thread(listen, ())
    finally:
        _signal.pthread_sigmask(_signal.SIG_SETMASK, mask)
    atexit.register(remove)


def _chain(folder):
    sys.path[:] = [each for each in sys.path if each != folder]
    own = sys.modules.pop("sitecustomize", None)
    try:
        import sitecustomize  # noqa: F401
    except ImportError as error:
        if getattr(error, "name", None) != "sitecustomize":
            raise
        if own is not None:
            sys.modules["sitecustomize"] = own


if __name__ == "sitecustomize":
    try:
        if sys.version_info >= (3, 6):
            _begin(__file__.rpartition("/")[0])
    except Exception:
        pass
    _chain(__file__.rpartition("/")[0])
