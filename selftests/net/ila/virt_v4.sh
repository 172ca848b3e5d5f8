#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Tenants that speak IPv4 only. A stateless translator at either host turns IPv4
# into the SIR addresses of identifier type 2, by a /96 prefix that holds the SIR
# prefix, the type and the VNID; between the hosts that is ILA as any other.
#
#   s --- a --- r --- b --- d        s and d are IPv4 only
#      10.1.1.0/24      10.1.2.0/24

# shellcheck disable=SC2317 # functions are called by ok
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"
need tayga tcpdump iperf3
need_ila_do
modprobe -q tun
[ -c /dev/net/tun ] || skip_all "needs /dev/net/tun"
start

MODES="adj-transport neutral-map no-action neutral-map-auto"
VNET=$SIR:40ab:cdef
V4_S=10.1.1.1 V6_S=$VNET:a01:101
V4_D=10.1.2.2 V6_D=$VNET:a01:202

# v4_host HOST BEHIND ADDRESS GATEWAY
v4_host()
{
	local host=$1 behind=$2 address=$3 gateway=$4

	hosts "$host"
	link "$host" "$behind"
	on "$host" sysctl -qw net.ipv6.conf.all.disable_ipv6=1
	on "$host" ip addr add "$address/24" dev "to-$behind"
	on "$host" ip route add default via "$gateway"
	on "$behind" ip addr add "$gateway/24" dev "to-$host"
	on "$behind" sysctl -qw net.ipv4.ip_forward=1
	router "$behind"
}

# translator HOST OTHER-IPV4-NET OWN-IPV6-NET
translator()
{
	mkdir "$TMP/$1"
	cat >"$TMP/$1/conf" <<-X
		tun-device nat64
		ipv4-addr 192.0.2.1
		ipv6-addr 2001:db8:64::1
		prefix $VNET::/96
		data-dir $TMP/$1
	X
	background "$1" tayga --nodetach -c "$TMP/$1/conf"
	# the device is there once the translator is
	ok "translator of $1" until_true 10 ip6 "$1" link set nat64 up
	on "$1" ip route add "$2" dev nat64
	ip6 "$1" route add "$3" dev nat64
}

topology()
{
	line
	# where r's errors go
	ip6 r route add $V6_S/128 via 2001:db8:1::a
	v4_host s a $V4_S 10.1.1.254
	v4_host d b $V4_D 10.1.2.254
	translator a 10.1.2.0/24 $VNET:a01:100/120
	translator b 10.1.1.0/24 $VNET:a01:200/120
	background d iperf3 -s -p 5201
	background d iperf3 -s -p 5202
	background d "$TRAFFIC" tcp-serve :: 7002
	until_true 20 listens d t 7002
	until_true 20 listens d t 5201
	until_true 20 listens d t 5202
}

ila_between()
{
	local host

	for host in a b; do
		ip6 $host route add $SIR::/64 dev to-r encap ila 0:0:0:0 \
			csum-mode "$1" ident-type use-format
	done
	on a ip ila add loc_match $LOC_A loc $SIR csum-mode "$1" \
		ident-type use-format
	on b ip ila add loc_match $LOC_B loc $SIR csum-mode "$1" \
		ident-type use-format
	map a $V6_D $LOC_B ident-type virt-v4
	map b $V6_S $LOC_A ident-type virt-v4
}

over()
{
	local host

	for host in a b; do
		unmap_all $host
		unrule $host
		ip6 $host route del $SIR::/64
	done
}

pings_v4()
{
	on s ping -4 -n -q -c 3 -i 0.2 -W $((10 * SLOW)) "$@" "$V4_D"
}

iperf_v4()
{
	on s timeout $((60 * SLOW)) iperf3 -4 -c "$V4_D" "$@"
}

# What r sees of a packet's checksum: it comes from a, with a locator
capture()
{
	on r tcpdump -l -n -v -i to-a -c "$1" "ip6 and dst net $LOC_B::/64" \
		>"$TMP/wire" 2>"$TMP/tcpdump" &
	CAPTURE=$!
	until_true 10 grep -q "listening on" "$TMP/tcpdump"
}

# sums NAME: all of them are right for the addresses on the wire
sums()
{
	local right wrong='\<bad\>|incorrect'

	kill "$CAPTURE" 2>/dev/null
	wait "$CAPTURE" 2>/dev/null
	right=$(grep -c -E 'icmp6 sum ok|\(correct\)' "$TMP/wire")
	if [ "$right" -gt 5 ] && ! grep -q -E "$wrong" "$TMP/wire"; then
		pass "$1"
	else
		fail "$1" "$right right; $(grep -E "$wrong" "$TMP/wire")"
	fi
}

programs()
{
	local mode

	for mode in $MODES; do
		ila_between "$mode"
		[ "$mode" = no-action ] || capture 40
		ok "IPv4, $mode: ping" pings_v4
		together "IPv4, $mode: TCP both ways" iperf_v4 -n 100K --bidir
		together "IPv4, $mode: UDP" \
			iperf_v4 -p 5202 -u -b 5M -l 500 -n 20K
		all_together
		[ "$mode" = no-action ] ||
			sums "IPv4, $mode: checksums on the wire"
		over
	done
}

# The link to b is narrower: r says so of a locator, a restores what r quotes, and
# the translator has to recognise it to tell the IPv4 sender
path_mtu()
{
	ila_between neutral-map
	ip6 r link set to-b mtu 1300
	ok "IPv4, a narrow link: TCP, every byte" on s "$TRAFFIC" tcp-send \
		"::ffff:$V4_D" 7002 --size 100000 --timeout 20
	has "IPv4, a narrow link: the sender knows" \
		"$(on s ip route get $V4_D)" "mtu 1280"
	over
}

# tries_nowhere: an address of the network that has no mapping; what ping says
tries_nowhere()
{
	on s ping -4 -n -c 1 -W 3 10.1.2.77 2>&1
}

# The translator of a is told of an address that is nowhere. This one knows ICMPv6
# "no route", not "address unreachable", so what a says ends there; what s gets
# to know is what a's router says, if a asks it.
nowhere()
{
	ila_between neutral-map
	on a nft -f - <<-X
		table netdev told {
			counter told { }
			chain told {
				type filter hook egress device nat64 priority 0;
				ip6 daddr $V6_S icmpv6 type destination-unreachable \
					icmpv6 code addr-unreachable counter name told
			}
		}
	X
	tries_nowhere >/dev/null
	has "IPv4, an address without a mapping: the translator is told" \
		"$(on a nft list counter netdev told told)" "packets 1 "
	ip6 a route replace $SIR::/64 via 2001:db8:1::1 dev to-r encap ila \
		0:0:0:0 csum-mode neutral-map ident-type use-format
	has "IPv4, an address without a mapping: the sender knows" \
		"$(tries_nowhere)" "Destination Host Unreachable"
	over
}

topology
programs
path_mtu
nowhere
finish
