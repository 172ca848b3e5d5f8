#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# What is there while rules and routes are, and what is left afterwards: hooks,
# module references, namespaces, devices, all of it under traffic.

# shellcheck disable=SC2317 # functions are called by ok
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"
start

TRACING=/sys/kernel/tracing

# How often packets through r make the module run, by the function tracer
calls()
{
	: >"$TRACING/trace"
	# with a source that r has a route to
	pings a 2001:db8:2::b -I 2001:db8:1::a >/dev/null
	grep -vc '^#' "$TRACING/trace"
}

runs()
{
	[ "$(calls)" -gt 0 ]
}

runs_not()
{
	[ "$(calls)" = 0 ]
}

trace_on()
{
	grep -qw function $TRACING/available_tracers 2>/dev/null &&
		echo ':mod:ila' >$TRACING/set_ftrace_filter &&
		echo function >$TRACING/current_tracer
}

trace_off()
{
	echo nop >$TRACING/current_tracer
	echo >$TRACING/set_ftrace_filter
}

hooks()
{
	if ! trace_on; then
		skip "U20 hooks only while used" "no function tracer"
		return
	fi
	ok "without rule or route the module never runs" until_true 10 runs_not
	rule r $LOC_B $SIR neutral-map
	ok "with a rule the module runs" runs
	unrule r
	ok "U20 the last rule takes the hooks with it" until_true 10 runs_not
	rule r $LOC_B $SIR neutral-map
	on r ip ila del loc_match $LOC_B
	ok "U20 deleted, not flushed: the hooks go too" until_true 10 runs_not
	ip6 r link add gone type dummy
	rule r $LOC_B $SIR neutral-map dev gone
	ip6 r link del gone
	same "the rule goes with its device" "$(rules r)" ""
	ok "U20 and the hooks with the rule" until_true 10 runs_not
	route r $SIR_B/128 $LOC_B neutral-map via 2001:db8:2::b dev to-b
	ip6 r route del $SIR_B/128
	ok "U20 the last route takes the hooks with it" until_true 10 runs_not
	trace_off
}

unloads()
{
	until_true 10 rmmod ila
}

# Traffic between a and b, ILA or not, all the time
flood()
{
	ip6 r route add $SIR_A/128 via 2001:db8:1::a metric 4096
	ip6 r route add $SIR_B/128 via 2001:db8:2::b metric 4096
	background a "$TRAFFIC" flood $SIR_B 9 --pause 0.001
	background b "$TRAFFIC" flood $SIR_A 9 --pause 0.001 --size 1400
}

reload_under_traffic()
{
	local round

	for round in 1 2 3; do
		modprobe ila
		ila_at_router neutral-map
		ok "round $round: ping while loaded" pings a $SIR_B
		ila_nowhere
		restore_plain
		if unloads; then
			pass "round $round: the module unloads under traffic"
		else
			fail "round $round: the module unloads under traffic" \
				"$(rmmod ila 2>&1)"
		fi
	done
	modprobe ila
	# rules do not hold the module: it may go with them in place
	ila_at_router neutral-map
	ip6 r route flush root $SIR::/64 table main
	restore_plain
	ok "the module unloads with rules in place" unloads
	modprobe ila
	same "and comes back empty" "$(rules a)" ""
	ok "hosts reach each other without ILA afterwards" pings a $SIR_B
}

restore_plain()
{
	try_batch r <<-X
		route add $SIR_A/128 via 2001:db8:1::a metric 4096
		route add $SIR_B/128 via 2001:db8:2::b metric 4096
	X
}

netns_gone_under_traffic()
{
	local round

	for round in 1 2; do
		ila_at_router neutral-map
		drop_host r
		NAMESPACES=(a b)
		same "round $round: the router's namespace goes under traffic" \
			"$(ip netns list | grep -c "$(ns r)")" 0
		router_again
		unrule a
		unrule b
	done
}

router_again()
{
	ok "round $round: its devices are gone" until_true 60 gone_from a b
	hosts r
	router r
	link a r
	link r b
	batch r <<-X
		addr add 2001:db8:1::1/64 dev to-a nodad
		addr add 2001:db8:2::1/64 dev to-b nodad
		route add $LOC_A::/64 via 2001:db8:1::a
		route add $LOC_B::/64 via 2001:db8:2::b
	X
	batch a <<-X
		addr add 2001:db8:1::a/64 dev to-r nodad
		route add default via 2001:db8:1::1 dev to-r src $SIR_A
	X
	batch b <<-X
		addr add 2001:db8:2::b/64 dev to-r nodad
		route add default via 2001:db8:2::1 dev to-r src $SIR_B
	X
}

# The socket keeps its route, and the namespace, until it is closed
netns_gone_with_socket()
{
	local pid

	hosts x
	batch x <<-X
		link add d0 up type dummy
		addr add $SIR:2000::99/128 dev lo nodad
		route add 2001:db8::/32 dev d0
		route add $SIR_B/128 encap ila $LOC_B csum-mode neutral-map ident-type luid dev d0
	X
	rule x $LOC_A $SIR neutral-map
	# not "on": its process would be the shell's, not the program's
	nsenter --net="/run/netns/$(ns x)" "$TRAFFIC" hold $SIR_B 9 \
		>"$TMP/held" 2>&1 &
	pid=$!
	disown
	until_true 10 grep -q held "$TMP/held"
	ip netns del "$(ns x)"
	sleep 0.5
	ok "a socket outlives the name of its namespace" kill -0 $pid
	kill $pid
	ok "its namespace goes when it is closed, and so can the module" \
		everything_unloads
	modprobe ila
}

# No namespace keeps the module; those of this test have no route any more
everything_unloads()
{
	ila_nowhere
	until_true 20 rmmod ila
}

# The device of a route and of its neighbour goes away under traffic
device_gone()
{
	ila_at_router neutral-map
	ip6 r link add d1 up type dummy
	route r $SIR:2000::77/128 $LOC_B neutral-map dev d1
	ip6 r link del d1
	same "an ILA route goes with its device" \
		"$(ip6 r route show $SIR:2000::77)" ""
	ip6 r link del to-b
	same "and under traffic" "$(ip6 r route show $SIR_B)" ""
}

line
hooks
flood
reload_under_traffic
netns_gone_under_traffic
netns_gone_with_socket
device_gone
finish
