#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""The kernel's memory when nothing is on its way any more: objects of each slab
cache, and what is available. As a program: "ilamem.py" prints it as a line, given
such a line it says what has grown since, and fails if that is more than noise."""

import ctypes
import json
import os
import sys
import time

import ilatap

SYS_MEMBARRIER, MEMBARRIER_GLOBAL = 324, 1
# Caches that the module, its packets, routes and namespaces have objects in
OURS = ("kmalloc-", "skbuff_", "ip6_dst_cache", "fib6_node", "net_namespace")
# What may come and go with whatever else a machine does: objects of a cache, in
# bytes; and all memory
CACHE_NOISE = 192 << 10
ALL_NOISE = 8 << 20
# Seconds that namespaces may take to go with what they have: sockets that TCP still
# has to do with keep theirs for a minute
PATIENCE = 90 * ilatap.SLOW
SLAB = "/sys/kernel/slab/"


def caches():
    """Their directories; caches that are alike may be one."""
    return {os.path.realpath(SLAB + name) for name in os.listdir(SLAB)
            if name.startswith(OURS)} if os.path.isdir(SLAB) else set()


def settle():
    """Nothing waits for readers any more, caches hold no free objects."""
    for _ in range(3):
        # a grace period passes; what its callbacks start may want another
        ctypes.CDLL(None).syscall(SYS_MEMBARRIER, MEMBARRIER_GLOBAL, 0)
        time.sleep(0.5 * ilatap.SLOW)
    with open("/proc/sys/vm/drop_caches", "w") as knob:
        knob.write("3")
    for cache in caches():
        with open(cache + "/shrink", "w") as knob:
            knob.write("1")


def slabs():
    """{cache: (objects in use, their size)}"""
    found, ours = {}, caches()
    if not ours:
        return found
    with open("/proc/slabinfo") as lines:
        for line in list(lines)[2:]:
            name, active, _, size = line.split()[:4]
            if os.path.realpath(SLAB + name) in ours:
                found[name] = int(active), int(size)
    return found


def numbers(path, name):
    """Of all lines that say NAME."""
    with open(path) as lines:
        return [int(line.split()[1]) for line in lines
                if line.split()[0] == name]


def available():
    """With the free pages that processors keep for themselves: tens of megabytes, and
    MemAvailable is without them."""
    kept = sum(numbers("/proc/zoneinfo", "count:"))
    return (numbers("/proc/meminfo", "MemAvailable:")[0] << 10) + \
        kept * os.sysconf("SC_PAGE_SIZE")


def now():
    settle()
    return {"slabs": slabs(), "available": available()}


def grown(before, after):
    """What has grown by more than noise, in words."""
    found = []
    for name, (objects, size) in after["slabs"].items():
        more = objects - before["slabs"].get(name, (0, 0))[0]
        if more * size > CACHE_NOISE:
            found.append("%s: %d objects of %d bytes more" % (name, more, size))
    less = before["available"] - after["available"]
    if less > ALL_NOISE:
        found.append("%d KB less are available" % (less >> 10))
    return found


def look(is_enough):
    """Look again as long as that may change something. Return: the last look."""
    deadline = time.monotonic() + PATIENCE
    last, memory = None, now()
    while not is_enough(last, memory) and time.monotonic() < deadline:
        last, memory = memory, now()
    return memory


def settled():
    """Memory when it does not become less any more."""
    return look(lambda last, memory: last and not grown(memory, last))


def grown_since(before):
    """What has grown for good, in words."""
    return grown(before, look(lambda _, memory: not grown(before, memory)))


def main():
    if len(sys.argv) < 2:
        print(json.dumps(settled()))
        return 0
    found = grown_since(json.loads(sys.argv[1]))
    print("\n".join(found))
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
