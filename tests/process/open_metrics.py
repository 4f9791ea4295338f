#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Is FILE sound OpenMetrics text? Only what we use of it: info, stateset, gauge, counter; no timestamps, no exemplars.

usage: open_metrics.py FILE
"""
import re
import sys

NAME = r"[a-zA-Z_:][a-zA-Z0-9_:]*"
LABEL = r'[a-zA-Z_][a-zA-Z0-9_]*="(?:[^"\\\n]|\\[\\"n])*"'
NUMBER = r"[-+]?(?:\d+(?:\.\d*)?(?:[eE][-+]?\d+)?|Inf)|NaN"
META = re.compile(rf"# (TYPE|UNIT|HELP) ({NAME}) (.+)")
SAMPLE = re.compile(rf"({NAME})(\{{{LABEL}(?:,{LABEL})*\}})? ({NUMBER})")
SUFFIX = {"info": "_info", "counter": "_total", "gauge": "", "stateset": ""}


def check(condition, line, why):
    if not condition:
        sys.exit(f"{why}: {line!r}")


with open(sys.argv[1], encoding="utf-8", newline="") as file:
    text = file.read()
lines = text.split("\n")
check(lines[-2:] == ["# EOF", ""], lines[-3:], "does not end with # EOF")
family, kind, seen_families, seen_samples = "", "", set(), set()
for line in lines[:-2]:
    meta = META.fullmatch(line)
    if meta:
        word, name, value = meta.groups()
        if word == "TYPE":
            check(name not in seen_families, line, "a family that is not in one piece")
            check(value in SUFFIX, line, "an unknown type")
            family, kind = name, value
            seen_families.add(name)
        check(name == family, line, "words of another family")
        check(word != "UNIT" or name.endswith("_" + value), line, "a name that does not end with its unit")
        continue
    sample = SAMPLE.fullmatch(line)
    check(sample, line, "neither words nor a sample")
    name, labels, _ = sample.groups()
    check(family and name == family + SUFFIX[kind], line, "a sample of no family")
    check(kind != "stateset" or f'{family}="' in (labels or ""), line, "a state without its label")
    check((name, labels) not in seen_samples, line, "a sample that is there twice")
    seen_samples.add((name, labels))
