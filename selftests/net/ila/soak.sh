#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Traffic and changes at full speed, over and over; when all of it has been taken
# away, memory is as it was before. One round without --minutes.
#
#   s --- r --- c      r has the mappings, all locators lead to c

# shellcheck disable=SC2317 # functions are called by ok
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"

MINUTES=0
[ "${1:-}" != --minutes ] || MINUTES=$2
start
[ -e /proc/net/ila_stat ] || skip_all "this module is another one"

STORM=$HERE/ila_storm
SECONDS_OF_ROUND=5
[ "$MINUTES" = 0 ] || SECONDS_OF_ROUND=30
[ -x "$STORM" ] || skip_all "needs ila_storm, which is built with libila"
# of a packet that went wrong
BAD="elsewhere bad-sum lost untranslated failed unexplained undumped"

topology()
{
	local mac

	hosts s r c
	router r
	link s r
	link r c
	cable r to-b c from-b
	software_sums s to-r
	read -r _ _ mac _ <<<"$(ip6 c -br link show to-r)"
	batch s <<-X
		addr add 2001:db8:1::a/64 dev to-r nodad
		route add default via 2001:db8:1::1
	X
	batch r <<-X
		addr add 2001:db8:1::1/64 dev to-s nodad
		addr add 2001:db8:2::1/64 dev to-c nodad
		neigh add 2001:db8:2::c lladdr $mac dev to-c nud permanent
		neigh add 2001:db8:2::b lladdr $mac dev to-b nud permanent
		route add 2001:db8:a::/48 via 2001:db8:2::c
	X
	table_route r $SIR::/64 adj-transport via 2001:db8:2::c dev to-c
}

# What changes beside the mappings: rules, routes and devices of another prefix
others()
{
	local kind

	for kind in rule route link; do
		awk -v kind=$kind -v seed="$SECONDS" -v lines=30 -v first=60 \
			-v sir=2001:db8:5:7 -f "$HERE/storm.awk" |
			ip6 r -force -batch - >/dev/null 2>&1
	done
}

keep_changing()
{
	while [ ! -e "$TMP/enough" ]; do
		others
		on r "$ILA_DO" config set fastpath $((SECONDS % 2)) >/dev/null
	done
}

# Return: whether every packet went where it should
round()
{
	local changer ender said name wrong=0

	topology
	background s "$TRAFFIC" flood 2001:db8:5:7:2000::1 9 --pause 0.002
	rm -f "$TMP/enough"
	keep_changing &
	changer=$!
	"$STORM" end 2 &
	ender=$!
	said=$("$STORM" run "/run/netns/$(ns s)" "/run/netns/$(ns r)" \
		"/run/netns/$(ns c)" "$SECONDS_OF_ROUND" "$((SECONDS + 1))" 2>&1)
	said=${said##*$'\n'}
	: >"$TMP/enough"
	wait $changer
	wait $ender || wrong=1
	for name in $BAD; do
		[ "$(value "$said" "$name")" = 0 ] || wrong=1
	done
	for name in s r c; do
		drop_host $name
	done
	NAMESPACES=()
	PACKETS=$((PACKETS + $(value "$said" packets)))
	[ $wrong = 0 ] || echo "# $said"
	return $wrong
}

soak()
{
	local end=$((SECONDS + MINUTES * 60)) n=0 failed=0

	while [ $n = 0 ] || [ $SECONDS -lt $end ]; do
		round || failed=$((failed + 1))
		n=$((n + 1))
		echo "# round $n, $PACKETS packets, $(grep MemAvailable /proc/meminfo)"
	done
	same "every packet of $n rounds went where it should" "$failed" 0
}

PACKETS=0
# what everything costs the first time is no leak
SECONDS_OF_ROUND=3 round
before=$("$HERE/ilamem.py")
PACKETS=0
soak
ok "memory is as before" "$HERE/ilamem.py" "$before"
ok "the module unloads" until_true 20 rmmod ila
modprobe -q ila
finish
