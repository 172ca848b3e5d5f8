#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
"""coverage.py ROOT DIR DOCUMENT: what gcov has counted, file by file, then the lines
and branches below ROOT that never ran, by function. DIR/*.json are gcov's lists. One
line of a source may be in several objects (what is inlined, what a test includes):
it ran if it ran in one. Fails if too few ran, or if DOCUMENT does not say of a
function why some did not."""

import collections
import glob
import json
import os
import re
import sys

GOAL = 95     # percent of lines


class Line:
    def __init__(self):
        self.count = 0
        self.branches = []
        self.function = ""

    def add(self, line):
        self.count += line["count"]
        self.function = line.get("function_name") or self.function
        taken = [one["count"] for one in line["branches"]]
        # copies of a line may have been compiled to different branches
        if len(self.branches) == len(taken):
            self.branches = [a + b for a, b in zip(self.branches, taken)]
        elif sum(map(bool, taken)) >= sum(map(bool, self.branches)):
            self.branches = taken


def documents(paths):
    """The JSON documents of all files, one a line"""
    for path in paths:
        with open(path) as lines:
            yield from (json.loads(line) for line in lines)


def is_module(name):
    """Tests run all their lines, or fail."""
    return "_test" not in os.path.basename(name)


def merge(root, found):
    """{source: {line number: Line}}"""
    sources = collections.defaultdict(lambda: collections.defaultdict(Line))
    for document in found:
        for source in document["files"]:
            name = os.path.normpath(source["file"])
            if not name.startswith(root) or not is_module(name):
                continue
            for line in source["lines"]:
                sources[name[len(root):]][line["line_number"]].add(line)
    return sources


def share(part, whole):
    return "%5d of %5d  %5.1f %%" % (part, whole, 100 * part / (whole or 1))


def row(name, lines):
    branches = [one for line in lines for one in line.branches]
    print("%-36s %s  %s" % (
        name, share(sum(line.count > 0 for line in lines), len(lines)),
        share(sum(one > 0 for one in branches), len(branches))))


def spans(numbers):
    """5, 6, 7, 9 as "5-7 9" """
    runs = []
    for number in sorted(numbers):
        if runs and runs[-1][1] == number - 1:
            runs[-1][1] = number
        else:
            runs.append([number, number])
    return " ".join("%d" % a if a == b else "%d-%d" % (a, b) for a, b in runs)


def missing(title, sources, is_missing):
    print("\n%s:" % title)
    for name, lines in sorted(sources.items()):
        functions = collections.defaultdict(list)
        for number, line in sorted(lines.items()):
            if is_missing(line):
                functions[line.function].append(number)
        if functions:
            print("  %s" % name)
        for function, numbers in functions.items():
            print("    %s %s" % (function or "-", spans(numbers)))


def explained(document):
    """Names of the functions in the document's table, which comes before the lists."""
    with open(document) as text:
        return set(re.findall(r"``(\w+)``", text.read().split("\n.. coverage: begin")[0]))


def complaints(sources, document):
    lines = [line for found in sources.values() for line in found.values()]
    ran = sum(line.count > 0 for line in lines)
    if 100 * ran < GOAL * len(lines):
        yield "less than %d %% of the lines ran" % GOAL
    known = explained(document)
    for name, found in sorted(sources.items()):
        for function in sorted({line.function for line in found.values() if not line.count}):
            if function not in known:
                yield "%s: nothing says why lines of %s did not run" % (name, function or "-")


def main(root, directory, document):
    sources = merge(root, documents(glob.glob(os.path.join(directory, "*.json"))))
    print("%-36s %-23s  %s" % ("", "lines", "branches"))
    for name, lines in sorted(sources.items()):
        row(name, lines.values())
    row("all", [line for lines in sources.values() for line in lines.values()])
    missing("lines that never ran", sources, lambda line: not line.count)
    missing("lines with a branch never taken", sources,
            lambda line: line.count and not all(line.branches))
    wrong = list(complaints(sources, document))
    print("".join("coverage: %s\n" % one for one in wrong), end="", file=sys.stderr)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
