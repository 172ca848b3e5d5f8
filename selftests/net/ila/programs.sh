#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# ping, iperf3 and curl between two hosts that know only SIR addresses; the
# locators are put on and taken off at the router, at the hosts, by rules and by
# input routes, in every checksum mode.

# shellcheck disable=SC2317 # functions are called by ok
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"
need iperf3 curl
start

# Every program, both ways, all at once
all_programs()
{
	together "$1: ping a to b" pings a $SIR_B
	together "$1: TCP both ways" iperf a $SIR_B -n 1M --bidir
	together "$1: UDP both ways" iperf_udp a $SIR_B -p 5202 -n 50K --bidir
	together "$1: curl" fetches a
	all_together
}

# The wire between router and b carried a locator, and SIR addresses never
locators_on_wire()
{
	local sir locator

	sir=$(seen b sir)
	locator=$(seen b locator)
	if [ "$sir" = 0 ] && [ "$locator" -gt 10 ]; then
		pass "$1: only locators on the wire to b"
	else
		fail "$1: only locators on the wire to b" \
			"$locator locators, $sir SIR addresses"
	fi
	forget b
}

input_routes()
{
	routes_at_router "$1"
	input_routes_at_hosts "$1"
}

forget_input_routes()
{
	ip6 a route del local $LOC_A::/64
	ip6 b route del local $LOC_B::/64
	ila_nowhere
}

# A socket keeps the route that its packets came by. The input route is not for those
# that come in SIR form, once they do.
plain_meanwhile()
{
	local sender

	input_routes "$1"
	on a "$TRAFFIC" tcp-send $SIR_B 7003 --size 200000 --block 1000 \
		--pause 0.01 &
	sender=$!
	until_true 10 restored_some
	ip6 r route replace $SIR_B/128 via 2001:db8:2::b dev to-b
	wait $sender
	same "input routes, $1: not translated any more, meanwhile" $? 0
	ip6 r route del $SIR_B/128
	forget_input_routes
}

restored_some()
{
	[ "$(counter b IlaInTranslated)" -gt $((BEFORE + 20)) ]
}

# The same without the offloads of veth: each checksum is computed and verified
software()
{
	ila_at_router "$1"
	all_programs "software checksums, $1"
	ok "software checksums, $1: ping of 4000 bytes" pings a $SIR_B -s 4000
	ok "software checksums, $1: UDP datagrams of 4000 bytes" \
		on a "$TRAFFIC" udp-ask $SIR_B 7001 --size 4000
	ila_nowhere
}

# One side without ILA: what the other side writes must stand by itself
one_sided()
{
	ip6 b addr add $LOC_B:$ID_B/128 dev lo nodad
	route r $SIR_B/128 $LOC_B adj-transport via 2001:db8:2::b dev to-b
	receives "U1 adj-transport: a receiver without ILA" 100 \
		$LOC_B:$ID_B $SIR_B
	receives "U2 adj-transport: a receiver without ILA, in fragments" 4000 \
		$LOC_B:$ID_B $SIR_B
	ip6 b addr del $LOC_B:$ID_B/128 dev lo
	ila_nowhere
	rule b $LOC_B $SIR adj-transport
	receives "U1 adj-transport: a sender without ILA" 100 \
		$SIR_B $LOC_B:$ID_B
	receives "U2 adj-transport: a sender without ILA, in fragments" 4000 \
		$SIR_B $LOC_B:$ID_B
	ila_nowhere
}

# receives NAME SIZE ADDRESS-ON-B DESTINATION: a's datagram arrives
receives()
{
	on b "$TRAFFIC" udp-receive "$3" 7000 --timeout 15 >"$TMP/size" 2>&1 &
	until_true 10 listens b u 7000
	on a "$TRAFFIC" udp-spray "$4" 7000 --count 3 --size "$2"
	wait $!
	same "$1" "$(cat "$TMP/size")" "$2"
}

# Identifiers that end in 0000
low16()
{
	local mode zero=$SIR:2000:0:b1:0

	ip6 b addr add $zero/128 dev lo nodad
	for mode in neutral-map neutral-map-auto; do
		ila_at_router "$mode"
		route r $zero/128 $LOC_B "$mode" via 2001:db8:2::b dev to-b
		ok "U7 $mode: ping an identifier that ends in 0000" pings a $zero
		ip6 r route del $zero/128
		ila_nowhere
	done
	ip6 b addr del $zero/128 dev lo
}

line
iperf_server b
iperf_server b 5202
serve_file b
watch b to-r locator ip6 daddr $LOC_B::/64
watch b to-r sir ip6 daddr $SIR::/64

for mode in $ALL_MODES; do
	ila_at_router "$mode"
	all_programs "router, $mode"
	locators_on_wire "router, $mode"
	ila_nowhere
	ila_at_hosts "$mode"
	all_programs "hosts, $mode"
	locators_on_wire "hosts, $mode"
	ila_nowhere
done

for mode in neutral-map neutral-map-auto adj-transport; do
	input_routes "$mode"
	all_programs "input routes, $mode"
	forget_input_routes
done

for link in "a to-r" "r to-a" "r to-b" "b to-r"; do
	# shellcheck disable=SC2086 # a host and a device
	software_sums $link
done
background b "$TRAFFIC" udp-echo :: 7001
until_true 10 listens b u 7001
background b "$TRAFFIC" tcp-serve :: 7003
until_true 10 listens b t 7003
for mode in neutral-map neutral-map-auto no-action adj-transport; do
	BEFORE=$(counter b IlaInTranslated)
	plain_meanwhile "$mode"
done
for mode in $ALL_MODES; do
	software "$mode"
done
one_sided
low16
finish
