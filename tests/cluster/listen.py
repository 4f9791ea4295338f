# SPDX-License-Identifier: Apache-2.0
"""Keeps what all TCP connections of this host carry, on every interface, as somebody on its network would see it.

usage: listen.py FOLDER    says "listens" when it does; ends when FOLDER/enough is there

FOLDER/carried is one line of separators, then the bytes of each direction of each connection, in the order in which
they came. It fails where the kernel has dropped a packet: what was in it is not known.
"""
import pathlib
import socket
import struct
import sys

EVERY_PROTOCOL = 3
IPV4, IPV6, TCP = 0x0800, 0x86DD, 6
SO_RCVBUFFORCE, SOL_PACKET, PACKET_STATISTICS, PACKET_OUTGOING = 33, 263, 6, 4


def tcp_bytes(frame):
    """Returns (direction, bytes); nothing for a frame that is not TCP's."""
    (protocol,) = struct.unpack_from("!H", frame, 12)
    if protocol == IPV4 and frame[23] == TCP:
        tcp = 14 + (frame[14] & 15) * 4
        end = 14 + struct.unpack_from("!H", frame, 16)[0]
        addresses = frame[26:34]
    elif protocol == IPV6 and frame[20] == TCP:
        tcp = 54
        end = 54 + struct.unpack_from("!H", frame, 18)[0]
        addresses = frame[22:54]
    else:
        return None
    # A frame that the sender's card is still to cut has no length of its own.
    end = end if end > tcp else len(frame)
    return addresses + frame[tcp:tcp + 4], frame[tcp + (frame[tcp + 12] >> 4) * 4:end]


def main():
    folder = pathlib.Path(sys.argv[1])
    listener = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(EVERY_PROTOCOL))
    listener.setsockopt(socket.SOL_SOCKET, SO_RCVBUFFORCE, 256 << 20)
    listener.settimeout(0.2)
    print("listens", flush=True)
    connections = {}
    while not (folder / "enough").exists():
        try:
            frame, (interface, _, kind, *_) = listener.recvfrom(1 << 17)
        except socket.timeout:
            continue
        if interface == "lo" and kind == PACKET_OUTGOING:
            continue  # it comes in again
        if found := tcp_bytes(frame):
            connections.setdefault(found[0], bytearray()).extend(found[1])
    _, dropped = struct.unpack("II", listener.getsockopt(SOL_PACKET, PACKET_STATISTICS, 8))
    (folder / "carried").write_bytes(b"\n--\n".join(bytes(each) for each in connections.values()))
    return f"{dropped} packets were dropped" if dropped else 0


sys.exit(main())
