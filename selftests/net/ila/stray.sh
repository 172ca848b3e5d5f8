#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Packets for an identifier that is not behind the locator they were sent to:
# forwarded (and so sent in a circle until the hop limit ends), answered as
# unreachable, or dropped, as the rule says.
#
#   a --- r --- b --- c      b ends the locator; c is attached to b

# shellcheck disable=SC2317 # functions are called by ok
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"
start

GONE=$SIR:2000:0:0:dead
HERE_TOO=$SIR:2000:0:0:c1

topology()
{
	line
	hosts c
	link b c
	router b
	batch b <<-X
		addr add 2001:db8:3::1/64 dev to-c nodad
		route add $HERE_TOO/128 via 2001:db8:3::c
	X
	batch c <<-X
		addr add 2001:db8:3::c/64 dev to-b nodad
		addr add $HERE_TOO/128 dev lo nodad
		route add default via 2001:db8:3::1 src $HERE_TOO
	X
	rule a $LOC_A $SIR neutral-map
	route r $SIR_A/128 $LOC_A neutral-map via 2001:db8:1::a dev to-a
	route r $SIR::/64 $LOC_B neutral-map via 2001:db8:2::b dev to-b
	watch b to-r arrivals ip6 daddr $LOC_B::/64
}

# stray_rule POLICY
stray_rule()
{
	on b "$ILA_NL" rule flush
	on b "$ILA_NL" rule add loc_match $LOC_B loc $SIR \
		csum-mode neutral-map ident-type luid stray "$1" ||
		fail "stray $1: a rule with this policy" "refused"
}

reaches_what_is_here()
{
	ok "stray $1: an identifier of the host itself is reached" \
		pings a $SIR_B
	ok "stray $1: an identifier behind the host is reached" \
		pings a $HERE_TOO
}

# lost POLICY: how a's packets to the lost identifier fare
lost()
{
	forget b
	error=$(on a "$TRAFFIC" udp-error $GONE 9 --once --timeout 0.2 2>&1)
	arrivals=$(seen b arrivals)
}

refuses()
{
	local before

	stray_rule "$1"
	reaches_what_is_here "$1"
	before=$(counter b IlaInStray)
	lost
	same "stray $1: what the sender is told" "$error" "$2"
	same "stray $1: refused packets do not circulate" "$arrivals" 1
	grew "stray $1: IlaInStray counts" b IlaInStray "$before"
}

# The default: routed again, back to r, until the hop limit ends
forwards()
{
	stray_rule forward
	reaches_what_is_here forward
	forget b
	on a ping -6 -n -c 1 -W 3 -t 12 $GONE >"$TMP/ping" 2>&1
	has "stray forward: the hop limit ends it" "$(cat "$TMP/ping")" \
		"Hop limit"
	same "stray forward: each round costs its hops" "$(seen b arrivals)" 6
	same "stray forward: nothing is refused" "$(counter b IlaInStray)" \
		"$before_forward"
}

# No route at all for the restored address
no_route()
{
	stray_rule unreachable
	ip6 b route del default
	# the way back to the sender stays
	ip6 b route add $SIR_A/128 via 2001:db8:2::1
	lost
	same "stray unreachable: no route for the restored address" "$error" \
		EHOSTUNREACH
	ip6 b route del $SIR_A/128
	ip6 b route add default via 2001:db8:2::1 dev to-r src $SIR_B
}

# The restored address has an ILA output route: it has moved and b knows where
moved()
{
	stray_rule drop
	route b $GONE/128 $LOC_A neutral-map dev to-c
	lost
	same "stray drop: an ILA route would send it on" "$error" none
	same "stray drop: an ILA route would send it on, once" "$arrivals" 1
	ip6 b route del $GONE/128
}

came_by_port()
{
	[ "$(seen c by_port)" = "$1" ]
}

# By a rule that asks for the port
by_port()
{
	local before

	stray_rule drop
	watch c to-b by_port ip6 daddr $GONE
	ip6 b rule add to $SIR::/64 ipproto udp dport 4242 lookup 100
	ip6 b route add $GONE/128 via 2001:db8:3::c table 100
	before=$(counter b IlaInStray)
	on a "$TRAFFIC" udp-spray $GONE 4242 --count 3
	ok "stray drop: routed by its port, it is no stray" \
		until_true 5 came_by_port 3
	same "stray drop: nor is it counted" "$(counter b IlaInStray)" "$before"
	on a "$TRAFFIC" udp-spray $GONE 4243 --count 3
	grew "stray drop: with another port it is" b IlaInStray "$before"
	ip6 b rule del to $SIR::/64 ipproto udp dport 4242 lookup 100
	ip6 b route flush table 100
}

topology
before_forward=$(counter b IlaInStray)
forwards
refuses unreachable EHOSTUNREACH
refuses drop none
no_route
moved
by_port
finish
