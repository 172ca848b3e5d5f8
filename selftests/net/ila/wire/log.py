# SPDX-License-Identifier: GPL-2.0
"""The kernel's log: what it had to complain about."""
import os
import re

from ilatap import check

REPORT = re.compile('WARNING:|BUG:|Oops|KASAN|UBSAN|possible .* detected|inconsistent lock|'
                    'stall|suspicious RCU|refcount_t:|general protection|hw csum failure|'
                    'recursion limit|bad checksum|waiting for .* to become free')


class KernelLog:
    """Reports the kernel made since this object was made."""

    def __init__(self):
        self.fd = os.open('/dev/kmsg', os.O_RDONLY | os.O_NONBLOCK)
        os.lseek(self.fd, 0, os.SEEK_END)

    def lines(self):
        while True:
            try:
                yield os.read(self.fd, 8192).decode(errors='replace').split('\n')[0]
            except BlockingIOError:
                return
            except BrokenPipeError:     # overwritten before it was read
                continue

    def clean(self):
        found = [line for line in self.lines() if REPORT.search(line)]
        check(not found, '; '.join(found[:3]))
