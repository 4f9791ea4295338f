# SPDX-License-Identifier: Apache-2.0
# Of two ranks, which meet at the Unix socket $MEETING, rank 1 leaves with 0 while rank 0 still needs it: rank 0 fails once
# it is gone. With an argument, rank 1 only closes its connection, and is gone after the traceback of rank 0.
import os
import socket
import sys
import time

meeting = os.environ["MEETING"]
stays = len(sys.argv) > 1


def wait_until(happened):
    while not happened():
        time.sleep(0.01)


def meet():
    peer = socket.socket(socket.AF_UNIX)
    wait_until(lambda: peer.connect_ex(meeting) == 0)
    return peer


def await_peer():
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(meeting + ".new")
    listener.listen()
    os.rename(meeting + ".new", meeting)
    return listener.accept()[0]


if os.environ["RANK"] == "1":
    peer = meet()
    peer.sendall(str(os.getpid()).encode())
    peer.shutdown(socket.SHUT_WR)
    if stays:
        wait_until(lambda: os.path.exists(meeting + ".failed"))
    sys.exit(0)

peer = await_peer()
left = peer.recv(100).decode()


def await_end():  # whoever has started the rank has seen it, too
    wait_until(lambda: not os.path.exists("/proc/" + left))


def end_late(*what):
    sys.__excepthook__(*what)
    open(meeting + ".failed", "w").close()
    await_end()


if stays:
    sys.excepthook = end_late
else:
    await_end()
if not peer.recv(1):
    raise RuntimeError("Connection closed by peer")
