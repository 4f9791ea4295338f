#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Runs a command on a terminal of its own: RAW gets all that it writes, SCREEN what stands there at the end.

usage: on_terminal.py RAW SCREEN COMMAND...   ends with the command's exit code
"""
import fcntl
import os
import pty
import re
import struct
import sys
import termios

COLUMNS = 200


def read_all(terminal):
    text = b""
    while True:
        try:
            piece = os.read(terminal, 65536)
        except OSError:  # the other end is closed
            return text
        if not piece:
            return text
        text += piece


def screen_of(raw):
    """The lines, as a terminal shows them: \\r goes to the first column, \\033[K erases the rest."""
    lines, line, column = [], "", 0
    for token in re.findall(r"\033\[[0-9;]*[A-Za-z]|.", raw, re.DOTALL):
        if token == "\n":
            lines.append(line)
            line, column = "", 0
        elif token == "\r":
            column = 0
        elif token == "\033[K":
            line = line[:column]
        elif not token.startswith("\033"):
            line = line[:column].ljust(column) + token + line[column + 1 :]
            column += 1
    return lines + ([line] if line else [])


raw_file, screen_file, *command = sys.argv[1:]
child, terminal = pty.fork()
if child == 0:
    fcntl.ioctl(1, termios.TIOCSWINSZ, struct.pack("HHHH", 50, COLUMNS, 0, 0))
    os.execvp(command[0], command)
raw = read_all(terminal)
_, status = os.waitpid(child, 0)
with open(raw_file, "wb") as file:
    file.write(raw)
with open(screen_file, "w", encoding="utf-8") as file:
    file.writelines(line + "\n" for line in screen_of(raw.decode()))
sys.exit(os.waitstatus_to_exitcode(status) % 256)
