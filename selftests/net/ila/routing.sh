#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Where translated packets go: by the locator's own route and the packet's own
# flow, never in a circle.

# shellcheck disable=SC2317 # functions are called by ok
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"
start

SIR_A2=$SIR:2000:0:0:a2

recursions()
{
	dmesg | grep -c 'recursion limit reached'
}

# A packet that cannot be sent is refused at once, and nothing recurses
#   loops_not NAME HOST DESTINATION
loops_not()
{
	local before

	before=$(recursions)
	refused "$1: refused" pings "$2" "$3" -c 1 -W $((2 * SLOW))
	same "$1: no recursion" "$(recursions)" "$before"
}

# --- U14 ---------------------------------------------------------------------

input_hook_local_output()
{
	local far=2001:db8:66:1:2000::1 before

	ip6 r addr add $far/128 dev to-a nodad
	ip6 a route add 2001:db8:66:1::/64 encap ila $SIR ident-type luid \
		hook-type input dev to-r
	before=$(recursions)
	ok "U14 input route without gateway: own packets go out as they are" \
		pings a $far -c 1
	same "U14 input route without gateway: no recursion" \
		"$(recursions)" "$before"
	ip6 a route del 2001:db8:66:1::/64
	ip6 r addr del $far/128 dev to-a
}

own_prefix()
{
	local before

	# no other route for the locator than the ILA route itself
	ip6 a route del default
	route a 2001:db8::/32 $LOC_B neutral-map-auto dev to-r src $SIR_A
	before=$(($(counter a IlaOutLoop) + $(counter a IlaOutNoRoute)))
	loops_not "U14 locator inside the route's own prefix" a $SIR_B
	if [ $(($(counter a IlaOutLoop) + $(counter a IlaOutNoRoute))) -gt "$before" ]; then
		pass "U14 locator inside the route's own prefix: counted"
	else
		fail "U14 locator inside the route's own prefix: counted" "no"
	fi
	# a longer prefix makes the same route useful
	rule b $LOC_B $SIR neutral-map-auto
	ip6 a route add $LOC_B::/64 via 2001:db8:1::1 src $SIR_A
	ip6 r route add $SIR_A/128 via 2001:db8:1::a
	ok "U14 locator inside the route's own prefix, but routed" \
		pings a $SIR_B
	ip6 r route del $SIR_A/128
	ip6 a route del $LOC_B::/64 via 2001:db8:1::1
	ip6 a route del 2001:db8::/32
	ip6 a route add default via 2001:db8:1::1 dev to-r src $SIR_A
	unrule b
}

two_that_point_at_each_other()
{
	route a 2001:db8:66:1::/64 2001:db8:66:2 no-action dev to-r
	route a 2001:db8:66:2::/64 2001:db8:66:1 no-action dev to-r
	loops_not "U14 two routes that point at each other" \
		a 2001:db8:66:1:2000::1
	ip6 a route flush root 2001:db8:66::/48
}

recursion()
{
	input_hook_local_output
	own_prefix
	two_that_point_at_each_other
}

# --- U18 ---------------------------------------------------------------------

# b has no ILA; r restores what a sent with a locator
egress()
{
	local wire

	wire=$(ila_address $SIR_B $LOC_B neutral-map)
	route a $SIR_B/128 $LOC_B neutral-map via 2001:db8:1::1 dev to-r src $SIR_A
	ip6 r route add $SIR_A/128 via 2001:db8:1::a
	route r "$wire/128" $SIR neutral-map via 2001:db8:2::b dev to-b
	ok "U18 egress by a /128 with the C-bit, gateway" pings a $SIR_B
	ip6 r route del "$wire/128"
	ip6 r route add $SIR::/64 via 2001:db8:2::b
	route r "$wire/128" $SIR neutral-map dev to-b
	ok "U18 egress by a /128 with the C-bit, device only" pings a $SIR_B
	ip6 r route del "$wire/128"
	ip6 r route add "$wire/128" encap ila $SIR csum-mode neutral-map \
		ident-type luid hook-type input via 2001:db8:2::b dev to-b
	ok "U18 egress by an input route to a /128 with the C-bit" \
		pings a $SIR_B
	ip6 r route del "$wire/128"
	ip6 r route change $LOC_B::/64 encap ila $SIR csum-mode neutral-map \
		ident-type luid hook-type input via 2001:db8:2::b dev to-b
	ok "egress by an input route to the locator" pings a $SIR_B
	ip6 r route del $LOC_B::/64
	ip6 r route add $LOC_B::/64 via 2001:db8:2::b
	ip6 r route del $SIR::/64
	ila_nowhere
}

# --- U19 ---------------------------------------------------------------------

# r can be reached over a second link, "alt", from a; each ingress is watched
second_link()
{
	cable a alt r alt
	ip6 a addr add 2001:db8:7::a/64 dev alt nodad
	ip6 r addr add 2001:db8:7::1/64 dev alt nodad
	ip6 a addr add $SIR_A2/128 dev lo nodad
	watch r to-a main ip6 daddr $LOC_B::/64
	watch r alt other ip6 daddr $LOC_B::/64
	ip6 r route add $SIR_A/128 via 2001:db8:1::a
	ip6 r route add $SIR_A2/128 via 2001:db8:1::a
	rule b $LOC_B $SIR neutral-map-auto
	background b "$TRAFFIC" udp-echo :: 7001
	until_true 10 listens b u 7001
}

# came NAME COUNTER: all locator packets came in by this link, and some did
came()
{
	local main other

	main=$(seen r main)
	other=$(seen r other)
	forget r
	case $2:$main:$other in
	main:0:*|other:*:0|main:*:[1-9]*|other:[1-9]*:*)
		fail "$1" "$main by to-a, $other by alt" ;;
	*) pass "$1" ;;
	esac
}

asks()
{
	on a "$TRAFFIC" udp-ask "$SIR_B" 7001 "$@"
}

by_flow()
{
	# pinned to a device on which the locator is not
	ip6 a link add dummy0 up type dummy
	route a $SIR_B/128 $LOC_B neutral-map-auto dev dummy0 src $SIR_A
	ok "U19 locator behind another device than the route's" asks
	came "U19 locator behind another device: which link" main

	ip6 a route add $LOC_B::/64 via 2001:db8:7::1 dev alt table 70
	ip6 a rule add fwmark 7 table 70
	ok "U19 rule by mark: marked" asks --mark 7
	came "U19 rule by mark: marked takes the other link" other
	ok "U19 rule by mark: not marked" asks
	came "U19 rule by mark: not marked stays" main
	ip6 a rule del fwmark 7 table 70

	ip6 a rule add from $SIR_A2 table 70
	ok "U19 rule by source: the other source" asks --source $SIR_A2
	came "U19 rule by source: the other source takes the other link" other
	ok "U19 rule by source: the usual source" asks --source $SIR_A
	came "U19 rule by source: the usual source stays" main
	ip6 a rule del from $SIR_A2 table 70
	ip6 a route flush table 70

	ip6 a route add $LOC_B::/64 from $SIR_A2/128 via 2001:db8:7::1 dev alt
	ip6 a route add $LOC_B::/64 via 2001:db8:1::1 dev to-r
	ok "U19 source-specific route: the other source" asks --source $SIR_A2
	came "U19 source-specific route: takes the other link" other
	ok "U19 source-specific route: the usual source" asks --source $SIR_A
	came "U19 source-specific route: the usual source stays" main
	ip6 a route del $LOC_B::/64 from $SIR_A2/128
	ip6 a route del $LOC_B::/64 via 2001:db8:1::1

	ip6 a route add $LOC_B::/64 via 2001:db8:1::1 dev to-r metric 10
	ip6 a route add $LOC_B::/64 via 2001:db8:7::1 dev alt metric 20
	ip6 a route del $SIR_B/128
	route a $SIR_B/128 $LOC_B neutral-map-auto dev to-r src $SIR_A metric 10
	route a $SIR_B/128 $LOC_B neutral-map-auto dev alt src $SIR_A metric 20
	# the answers come by the first link, where this socket is deaf
	forget r
	on a "$TRAFFIC" udp-spray $SIR_B 9 --device alt --count 3
	came "U19 socket bound to the other link" other
	ip6 a route del $SIR_B/128 dev alt
	ip6 a route flush $LOC_B::/64
}

# Both links carry the locator; flows spread, each sent by its own hash
spread()
{
	local main other

	forget r
	on a "$TRAFFIC" udp-spray $SIR_B 9 --count 64
	main=$(seen r main)
	other=$(seen r other)
	if [ "$main" -ge 5 ] && [ "$other" -ge 5 ] &&
	   [ $((main + other)) = 64 ]; then
		pass "$1"
	else
		fail "$1" "$main by to-a, $other by alt, of 64"
	fi
	forget r
}

by_hash()
{
	ip6 a route add $LOC_B::/64 nexthop via 2001:db8:1::1 dev to-r \
		nexthop via 2001:db8:7::1 dev alt
	on a sysctl -qw net.ipv6.fib_multipath_hash_policy=1
	spread "U19 flows spread over the locator's nexthops by ports"
	on a sysctl -qw net.ipv6.fib_multipath_hash_policy=0
	spread "U19 flows spread over the locator's nexthops by flow label"
	ip6 a route del $LOC_B::/64
	ip6 a route del $SIR_B/128

	# the ILA route itself has two nexthops; it is chosen when the socket
	# connects, before there is a flow label
	on a sysctl -qw net.ipv6.fib_multipath_hash_policy=1
	ip6 a route add $SIR_B/128 src $SIR_A \
		nexthop encap ila $LOC_B csum-mode neutral-map-auto \
			ident-type luid via 2001:db8:1::1 dev to-r \
		nexthop encap ila $LOC_B csum-mode neutral-map-auto \
			ident-type luid via 2001:db8:7::1 dev alt
	spread "flows spread over a multipath ILA route"
	ip6 a route del $SIR_B/128

	ip6 a nexthop add id 7 encap ila $LOC_B csum-mode neutral-map-auto \
		ident-type luid via 2001:db8:7::1 dev alt
	ip6 a route add $SIR_B/128 nhid 7 src $SIR_A
	ok "nexthop object with a gateway" asks
	came "nexthop object with a gateway: which link" other
	ip6 a nexthop flush >/dev/null
	ip6 a nexthop add id 8 encap ila $LOC_B csum-mode neutral-map-auto \
		ident-type luid dev alt
	ip6 a route add $SIR_B/128 nhid 8 src $SIR_A
	ok "U19 nexthop object with a device only" asks
	came "U19 nexthop object with a device only: the locator's route" main
	ip6 a nexthop flush >/dev/null
	unrule b
}

# --- One-armed router, loopback ----------------------------------------------

# a, r and b on one segment.  r's ILA routes name a dummy device, so that the
# packets do not leave by the device they came from and no redirect is due.
one_armed()
{
	hosts sw oa or ob
	router or
	ip6 sw link add br0 up type bridge mcast_snooping 0
	for host in oa or ob; do
		cable sw "to-$host" $host lan
		ip6 sw link set "to-$host" master br0
	done
	ila_host oa 2001:db8:1::a 2001:db8:1::1 lan $SIR_A $LOC_A
	ila_host ob 2001:db8:1::b 2001:db8:1::1 lan $SIR_B $LOC_B
	batch or <<-X
		addr add 2001:db8:1::1/64 dev lan nodad
		route add $LOC_A::/64 via 2001:db8:1::a
		route add $LOC_B::/64 via 2001:db8:1::b
		link add ila0 up type dummy
	X
	rule oa $LOC_A $SIR neutral-map
	rule ob $LOC_B $SIR neutral-map
	watch oa lan redirects icmpv6 type nd-redirect
	route or $SIR_A/128 $LOC_A neutral-map dev ila0
	route or $SIR_B/128 $LOC_B neutral-map dev ila0
	ok "U19 one-armed router with routes on a dummy device" \
		pings oa $SIR_B -c 4
	same "one-armed router: no redirect" "$(seen oa redirects)" 0
}

# A packet that comes back over lo brings the route it was sent by; after the
# translation that route is wrong.
stale_route()
{
	local loop=2001:db8:66:3

	on a sysctl -qw net.ipv6.conf.all.forwarding=1
	watch r to-a through ip6 daddr $SIR_B
	ip6 a route add local $loop::/64 dev lo
	rule a $loop $SIR no-action
	on a "$TRAFFIC" udp-spray $loop:$ID_B 9 --count 3
	same "over lo to an identifier elsewhere: routed again" \
		"$(seen r through)" 3
	background a "$TRAFFIC" udp-receive $SIR_A 7002 --timeout 30
	until_true 10 listens a u 7002
	on a "$TRAFFIC" udp-spray $loop:$ID_A 7002
	# the receiver leaves with its first datagram
	ok "over lo to an identifier of one's own: received" \
		until_true 5 listens_not a u 7002
	ip6 a route del local $loop::/64
	unrule a
	on a sysctl -qw net.ipv6.conf.all.forwarding=0
}

# What is kept for the address that a route is for is not taken from a packet to
# another one, whatever its socket said
other_header()
{
	ip6 a link add dummy1 up type dummy
	ip6 a route add $LOC_B:2000::77/128 dev dummy1
	ila_at_router no-action
	rule a $LOC_A $SIR no-action
	route a $SIR_B/128 $LOC_B no-action dev to-r src $SIR_A
	on a taskset -c 0 "$TRAFFIC" raw-udp $SIR_B 9 --to $SIR:2000::77 \
		--source $SIR_A
	ok "a raw packet to another address does not say where others go" \
		on a taskset -c 0 ping -6 -c 1 -W 5 -q $SIR_B
	ila_nowhere
	ip6 a link del dummy1
}

# asks_on_cpu [SECONDS]: one CPU keeps the route
asks_on_cpu()
{
	on a taskset -c 0 ping -6 -c 1 -W "${1:-5}" -q "$SIR_B"
}

# gateway DEAD_OR_ALIVE: of the locator's own route
gateway()
{
	ip6 a neigh replace 2001:db8:1::d dev to-r "$@"
}

# Hosts leave a gateway that does not answer: by $1, which translates
dead_gateway()
{
	local mac

	mac=$(mac_of r to-a)
	gateway lladdr "$mac" nud permanent
	ip6 a route add $LOC_B::/64 via 2001:db8:1::d dev to-r
	ok "$1: the locator's gateway lives" asks_on_cpu
	gateway nud failed
	ok "$1: it is dead: by the default route" asks_on_cpu
	ok "$1: and again" asks_on_cpu
	gateway lladdr 02:00:00:00:00:99 nud permanent
	refused "$1: it lives again, and does not forward" asks_on_cpu 1
	gateway lladdr "$mac" nud permanent
	ok "$1: now it does" asks_on_cpu
	ip6 a route del $LOC_B::/64
	ip6 a neigh del 2001:db8:1::d dev to-r
}

dead_gateways()
{
	ila_at_router no-action
	route a $SIR_B/128 $LOC_B no-action dev to-r src $SIR_A
	dead_gateway "route with a locator"
	ip6 a route del $SIR_B/128
	if [ -x "$ILA_DO" ]; then
		table_route a $SIR::/64 no-action dev to-r src $SIR_A
		map a $SIR_B $LOC_B
		dead_gateway "table route"
		unmap a $SIR_B
	fi
	ila_nowhere
}

listens_not()
{
	! listens "$@"
}

line
# as long as there are no rules: with these, nothing is kept
other_header
dead_gateways
recursion
egress
second_link
by_flow
by_hash
stale_route
one_armed
finish
