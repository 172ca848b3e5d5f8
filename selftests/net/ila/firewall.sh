#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Stateful nftables firewalls on the router and on the hosts: connections are
# tracked by SIR addresses only, errors are related to them, and connections
# that a flowtable takes past ILA are counted.

# shellcheck disable=SC2317 # functions are called by ok
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"
need iperf3 conntrack
start

# firewall HOST HOOK RULE: only the replies, and what the rule lets begin
firewall()
{
	on "$1" nft -f - <<-X
		flush ruleset
		table ip6 wall {
			counter related { }
			counter stopped { }
			chain $2 {
				type filter hook $2 priority 0; policy drop;
				icmpv6 type { nd-neighbor-solicit, nd-neighbor-advert } accept
				ct state invalid counter name stopped drop
				ct state established accept
				ct state related counter name related accept
				$3
			}
		}
	X
	on "$1" conntrack -F >/dev/null 2>&1
}

open_wall()
{
	on "$1" nft flush ruleset
}

# What the connection table of a host says of these programs
tracks_sir_only()
{
	local table

	table=$(on "$2" conntrack -L -f ipv6 2>/dev/null)
	has "$1: tracks the SIR addresses" "$table" "dst=$(short $SIR_B)"
	case $table in
	*"=$LOC_A:"*|*"=$LOC_B:"*) fail "$1: tracks no locator" "$table" ;;
	*) pass "$1: tracks no locator" ;;
	esac
}

# As programs print an address
short()
{
	python3 -c 'import ipaddress, sys; print(ipaddress.ip_address(sys.argv[1]))' "$1"
}

stateful_router()
{
	local mode=$1

	ila_at_router "$mode"
	firewall r forward 'iifname "to-a" ct state new accept'
	ok "router, $mode: ping out" pings a $SIR_B
	ok "router, $mode: TCP out" iperf a $SIR_B -n 200K
	ok "router, $mode: UDP out" iperf_udp a $SIR_B -n 50K
	tracks_sir_only "router, $mode" r
	refused "router, $mode: ping in is stopped" pings b $SIR_A -W $((2 * SLOW))
	open_wall r
	ila_nowhere
}

stateful_hosts()
{
	local mode=$1

	ila_at_hosts "$mode"
	firewall a input 'iifname "lo" accept'
	firewall b input 'tcp dport 5201 ct state new accept
		udp dport 5201 ct state new accept
		icmpv6 type echo-request ct state new accept'
	ok "hosts, $mode: ping" pings a $SIR_B
	ok "hosts, $mode: TCP" iperf a $SIR_B -n 200K
	ok "hosts, $mode: TCP, b sends" iperf a $SIR_B -n 200K -R
	tracks_sir_only "hosts, $mode, client" a
	tracks_sir_only "hosts, $mode, server" b
	refused "hosts, $mode: ping of the client is stopped" pings b $SIR_A -W $((2 * SLOW))
	same "hosts, $mode: nothing was invalid" "$(invalid b)" 0
	open_wall a
	open_wall b
	ila_nowhere
}

invalid()
{
	on "$1" nft list counter ip6 wall stopped | awk '$1 == "packets" { print $2 }'
}

# b ends no locator now and says so with an error that quotes the locator
related_error()
{
	local error

	ila_at_router neutral-map
	unrule b
	firewall r forward 'iifname "to-a" ct state new accept'
	error=$(on a "$TRAFFIC" udp-error $SIR_B 9 --timeout 2 2>&1)
	same "U9 an error is related to its connection and passes" \
		"$error" ENETUNREACH
	same "U9 nothing was invalid" "$(invalid r)" 0
	open_wall r
	ila_nowhere
}

flowtable()
{
	local before

	ila_at_router neutral-map
	on r nft -f - <<-'X' || return
		table ip6 fast {
			flowtable f {
				hook ingress priority 0
				devices = { to-a, to-b }
			}
			chain forward {
				type filter hook forward priority 0;
				ct state established flow add @f
			}
		}
	X
	on r conntrack -F >/dev/null 2>&1
	watch b to-r bypass ip6 daddr $SIR::/64
	before=$(counter r IlaOutOffloaded)
	ok "flowtable: TCP works past ILA" iperf a $SIR_B -n 1M
	if [ "$(seen b bypass)" -gt 0 ]; then
		pass "flowtable: the bypass is real, SIR destinations on the wire"
	else
		fail "flowtable: the bypass is real" "no SIR destination seen"
	fi
	grew "flowtable: IlaOutOffloaded counts packets of offloaded connections" \
		r IlaOutOffloaded "$before"
	on r nft flush ruleset
	on b nft flush ruleset
	ila_nowhere
}

line
iperf_server b
for mode in neutral-map no-action adj-transport; do
	stateful_router "$mode"
	stateful_hosts "$mode"
done
related_error
flowtable
finish
