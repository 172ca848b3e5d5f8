# SPDX-License-Identifier: GPL-2.0
"""What the python tests share: TAP, a namespace of one's own, the module."""

import ctypes
import fcntl
import os
import pathlib
import socket
import struct
import subprocess
import sys
import traceback

SKIP = 4
CLONE_NEWUSER = 0x10000000
CLONE_NEWNET = 0x40000000
SIOCSIFFLAGS, IFF_UP = 0x8914, 1
# how much longer everything may take; KSFT_MACHINE_SLOW is what all tests of the
# network are told by
SLOW = 5 if os.environ.get("KSFT_MACHINE_SLOW") == "yes" else 1

libc = ctypes.CDLL(None, use_errno=True)


class Skip(Exception):
    """A case that cannot be run here, and why."""


def check(condition, why):
    """Assert that stays in with python -O and says something."""
    if not condition:
        raise AssertionError(why)


def equal(got, want, what="got"):
    check(got == want, "%s %r, want %r" % (what, got, want))


def unshare(flags):
    if libc.unshare(flags):
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))


def own_user_namespace():
    """Root of a new user namespace that owns a new network namespace, as
    "unshare -Urn" makes it."""
    unshare(CLONE_NEWUSER | CLONE_NEWNET)
    with open("/proc/self/uid_map", "w") as uid_map:
        uid_map.write("0 0 1")


def skip_all(why):
    print("TAP version 13\n1..0 # SKIP %s" % why)
    sys.exit(SKIP)


def sh(command):
    """Run a shell command, return its output; CalledProcessError if it fails."""
    return subprocess.run(command, shell=True, check=True, text=True,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          timeout=30 * SLOW).stdout


def find_source(variable, path):
    """Where something of the source tree around us is: what the environment
    says, or the nearest directory above that has it; None if nowhere."""
    if variable in os.environ:
        return os.environ[variable]
    for above in pathlib.Path(__file__).resolve().parents:
        if (above / path).exists():
            return str(above / path)
    return None


def lo_up():
    """Without a program: some tests do it for every case."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        fcntl.ioctl(sock, SIOCSIFFLAGS, struct.pack("16sH22x", b"lo", IFF_UP))


def new_namespace():
    """A network namespace that nobody else sees."""
    unshare(CLONE_NEWNET)
    lo_up()


def start():
    """Root, the module, and a namespace of one's own."""
    sys.dont_write_bytecode = True
    if os.geteuid():
        skip_all("needs root")
    subprocess.run("modprobe -q ila", shell=True, check=False)
    if not os.path.exists("/sys/module/ila"):
        skip_all("there is no ila module")
    new_namespace()


def start_ours():
    """The same; only where the module is not the kernel tree's, which might not
    survive it."""
    start()
    if not os.path.exists("/proc/net/ila_stat"):
        skip_all("this module is another one")


def in_child(function):
    """Run a function in a child, give back what it returned as text; what it
    raises is raised here.  For changes of credentials and of namespaces."""
    reader, writer = os.pipe()
    pid = os.fork()
    if not pid:
        os.close(reader)
        status = 0
        try:
            text = str(function())
        except BaseException as error:  # the child must never return
            text, status = "%s: %s" % (type(error).__name__, error), 1
        os.write(writer, text.encode())
        os._exit(status)
    os.close(writer)
    with os.fdopen(reader) as stream:
        text = stream.read()
    check(os.waitpid(pid, 0)[1] == 0, text)
    return text


def run(cases):
    """Run (name, function) pairs, print TAP, leave with kselftest's code."""
    print("TAP version 13\n1..%d" % len(cases), flush=True)
    failed = 0
    for index, (name, function) in enumerate(cases, 1):
        try:
            function()
        except Skip as why:
            print("ok %d %s # SKIP %s" % (index, name, why), flush=True)
            continue
        except AssertionError as why:
            line = "not ok %d %s # %s" % (index, name, why)
        except Exception as error:
            line = "not ok %d %s # %s: %s" % (index, name,
                                              type(error).__name__, error)
            if not isinstance(error, OSError):
                traceback.print_exc()
        else:
            print("ok %d %s" % (index, name), flush=True)
            continue
        failed += 1
        print(line.replace("\n", " "), flush=True)
    sys.exit(1 if failed else 0)
