#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# A bridge with br_netfilter between two hosts, a tcpdump on every port: frames
# that are merely bridged stay as they are, frames to the bridge itself are
# translated, and readers of the wire see what was on the wire.

# shellcheck disable=SC2317 # functions are called by ok
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"
need tcpdump bridge
modprobe -q br_netfilter
start

SW=2001:db8:1::5
ID_SW=2000:0:0:5

topology()
{
	hosts a sw b
	link a sw
	link sw b
	ip6 sw link add br0 type bridge mcast_snooping 0
	ip6 sw link set br0 up
	ip6 sw link set to-a master br0
	ip6 sw link set to-b master br0
	on sw sysctl -qw net.bridge.bridge-nf-call-ip6tables=1 2>/dev/null ||
		{ skip "br_netfilter" "there is no br_netfilter here"; finish; }
	ip6 a addr add 2001:db8:1::a/64 dev to-sw nodad
	ip6 b addr add 2001:db8:1::b/64 dev to-sw nodad
	ip6 sw addr add $SW/64 dev br0 nodad
	ip6 sw addr add $SIR:$ID_SW/128 dev lo nodad
	ip6 b addr add $LOC_B:$ID_B/128 dev to-sw nodad
	ip6 a route add $LOC_B::/64 via 2001:db8:1::b
	ip6 a route add $SIR:$ID_SW/128 via $SW
}

# capture DEVICE: frames to either locator on a port of the bridge
capture()
{
	background sw tcpdump -n -U -i "$1" -w "$TMP/$1.pcap" \
		"dst net $LOC_B::/64 or dst net $LOC_A::/64"
	until_true 10 test -s "$TMP/$1.pcap"
}

captured()
{
	tcpdump -n -r "$TMP/$1.pcap" 2>/dev/null | grep -c "> $2"
}

merely_bridged()
{
	local before

	rule sw $LOC_B $SIR no-action
	before=$(counter sw IlaInTranslated)
	watch b to-sw locator ip6 daddr $LOC_B::/64
	ok "bridged frames reach the host behind the bridge" \
		pings a $LOC_B:$ID_B -c 4
	same "bridged frames keep their destination" "$(seen b locator)" 4
	same "bridged frames are not counted as translated" \
		"$(counter sw IlaInTranslated)" "$before"
	unrule sw
}

# The bridge has an ILA address of its own
to_the_bridge()
{
	local mode

	for mode in neutral-map adj-transport; do
		rule sw $LOC_A $SIR $mode
		ip6 a route flush $SIR:$ID_SW/128
		route a $SIR:$ID_SW/128 $LOC_A $mode via $SW dev to-sw
		ok "$mode: frames to the bridge are translated: ping" \
			pings a $SIR:$ID_SW
		background sw "$TRAFFIC" udp-echo $SIR:$ID_SW 7001
		until_true 5 listens sw u 7001
		ok "$mode: frames to the bridge are translated: UDP" \
			on a "$TRAFFIC" udp-ask $SIR:$ID_SW 7001
		kill_all sw udp-echo
		unrule sw
	done
}

kill_all()
{
	local pid

	for pid in $(ip netns pids "$(ns "$1")"); do
		grep -q "$2" "/proc/$pid/cmdline" && kill "$pid"
	done
}

topology
capture to-a
merely_bridged
to_the_bridge
sleep 0.5
same "tcpdump on the port saw the bridged locator" \
	"$([ "$(captured to-a "$LOC_B:")" -ge 4 ] && echo yes)" yes
same "tcpdump on the port saw the bridge's own locator" \
	"$([ "$(captured to-a "$LOC_A:")" -ge 4 ] && echo yes)" yes
finish
