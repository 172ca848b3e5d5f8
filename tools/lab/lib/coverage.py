#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
"""coverage.py ROOT FILE...: what gcov has counted, file by file, then the lines and
branches below ROOT that never ran. One line of a source may be in several objects
(what is inlined, what a test includes): it ran if it ran in one."""

import collections
import json
import os
import sys


def documents(paths):
    """The JSON documents of all files, one a line"""
    for path in paths:
        with open(path) as lines:
            yield from (json.loads(line) for line in lines)


def merge(root, found):
    """{source: {line: (times it ran, [times each branch was taken])}}"""
    sources = collections.defaultdict(dict)
    for document in found:
        for source in document["files"]:
            name = os.path.normpath(source["file"])
            if not name.startswith(root):
                continue
            lines = sources[name[len(root):]]
            for line in source["lines"]:
                add(lines, line["line_number"], line["count"],
                    [one["count"] for one in line["branches"]])
    return sources


def add(lines, number, count, branches):
    before, taken = lines.get(number, (0, []))
    # copies of a line may have been compiled to different branches
    if len(taken) == len(branches):
        branches = [a + b for a, b in zip(taken, branches)]
    elif sum(map(bool, taken)) > sum(map(bool, branches)):
        branches = taken
    lines[number] = (before + count, branches)


def share(part, whole):
    return "%5d of %5d  %5.1f %%" % (part, whole, 100 * part / (whole or 1))


def row(name, lines):
    branches = [one for _, taken in lines for one in taken]
    print("%-36s %s  %s" % (
        name, share(sum(count > 0 for count, _ in lines), len(lines)),
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
        numbers = [at for at, line in lines.items() if is_missing(*line)]
        if numbers:
            print("  %s: %s" % (name, spans(numbers)))


def main():
    sources = merge(sys.argv[1], documents(sys.argv[2:]))
    print("%-36s %-23s  %s" % ("", "lines", "branches"))
    for name, lines in sorted(sources.items()):
        row(name, lines.values())
    row("all", [line for lines in sources.values() for line in lines.values()])
    missing("lines that never ran", sources, lambda count, taken: not count)
    missing("lines with a branch never taken", sources,
            lambda count, taken: count and not all(taken))


if __name__ == "__main__":
    main()
