# SPDX-License-Identifier: Apache-2.0
"""compare.py ENV-FILE THEIRS OURS: the program's arguments, folder and the SDK's variables, rank by rank.

ENV-FILE is what the SDK's environment.py has written: the names of its variables. Every rank in THEIRS must be in OURS.
"""
import json
import os
import re
import sys


def read(folder):
    found = {}
    for name in os.listdir(folder):
        with open(os.path.join(folder, name), encoding="utf-8") as file:
            found[name] = json.load(file)
    return found


def main(env_file, theirs, ours):
    with open(env_file, encoding="utf-8") as file:
        names = re.findall(r"^export (\w[^=]*)=", file.read(), re.MULTILINE)
    theirs, ours = read(theirs), read(ours)
    wrong = []
    if not theirs or not names:
        wrong.append("nothing to compare")
    for rank, expected in theirs.items():
        found = ours.get(rank)
        if found is None:
            wrong.append("%s is missing among %s" % (rank, sorted(ours)))
            continue
        for key in ("arguments", "folder"):
            if os.path.basename(found[key][0]) != os.path.basename(expected[key][0]) or found[key][1:] != expected[key][1:]:
                wrong.append("%s: %s: %s, not %s" % (rank, key, found[key], expected[key]))
        for name in names:
            if found["variables"].get(name) != expected["variables"].get(name):
                wrong.append("%s: %s: %r, not %r" % (rank, name, found["variables"].get(name), expected["variables"].get(name)))
    print("\n".join(wrong) or "%d variables of %d ranks are the same" % (len(names), len(theirs)))
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
