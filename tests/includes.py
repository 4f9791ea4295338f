#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""includes.py [ROOT]: each test file includes what declares the names that it uses.

Builds join test files and compile common headers first, so a file that leaves an include to its neighbour compiles
there, and not alone. To compile each alone takes minutes of a processor; this reads text, and takes a second. It knows
the names that our headers declare, those of libraries in the table below, and which headers a file includes, itself or
by our headers. It is no compiler: a name that the file also declares itself, or that an included header of ours has
anywhere, passes.
"""
import functools
import pathlib
import re
import sys

# What a name needs: one of these headers.
libraries = [
    (r"std::array\b", "array"),
    (r"std::atomic\b", "atomic"),
    (r"std::(from_chars|to_chars)\b", "charconv"),
    (r"std::chrono\b", "chrono base/steady_time.hpp"),
    (r"\bSIG[A-Z]{3,}[0-9]?\b", "csignal signal.h"),
    (r"std::deque\b", "deque"),
    (r"std::filesystem\b", "filesystem"),
    (r"std::[io]?fstream\b", "fstream"),
    (r"std::(mutex|scoped_lock|unique_lock)\b", "mutex condition_variable"),
    (r"std::(accumulate|iota)\b", "numeric"),
    (r"std::optional\b", "optional"),
    (r"std::span\b", "span"),
    (r"std::[io]?stringstream\b", "sstream"),
    (r"std::(this_thread|thread)\b", "thread"),
    (r"std::variant\b", "variant"),
    (r"\bfmt::", "fmt/format.h fmt/core.h fmt/ranges.h"),
    (r"\bnlohmann::", "nlohmann/json.hpp nlohmann/json_fwd.hpp"),
    (r"\btl::", "tl/expected.hpp"),
    (r"\b(TEST|TEST_F|TEST_P|EXPECT_EQ|ASSERT_TRUE)\(", "gtest/gtest.h gmock/gmock.h"),
    (r"\b(EXPECT|ASSERT)_THAT\(|\bMOCK_METHOD\(", "gmock/gmock.h"),
]
declaration = re.compile(
    r"^(?:template <[^;{]*>\s*)?(?:class|struct|enum class|using)\s+(\w+)"
    r"|^inline constexpr [^=;]*?(\w+)(?:\[\])?\s*[={]"
    r"|^(?! |using|return|else|case|typedef|namespace)(?:\[\[\w+\]\] )?[\w:<>,*& ]+[ &*>](\w+)\(",
    re.M,
)
word = re.compile(r"(?<!::)\b[A-Za-z_]\w*\b")
comment_or_string = re.compile(r'//[^\n]*|/\*.*?\*/|(?<!include )"(?:\\.|[^"\\\n])*"', re.S)
test_name = re.compile(r"\bTEST\(\w+, \w+\)")
include = re.compile(r'^\s*#\s*include\s*[<"]([^>"]+)[>"]', re.M)


@functools.cache
def text_of(path):
    """Without comments, what stands in strings and the names of tests."""
    text = re.sub(r'R"(\w*)\((.*?)\)\1"', '""', path.read_text(errors="replace"), flags=re.S)
    text = comment_or_string.sub(lambda found: '""' if found[0].startswith('"') else "", text)
    return test_name.sub("TEST()", text)


@functools.cache
def includes_of(path):
    return include.findall(text_of(path))


def closure(root, path):
    """Our headers, and the names of the other ones, that the file gets to see."""
    ours, others, todo = set(), set(), [path]
    while todo:
        for name in includes_of(todo.pop()):
            header = root / name
            if not header.is_file():
                others.add(name)
            elif header not in ours:
                ours.add(header)
                todo.append(header)
    return ours, others


@functools.cache
def words_of(path):
    return frozenset(word.findall(include.sub("", text_of(path))))


def find_homes(root):
    """Of each name that our headers declare: where. Short words are too often names of something else."""
    homes = {}
    for folder in ("base", "topology", "cuda", "mpi", "launcher", "tests"):
        for header in (root / folder).rglob("*.hpp"):
            for found in declaration.finditer(text_of(header)):
                name = next(each for each in found.groups() if each)
                if len(name) > 4 and ("_" in name[1:-1] or not name.islower()):
                    homes.setdefault(name, set()).add(str(header.relative_to(root)))
    return homes


def is_own_name(name, text):
    """The file declares it itself, be it as a variable."""
    text = re.sub(r"\breturn\b|\belse\b", ";", text)
    return re.search(rf"(?:[\w>&*]|::)\s+[&*]?{name}\b\s*[=({{;,)]|\b(?:class|struct|using)\s+{name}\b", text)


def complaints(root, file, homes):
    ours, others = closure(root, file)
    text = text_of(file)
    seen = {str(header.relative_to(root)) for header in ours} | others
    known = frozenset().union(*(words_of(header) for header in ours))
    for name in sorted((words_of(file) & homes.keys()) - known):
        if not is_own_name(name, text):
            yield re.search(rf"\b{name}\b", text), " or ".join(sorted(homes[name]))
    for pattern, wanted in libraries:
        found = re.search(pattern, text)
        if found and not seen & set(wanted.split()):
            yield found, f"<{wanted.split()[0]}>"


def main(root):
    homes = find_homes(root)
    status = 0
    for file in sorted((root / "tests").rglob("*.cpp")):
        for found, wanted in complaints(root, file, homes):
            line = found.string[: found.start()].count("\n") + 1
            name = found[0].rstrip("(")
            print(f"{file.relative_to(root)}:{line}: {name} is used, and {wanted} is not included")
            status = 1
    return status


sys.exit(main(pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else pathlib.Path(__file__).parent.parent).resolve()))
