#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Path MTU discovery through ILA: a router that knows nothing of ILA raises the
# error behind the translation, or the translating node itself does.
#
#   a --- r --- m === b      the last link carries 1280 bytes

# shellcheck disable=SC2317 # functions are called by ok
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"
need iperf3
start

topology()
{
	hosts a r m b
	router r
	router m
	link a r
	link r m
	link m b
	ip6 m link set to-b mtu 1280
	ip6 b link set to-m mtu 1280
	batch r <<-X
		addr add 2001:db8:1::1/64 dev to-a nodad
		addr add 2001:db8:2::1/64 dev to-m nodad
		route add $LOC_A::/64 via 2001:db8:1::a
		route add $LOC_B::/64 via 2001:db8:2::2
	X
	batch m <<-X
		addr add 2001:db8:2::2/64 dev to-r nodad
		addr add 2001:db8:3::1/64 dev to-b nodad
		route add $LOC_B::/64 via 2001:db8:3::b
		route add default via 2001:db8:2::1
	X
	ila_host a 2001:db8:1::a 2001:db8:1::1 to-r $SIR_A $LOC_A
	ila_host b 2001:db8:3::b 2001:db8:3::1 to-m $SIR_B $LOC_B
	iperf_server b
	background b "$TRAFFIC" udp-echo :: 7001
	until_true 5 listens b u 7001
}

# What a large datagram of a's connected socket finds out
udp_finds()
{
	local mtu

	mtu=$(on a "$TRAFFIC" udp-pmtu $SIR_B 7001 --size 1400 2>&1)
	same "$1" "$mtu" "$2"
}

forget_paths()
{
	local host

	for host in a r m b; do
		ip6 "$host" route flush cache
	done
}

# Before routes change: what was learned belongs to the old route, and the new
# one would hide it from a flush.
over()
{
	ila_nowhere
	forget_paths
}

fresh()
{
	forget_paths
	on a nft delete table netdev watch 2>/dev/null
	# the destination in the quote of a Packet Too Big
	watch a to-r foreign icmpv6 type packet-too-big '@th,256,64' \
		!= 0x20010db800050001
	watch a to-r quoted icmpv6 type packet-too-big '@th,256,64' \
		0x20010db800050001
}

quotes_sir()
{
	same "$1: no Packet Too Big quotes a locator" "$(seen a foreign)" 0
	if [ "$(seen a quoted)" -gt 0 ]; then
		pass "$1: Packet Too Big quotes SIR"
	else
		fail "$1: Packet Too Big quotes SIR" "none seen"
	fi
}

back_from_b()
{
	rule a $LOC_A $SIR "$1"
	rule b $LOC_B $SIR "$1"
	route r $SIR_A/128 $LOC_A "$1" via 2001:db8:1::a dev to-a
}

# The sender is a plain host, r translates
forwarded()
{
	local mode

	for mode in $ALL_MODES; do
		back_from_b "$mode"
		route r $SIR_B/128 $LOC_B "$mode" "${@:2}"
		fresh
		udp_finds "U10 forwarded, $1, $mode: connected UDP" 1280
		quotes_sir "U9 forwarded, $1, $mode"
		fresh
		ok "U10 forwarded, $1, $mode: TCP" iperf a $SIR_B -n 500K
		over
	done
}

# The sender translates
local_sender()
{
	local mode

	for mode in neutral-map no-action adj-transport; do
		back_from_b "$mode"
		route a $SIR_B/128 $LOC_B "$mode" "${@:2}" src $SIR_A
		fresh
		udp_finds "U10 local, $1, $mode: connected UDP" 1280
		fresh
		ok "U10 local, $1, $mode: TCP" iperf a $SIR_B -n 500K
		over
	done
}

# A socket that looks for the path MTU itself sends more than is known of it
probing()
{
	local name="local, gateway: larger than the path known"

	back_from_b neutral-map
	route a $SIR_B/128 $LOC_B neutral-map via 2001:db8:1::1 dev to-r src $SIR_A
	fresh
	udp_finds "$name: the path" 1280
	watch r to-a large ip6 daddr $LOC_B::/64 meta length gt 1400
	watch r to-a every ip6 daddr $LOC_B::/64
	on a "$TRAFFIC" udp-spray $SIR_B 7001 --size 1400 >/dev/null
	on a "$TRAFFIC" udp-spray $SIR_B 7001 --size 10 >/dev/null
	if until_true 5 has_seen r every; then
		same "$name: none" "$(seen r large)" 0
	else
		fail "$name: none" "nothing came"
	fi
	on a "$TRAFFIC" udp-spray $SIR_B 7001 --size 1400 --probe >/dev/null
	ok "$name: sent by who probes" until_true 5 has_seen r large
	on r nft delete table netdev watch
	over
}

# The route of the locator is narrower than the device of the ILA route
narrow_locator_route()
{
	back_from_b neutral-map
	ip6 r route change $LOC_B::/64 via 2001:db8:2::2 mtu 1300
	route r $SIR_B/128 $LOC_B neutral-map dev to-m
	fresh
	ip6 m link set to-b mtu 1500
	ip6 b link set to-m mtu 1500
	udp_finds "U10 forwarded, narrow route of the locator: connected UDP" 1300
	quotes_sir "U10 forwarded, narrow route of the locator"
	fresh
	ok "U10 forwarded, narrow route of the locator: TCP" \
		iperf a $SIR_B -n 500K
	ip6 r route del $SIR_B/128
	forget_paths

	ip6 a route add $LOC_B::/64 via 2001:db8:1::1 dev to-r mtu 1300
	route a $SIR_B/128 $LOC_B neutral-map dev to-r src $SIR_A
	fresh
	udp_finds "U10 local, narrow route of the locator: connected UDP" 1300
	fresh
	ok "U10 local, narrow route of the locator: TCP" iperf a $SIR_B -n 500K
	forget_paths
	ok "U10 local, narrow route of the locator: a datagram in fragments" \
		on a "$TRAFFIC" udp-ask $SIR_B 7001 --size 4000
	ip6 a route del $LOC_B::/64 via 2001:db8:1::1
	over
}

# What is known of the path to the SIR address goes for fragments, too, which are made
# when it is a locator's
narrow_sir_route()
{
	back_from_b neutral-map
	route a $SIR_B/128 $LOC_B neutral-map dev to-r src $SIR_A mtu 1300
	fresh
	watch r to-a fragments ip6 daddr $LOC_B::/64 meta length 1201-1300
	watch r to-a larger ip6 daddr $LOC_B::/64 meta length gt 1300
	ok "local, narrow route of the SIR address: a datagram in fragments" \
		on a "$TRAFFIC" udp-ask $SIR_B 7001 --size 4000
	same "local, narrow route of the SIR address: none is larger" \
		"$(seen r larger)" 0
	same "local, narrow route of the SIR address: three are as large as can be" \
		"$(seen r fragments)" 3
	over
}

# Packets for the device to segment that are larger than an IPv6 packet can be; where
# ILA has to make their checksums, they are cut before
big_tcp()
{
	local before mode

	# 1500 all the way, so that nothing narrower is learned
	ip6 r route change $LOC_B::/64 via 2001:db8:2::2
	ip6 a link set to-r gso_max_size 180000
	# as large as can be, however long packets take
	on a sysctl -qw net.ipv4.tcp_tso_rtt_log=20
	for mode in $ALL_MODES; do
		back_from_b "$mode"
		route a $SIR_B/128 $LOC_B "$mode" dev to-r src $SIR_A
		before=$(losses_of a)
		fresh
		watch r to-a strange ip6 daddr $LOC_B::/64 tcp dport != 5201
		watch r to-a jumbo ip6 daddr $LOC_B::/64 meta length gt 65575
		ok "Big TCP, $mode" iperf a $SIR_B -n $((20 / SLOW))M
		same "Big TCP, $mode: nothing is too big" "$(losses_of a)" "$before"
		same "Big TCP, $mode: headers are whole" "$(seen r strange)" 0
		case $mode in
		neutral-*) ok "Big TCP, $mode: it was" has_seen r jumbo ;;
		esac
		on r nft delete table netdev watch
		over
	done
}

# What was refused since it was too big, or could not be cut
losses_of()
{
	echo "$(counter "$1" IlaOutTooBig) $(counter "$1" IlaOutNoMem)"
}

topology
forwarded "gateway" via 2001:db8:2::2 dev to-m
local_sender "gateway" via 2001:db8:1::1 dev to-r
local_sender "device only" dev to-r
probing
narrow_locator_route
narrow_sir_route
big_tcp
finish
