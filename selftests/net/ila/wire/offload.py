# SPDX-License-Identifier: GPL-2.0
"""Packets with the header virtio_net uses to say what offload is still to do."""
import select
import shutil
import socket
import subprocess

from ilatap import SLOW, Skip, check, sh
from wire.model import add, osum, word
from wire.net import BUFFER, ETH_P_IPV6, GSO_NONE, NEEDS_CSUM, PACKET_OUTGOING, VNET, End, mac
from wire.packet import AT, put, src_of, transport_of

ETH = 14
# everything that could leave the work to the device
SEGMENTATION = ('tso', 'tx-udp-segmentation', 'tx-udp_tnl-segmentation',
                'tx-udp_tnl-csum-segmentation')
# seconds for which a device holds its interrupt back
HELD = 0.5 * SLOW


def features(device, on, names):
    if not shutil.which('ethtool'):
        raise Skip('no ethtool')
    words = [word_ for name in names for word_ in (name, 'on' if on else 'off')]
    done = subprocess.run(['ethtool', '-K', device] + words, text=True, check=False,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    check(not done.returncode, done.stdout)


def hold_interrupts(router, on):
    """As a network card does: what comes meanwhile is received together, as a list."""
    # the other end has to look as if there was something to be aggregated
    features(router.ends['in'].name, not on, ('tso',))
    with router:
        features('in0', on, ('gro',))
        sh('unshare -m sh -ec "mount -t sysfs held /sys; cd /sys/class/net/in0;'
           'echo %d >gro_flush_timeout; echo %d >napi_defer_hard_irqs"' % (on * HELD * 1e9, on))


def seed(raw, dst_sum):
    """The transport header's field as it waits for a device to finish it."""
    proto, at = transport_of(raw)
    value = add(osum(src_of(raw)), dst_sum, add(len(raw) - at), proto)
    return put(raw, at + AT[proto], word(value))


def vnet_header(raw, gso=GSO_NONE, size=0, headers=0):
    proto, at = transport_of(raw)
    return VNET.pack(NEEDS_CSUM, gso, headers, size, ETH + at, AT[proto])


class Reader:
    """Frames with their offload headers at one end of a link."""

    def __init__(self, end):
        self.end, self.sock = end, End.open(end.name, vnet=True)

    def send(self, header, raw):
        frame = self.end.router_mac + mac(0x11) + word(ETH_P_IPV6) + raw
        self.sock.send(header + frame)

    def received(self):
        """(flags, gso, gso size, checksum start, IPv6 packet)"""
        while True:
            try:
                size, source = self.sock.recvfrom_into(BUFFER)
            except BlockingIOError:
                return
            data = bytes(memoryview(BUFFER)[:size])
            frame = data[VNET.size:]
            if source[2] == PACKET_OUTGOING or frame[12:14] != word(ETH_P_IPV6) or frame[0] & 1:
                continue
            flags, gso, _, gso_size, begin, _ = VNET.unpack(data[:VNET.size])
            yield flags, gso, gso_size, begin - ETH, frame[ETH:]

    def wait(self, seconds):
        select.select([self.sock], [], [], seconds)


def sums_to_zero(raw, dst_sum):
    """Whether the packet's transport checksum is right for a destination sum."""
    proto, at = transport_of(raw)
    data = raw[at:]
    return add(osum(src_of(raw)), dst_sum, add(len(data)), proto, osum(data)) in (0, 0xffff)


def finished(got, dst_sum):
    """None if a frame's sum is right, or will be when the device finishes it."""
    flags, _, _, begin, raw = got
    proto, at = transport_of(raw)
    if not flags & NEEDS_CSUM:
        return None if sums_to_zero(raw, dst_sum) else 'wrong checksum'
    if begin != at:
        return 'checksum starts at %d, transport at %d' % (begin, at)
    field = at + AT[proto]
    have = int.from_bytes(raw[field:field + 2], 'big')
    want = int.from_bytes(seed(raw, dst_sum)[field:field + 2], 'big')
    if have % 0xffff != want % 0xffff:
        return 'seed %04x, want %04x' % (have, want)
    return None


def resolved(got, version=6):
    """The packet after its device finished the sum that was asked for, of what is in IP of
    this version."""
    flags, _, _, begin, raw = got
    if not flags & NEEDS_CSUM:
        return raw
    # the field holds the pseudo header's sum, so summing all gives the rest
    # the next header of the header right before
    proto = raw[begin - (34 if version == 6 else 11)]
    value = osum(raw[begin:]) ^ 0xffff
    return put(raw, begin + AT[proto], word(value or 0xffff))


def gso_send(router, destination, payload, size, family=socket.AF_INET6):
    """A UDP datagram train from the router itself, one skb; what queues drop is an
    error."""
    with router, socket.socket(family, socket.SOCK_DGRAM) as sock:
        if family == socket.AF_INET6:
            sock.setsockopt(socket.IPPROTO_IPV6, 25, 1)     # IPV6_RECVERR
        sock.setsockopt(socket.IPPROTO_UDP, 103, size)     # UDP_SEGMENT
        sock.sendto(payload, (destination, 53))
