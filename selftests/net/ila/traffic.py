#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""Sockets for the shell tests that no stock program has: a checked UDP echo,
errors and path MTU of connected sockets, marks, devices and IPsec policies, TCP by
digest."""

import argparse
import errno
import hashlib
import os
import socket
import struct
import sys
import threading
import time

IPV6_MTU_DISCOVER, IPV6_MTU, IPV6_RECVERR = 23, 24, 25
IPV6_PMTUDISC_DO, IPV6_PMTUDISC_PROBE = 2, 3
SO_MARK = 36
IPV6_XFRM_POLICY = 35
XFRM_POLICY_OUT, XFRM_POLICY_BLOCK = 1, 1
BLOCK = 1 << 16
SLOW = 5 if os.environ.get("KSFT_MACHINE_SLOW") == "yes" else 1


def deny(sock, prefix):
    """Have the socket's own IPsec policy block what it sends to a /64."""
    selector = struct.pack("=16s16s8xHBBBxxxii",
                           socket.inet_pton(socket.AF_INET6, prefix), bytes(16),
                           socket.AF_INET6, 64, 0, 0, 0, 0)
    lifetime = b"\xff" * 64 + bytes(32)
    policy = struct.pack("=56s96sIIBBBBxxxx", selector, lifetime, 0, 0,
                         XFRM_POLICY_OUT, XFRM_POLICY_BLOCK, 0, 0)
    sock.setsockopt(socket.IPPROTO_IPV6, IPV6_XFRM_POLICY, policy)


def make_socket(args, kind):
    sock = socket.socket(socket.AF_INET6, kind)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    if args.mark:
        sock.setsockopt(socket.SOL_SOCKET, SO_MARK, args.mark)
    if args.device:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE,
                        args.device.encode() + b"\0")
    if args.probe:
        sock.setsockopt(socket.IPPROTO_IPV6, IPV6_MTU_DISCOVER, IPV6_PMTUDISC_PROBE)
    if args.deny:
        deny(sock, args.deny)
    if args.source or args.sport:
        sock.bind((args.source or "::", args.sport))
    sock.settimeout(args.timeout)
    return sock


def connected(args, kind=socket.SOCK_DGRAM):
    sock = make_socket(args, kind)
    sock.connect((args.address, args.port))
    return sock


def payload(size):
    return bytes(index * 7 % 251 for index in range(size))


def udp_echo(args):
    """Answer every datagram with itself."""
    sock = make_socket(args, socket.SOCK_DGRAM)
    sock.settimeout(None)
    sock.bind((args.address, args.port))
    while True:
        data, peer = sock.recvfrom(BLOCK)
        sock.sendto(data, peer)


def udp_ask(args):
    """Send a datagram from a connected socket, want it back unchanged."""
    sock = connected(args)
    data = payload(args.size)
    sock.send(data)
    got = sock.recv(BLOCK)
    if got != data:
        sys.exit("asked %d bytes, got others (%d)" % (len(data), len(got)))


def udp_spray(args):
    """Datagrams from count source ports; nobody answers, refusals are the
    tests' own doing."""
    for _ in range(args.count):
        with connected(args) as sock:
            try:
                sock.send(payload(args.size))
            except OSError as error:
                print("refused: %s" % error)


def udp_receive(args):
    """Wait for one datagram, print its size."""
    sock = make_socket(args, socket.SOCK_DGRAM)
    sock.bind((args.address, args.port))
    print(len(sock.recv(BLOCK)))


def udp_error(args):
    """Print the error that a connected socket gets, or none; ask again and again,
    or once."""
    sock = connected(args)
    # without it only what is final for the connection is reported
    sock.setsockopt(socket.IPPROTO_IPV6, IPV6_RECVERR, 1)
    end = time.monotonic() + args.timeout
    sock.settimeout(args.timeout if args.once else 0.3)
    while time.monotonic() < end:
        try:
            sock.send(payload(args.size))
            sock.recv(BLOCK)
        except TimeoutError:
            continue
        except OSError as error:
            print(errno.errorcode[error.errno])
            return
    print("none")


def udp_pmtu(args):
    """Send with the path MTU respected until something is answered; print the
    path MTU of the connected socket."""
    sock = connected(args)
    sock.setsockopt(socket.IPPROTO_IPV6, IPV6_MTU_DISCOVER, IPV6_PMTUDISC_DO)
    sock.setsockopt(socket.IPPROTO_IPV6, IPV6_RECVERR, 1)
    sock.settimeout(0.5)
    size = args.size
    end = time.monotonic() + args.timeout
    while time.monotonic() < end:
        try:
            sock.send(payload(size))
            if sock.recv(BLOCK) == payload(size):
                break
        except TimeoutError:
            continue
        except OSError as error:
            if error.errno != errno.EMSGSIZE:
                raise
            mtu = sock.getsockopt(socket.IPPROTO_IPV6, IPV6_MTU)
            size = min(size, mtu - 48)
    else:
        sys.exit("nothing of %d bytes was answered" % size)
    print(sock.getsockopt(socket.IPPROTO_IPV6, IPV6_MTU))


def tcp_serve(args):
    """Answer each connection with the digest of what it sent."""
    listener = make_socket(args, socket.SOCK_STREAM)
    listener.settimeout(None)
    listener.bind((args.address, args.port))
    listener.listen(100)
    while True:
        sock, _ = listener.accept()
        threading.Thread(target=answer, args=(sock,), daemon=True).start()


def answer(sock):
    digest = hashlib.sha256()
    with sock:
        while data := sock.recv(BLOCK):
            digest.update(data)
        sock.sendall(digest.digest())


def tcp_send(args):
    """Send random bytes, slowly if asked to, want their digest back."""
    sock = connected(args, socket.SOCK_STREAM)
    digest = hashlib.sha256()
    left = args.size
    while left:
        data = os.urandom(min(left, args.block))
        sock.sendall(data)
        digest.update(data)
        left -= len(data)
        time.sleep(args.pause)
    sock.shutdown(socket.SHUT_WR)
    got = b""
    while data := sock.recv(64):
        got += data
    if got != digest.digest():
        sys.exit("the other side got other bytes")


def hold(args):
    """Keep a connected socket that has sent, until killed."""
    sock = connected(args)
    sock.send(b"hold")
    print("held", flush=True)
    while True:
        time.sleep(60)


def raw_udp(args):
    """Send a datagram whose header names another address than the socket does."""
    size = 8 + args.size
    header = struct.pack("!IHBB16s16sHHHH", 6 << 28, size, socket.IPPROTO_UDP, 64,
                         socket.inet_pton(socket.AF_INET6, args.source),
                         socket.inet_pton(socket.AF_INET6, args.to),
                         args.port, args.port, size, 0)
    with socket.socket(socket.AF_INET6, socket.SOCK_RAW,
                       socket.IPPROTO_RAW) as sock:
        sock.sendto(header + payload(args.size), (args.address, 0))


def flood(args):
    """Datagrams without end; errors are the tests' own doing."""
    data = payload(args.size)
    while True:
        try:
            with connected(args) as sock:
                for _ in range(64):
                    sock.send(data)
                    time.sleep(args.pause)
        except OSError:
            time.sleep(0.05)


VERBS = {
    "udp-echo": udp_echo, "udp-ask": udp_ask, "udp-spray": udp_spray,
    "udp-receive": udp_receive, "udp-error": udp_error, "udp-pmtu": udp_pmtu,
    "tcp-serve": tcp_serve, "tcp-send": tcp_send, "hold": hold, "flood": flood,
    "raw-udp": raw_udp,
}


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("verb", choices=VERBS)
    parser.add_argument("address")
    parser.add_argument("port", type=int)
    parser.add_argument("--size", type=int, default=100)
    parser.add_argument("--block", type=int, default=BLOCK)
    parser.add_argument("--pause", type=float, default=0)
    parser.add_argument("--count", type=int, default=1)
    parser.add_argument("--mark", type=int, default=0)
    parser.add_argument("--once", action="store_true")
    parser.add_argument("--probe", action="store_true")
    parser.add_argument("--device")
    parser.add_argument("--deny")
    parser.add_argument("--source")
    parser.add_argument("--to")
    parser.add_argument("--sport", type=int, default=0)
    parser.add_argument("--timeout", type=float, default=4)
    args = parser.parse_args()
    args.timeout *= SLOW
    try:
        VERBS[args.verb](args)
    except OSError as error:
        sys.exit("%s: %s" % (args.verb, error))


if __name__ == "__main__":
    main()
