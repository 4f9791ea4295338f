# SPDX-License-Identifier: Apache-2.0
"""compare.py rank|host ENV-FILE THEIRS OURS COUNT: what the program was given by the SDK's drivers, and by smlaunch.

Compared are its arguments, its folder, and the variables whose names are in ENV-FILE, which the SDK's environment.py has
written. Each file in THEIRS and OURS is named HOST-RANK.json; OURS has COUNT of them. `rank`: each rank of THEIRS must be in
OURS, on the same host, and must have the same place in the job. `host`: THEIRS has one for each host, and all ranks of that
host in OURS are compared with it.
"""
import json
import os
import re
import sys

PLACE = ("RANK", "LOCAL_RANK", "GROUP_RANK", "WORLD_SIZE", "LOCAL_WORLD_SIZE")


def read(folder):
    found = {}
    for name in os.listdir(folder):
        with open(os.path.join(folder, name), encoding="utf-8") as file:
            found[name[: -len(".json")]] = json.load(file)
    return found


def host_of(rank):
    return rank.rpartition("-")[0]


def differences(names, theirs, ours):
    """[what, theirs, ours] for each."""
    script = os.path.basename
    pairs = [("program", script(theirs["arguments"][0]), script(ours["arguments"][0])),
             ("arguments", theirs["arguments"][1:], ours["arguments"][1:]),
             ("folder", theirs["folder"], ours["folder"])]
    pairs += [(name, theirs["variables"].get(name), ours["variables"].get(name)) for name in names]
    return [pair for pair in pairs if pair[1] != pair[2]]


def main(by, env_file, theirs, ours, count):
    with open(env_file, encoding="utf-8") as file:
        names = sorted(re.findall(r"^export (\w[^=]*)=", file.read(), re.MULTILINE))
    theirs, ours = read(theirs), read(ours)
    wrong = []
    if len(names) < 30:
        wrong.append("nothing to compare: %s" % names)
    if len(ours) != int(count):
        wrong.append("%d ranks, not %s: %s" % (len(ours), count, sorted(ours)))
    compared = 0
    for rank, expected in sorted(theirs.items()):
        if by == "rank":
            found = {rank: ours[rank]} if rank in ours else {}
            own_names = names + [name for name in PLACE if name in expected["variables"]]
        else:
            found = {name: each for name, each in ours.items() if host_of(name) == host_of(rank)}
            own_names = names
        compared += len(found)
        if not found:
            wrong.append("%s is missing among %s" % (rank, sorted(ours)))
        wrong += ["%s: no %s even by the SDK" % (rank, name) for name in names if name not in expected["variables"]]
        for name, each in found.items():
            wrong += ["%s: %s: %r, not %r" % (name, what, our, their)
                      for what, their, our in differences(own_names, expected, each)]
    if compared < len(theirs) or not theirs or (by == "host" and compared != len(ours)):
        wrong.append("compared are only %d" % compared)
    print("\n".join(wrong) or "%d of %d ranks compared: %d arguments, %d variables" % (
        compared, len(ours), len(next(iter(ours.values()))["arguments"]) - 1, len(names)))
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
