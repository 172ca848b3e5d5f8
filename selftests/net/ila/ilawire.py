# SPDX-License-Identifier: GPL-2.0
"""Raw-frame tests: everything a test needs under one name.

    model   addresses and sums        packet  packets, built whole
    net     a router and its links    log     the kernel's log
"""
# pylint: disable=wildcard-import,unused-wildcard-import
from ilatap import Skip, check, equal, run, sh, skip_all, start, start_ours
from wire import model, packet, net, log
from wire.log import KernelLog
from wire.model import *
from wire.net import *
from wire.packet import *
