# SPDX-License-Identifier: Apache-2.0
"""A thread in each Python process of a rank, which tells what the process is doing when smlaunch asks at a hang.

smlaunch writes this file and tell.py, which makes the answer, into a folder of the rank's own, puts the folder first in
PYTHONPATH, and asks by opening the FIFO there that is named for the process: the answer can be read from it.

The program must not notice: the thread waits in open(), so that it holds no file. It takes no signal, is none that
`threading` knows, and once it is asked it imports nothing (a hung program may hold a lock of the imports), prints nothing
and raises nothing. Python's and the user's own sitecustomize, which this file hides, is loaded at the end.

Each start of Python pays for this file. So what can wait for the question is in tell.py, and only modules are imported
that are inside of every Python.
"""
import sys


def _begin(folder):
    import _signal
    import _thread
    import atexit
    import posix

    def listen():
        try:
            asked = posix.open(path, posix.O_WRONLY | posix.O_CLOEXEC)  # waits until smlaunch reads
            with open(folder + "/tell.py", "rb") as file:
                text = file.read()
            names = {}
            exec(text, names)
            names["answer_all"](sys, posix, _thread, main_thread, path, asked)
        except BaseException:
            pass

    def remove():
        try:
            if posix.getpid() == own_pid:
                posix.unlink(path)
        except Exception:
            pass

    own_pid = posix.getpid()
    path = "%s/%d" % (folder, own_pid)
    main_thread = _thread.get_ident()
    try:
        posix.mkfifo(path, 0o600)
    except FileExistsError:
        pass  # by the Python that this process was before an exec()
    blocked = set(range(1, 32)).union(range(_signal.SIGRTMIN, _signal.SIGRTMAX + 1))
    blocked -= {_signal.SIGSEGV, _signal.SIGBUS, _signal.SIGFPE, _signal.SIGILL, _signal.SIGABRT, _signal.SIGTRAP}
    mask = _signal.pthread_sigmask(_signal.SIG_BLOCK, blocked)
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
