#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""make_archives.py FOLDER: archives as no honest packer makes them, one file for each, named for what is wrong."""
import bz2
import gzip
import io
import lzma
import os
import sys
import tarfile

folder = sys.argv[1]
os.makedirs(folder, exist_ok=True)
PROGRAM = b'print("the program runs", flush=True)\n'


def path(name):
    return os.path.join(folder, name)


def member(name, data=b"", **fields):
    info = tarfile.TarInfo(name)
    info.size = len(data)
    info.mode = 0o644
    for key, value in fields.items():
        setattr(info, key, value)
    return info, io.BytesIO(data)


def link(name, target, kind=tarfile.SYMTYPE):
    return member(name, type=kind, linkname=target)


def directory(name, mode=0o755):
    return member(name, type=tarfile.DIRTYPE, mode=mode)


def tar(*members, format=tarfile.PAX_FORMAT):
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w", format=format) as archive:
        archive.addfile(*member("train.py", PROGRAM))
        for info, data in members:
            archive.addfile(info, data)
    return stream.getvalue()


def write(name, data):
    with open(path(name), "wb") as file:
        file.write(data)


def packed(name, *members, **options):
    write(name + ".tar.gz", gzip.compress(tar(*members, **options), 1))


# ---- sound ones
packed("plain", directory("./pkg/"), member("./pkg/mod.py", b"x = 1\n"))
write("plain.tar", tar())
write("plain.tar.bz2", bz2.compress(tar()))
write("plain.tar.xz", lzma.compress(tar()))
write("without_a_name", gzip.compress(tar()))
write("padded.tar.gz", gzip.compress(tar()) + bytes(4096))
packed("names", member("caf\u00e9/\u4e2d.py", b"x = 1\n"), member("a" * 120 + "/" + "b" * 200, b"long"))
packed("gnu_names", member("a" * 120 + "/" + "b" * 200, b"long"), format=tarfile.GNU_FORMAT)
packed("twice", member("file", b"first\n"), member("file", b"last\n"))
packed("links_inside", directory("d"), member("d/file", b"in\n"), link("d/up", "../train.py"),
       link("hard", "./d/file", tarfile.LNKTYPE), link("dangling", "d/absent"))
packed("modes", member("setuid", b"s", mode=0o6777), directory("sticky", 0o3777), member("closed", b"c", mode=0))
packed("other_owner", member("owned", b"o", uid=12345, gid=12345, uname="nobody"))

# ---- names and links that lead out
packed("many_links", *(link("data%02d" % i, "/mnt/data%02d" % i) for i in range(23)))
packed("backslash", member("pkg\\mod.py", b"x = 1\n"))
packed("dotdot", member("../out", b"out"))
packed("dotdot_inside", member("d/../../out", b"out"))
packed("absolute", member("/tmp/out", b"out"))
packed("symlink_absolute", link("passwd", "/etc/passwd"))
packed("symlink_up", link("d/up", "../../out"))
packed("symlink_by_symlink", link("one", "d/e"), directory("d"), link("d/e", ".."), link("two", "one/../../out"))
packed("symlink_by_later", directory("p"), link("far", "p/q/../.."), link("p/q", "."))
packed("through_symlink", link("d", "."), member("d/file", b"through"))
packed("through_file", member("d", b"file"), member("d/file", b"through"))
packed("hardlink_out", link("shadow", "../shadow", tarfile.LNKTYPE))
packed("hardlink_absolute", link("shadow", "/etc/shadow", tarfile.LNKTYPE))
packed("hardlink_to_symlink", link("d", "train.py"), link("hard", "d", tarfile.LNKTYPE))
packed("hardlink_to_nothing", link("hard", "absent", tarfile.LNKTYPE))
packed("folder_as_symlink", directory("d"), link("d", "."))
packed("symlink_as_file", link("f", "train.py"), member("f", b"over"))

# ---- what is no file
packed("device", member("null", type=tarfile.CHRTYPE, devmajor=1, devminor=3))
packed("block_device", member("disk", type=tarfile.BLKTYPE, devmajor=8, devminor=0))
packed("fifo", member("pipe", type=tarfile.FIFOTYPE))

# ---- cut, damaged, too long, too large
whole = tar(member("second", os.urandom(40000)))
write("cut.tar.gz", gzip.compress(whole)[:20000])
write("cut_at_once.tar.gz", gzip.compress(whole)[:30])
write("cut_late.tar.gz", gzip.compress(tar(member("second", os.urandom(400000))))[:300000])
write("cut_in_member.tar", whole[: 512 * 20])
write("cut_between.tar", whole[: len(tar()) - tarfile.RECORDSIZE + 1024])
write("damaged.tar.gz", gzip.compress(whole)[:9000] + b"\xff" * 64 + gzip.compress(whole)[9064:])
write("wrong_sum.tar.gz", gzip.compress(whole)[:-8] + bytes(4) + gzip.compress(whole)[-4:])
write("garbage.tar.gz", gzip.compress(tar()) + b"garbage")
write("two.tar", tar() + tar())
write("no_tar.tar.gz", gzip.compress(b"print('no archive')\n" * 100))
write("empty.tar.gz", b"")
write("nothing.tar.gz", gzip.compress(b""))


def bomb(name, size):
    """A file of `size` zeros, made without ever holding them."""
    info, _ = member("zeros")
    info.size = size
    with gzip.open(path(name), "wb", compresslevel=1) as out:
        out.write(info.tobuf(tarfile.PAX_FORMAT))
        for _ in range(size >> 20):
            out.write(bytes(1 << 20))
        out.write(bytes(1024))


bomb("bomb.tar.gz", 400 << 20)
# Says that it holds more than is unpacked; nothing of it follows.
info, _ = member("huge")
info.size = 1 << 40
write("huge.tar.gz", gzip.compress(info.tobuf(tarfile.PAX_FORMAT)))
