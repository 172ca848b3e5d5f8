#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""Numbered datagrams of numbered flows: who gets which, and none twice.

A collector writes a line "FLOW NUMBER" for each datagram it gets."""

import argparse
import socket
import sys
import time

RECEIVE_BUFFER = 1 << 22
SO_RCVBUFFORCE = 33
UDP_SEGMENT = 103


def collect(args):
    """Write down what comes, until killed."""
    sock = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
    sock.setsockopt(socket.SOL_SOCKET, SO_RCVBUFFORCE, RECEIVE_BUFFER)
    sock.bind((args.address, args.port))
    with open(args.output, "ab", buffering=0) as output:
        while True:
            output.write(sock.recv(1 << 16).rstrip(b"\0") + b"\n")


def open_flow(args):
    sock = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
    if args.segments > 1:
        sock.setsockopt(socket.IPPROTO_UDP, UDP_SEGMENT, args.size)
    if args.source:
        sock.bind((args.source, 0))
    sock.connect((args.address, args.port))
    return sock


def rounds(args):
    """The numbers of the rounds, when each is due."""
    if args.on_line:
        for number, _ in enumerate(sys.stdin):
            yield number
            print("sent", flush=True)
        return
    for number in range(args.count):
        yield number
        time.sleep(args.pause)


def send(args):
    """Send a datagram in each flow, count times, or for each line that is read;
    fail if any were refused."""
    flows = [open_flow(args) for _ in range(args.flows)]
    refused = 0
    for number in rounds(args):
        for flow, sock in enumerate(flows):
            data = b"%d %d" % (flow, number + args.first)
            try:
                sock.send(data.ljust(args.size * args.segments, b"\0"))
            except OSError:
                refused += 1
    if refused:
        sys.exit("%d refused" % refused)


VERBS = {"collect": collect, "send": send}


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("verb", choices=VERBS)
    parser.add_argument("address")
    parser.add_argument("port", type=int)
    parser.add_argument("--output", help="where a collector writes to")
    parser.add_argument("--flows", type=int, default=1)
    parser.add_argument("--count", type=int, default=1)
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--pause", type=float, default=0)
    parser.add_argument("--size", type=int, default=0)
    parser.add_argument("--segments", type=int, default=1,
                        help="datagrams of --size that are sent as one")
    parser.add_argument("--on-line", action="store_true")
    parser.add_argument("--source")
    args = parser.parse_args()
    try:
        VERBS[args.verb](args)
    except OSError as error:
        sys.exit("%s: %s" % (args.verb, error))


if __name__ == "__main__":
    main()
