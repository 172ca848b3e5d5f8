#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Traffic and changes at full speed, over and over; when all of it has been taken
# away, memory is as it was before. One round without --minutes. lib.sh's
# storm_topology has the hosts.

# shellcheck disable=SC2317 # functions are called by ok
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"

MINUTES=0
while [ "${1:-}" = --minutes ]; do
	MINUTES=$2
	shift 2 || exit 2
done
start
need_ours

SECONDS_OF_ROUND=5
[ "$MINUTES" = 0 ] || SECONDS_OF_ROUND=30
need_ila_storm
# of a packet that went wrong. One that is not translated arrives elsewhere; those
# of others are counted with ours.
BAD="elsewhere bad-sum lost failed unexplained undumped"

# What the others need beside the storm's hosts
topology()
{
	storm_topology
	cable r to-b c from-b
	ip6 s route add default via 2001:db8:1::1
	ip6 r route add 2001:db8:2::b dev to-b
	ip6 r neigh add 2001:db8:2::b lladdr "$(mac_of c to-r)" dev to-b nud permanent
}

# Of other hosts' kinds of traffic: TCP in trains; datagrams in fragments,
# to a port where nobody listens; and to a locator that c refuses, whose errors r
# restores. c only knows the way back to this address of s.
MIXED=2001:db8:1::7
MIXED_SIR=2001:db8:5:8
MIXED_GONE=2001:db8:5:9

mixed_topology()
{
	batch s <<-X
		addr add $MIXED/128 dev to-r nodad
		route add $MIXED_SIR::/64 via 2001:db8:1::1
		route add $MIXED_GONE::/64 via 2001:db8:1::1
	X
	batch c <<-X
		addr add 2001:db8:2::c/64 dev to-r nodad
		addr add $MIXED_SIR:2000::c/128 dev lo nodad
		route add $MIXED/128 via 2001:db8:2::1
	X
	rule c 2001:db8:b:8 $MIXED_SIR neutral-map-auto
	route r $MIXED_SIR::/64 2001:db8:b:8 neutral-map-auto via 2001:db8:2::c dev to-c
	route r $MIXED_GONE::/64 2001:db8:b:9 neutral-map via 2001:db8:2::c dev to-c
	background c "$TRAFFIC" tcp-serve :: 7002
	until_true 10 listens c t 7002
	background s "$TRAFFIC" flood $MIXED_SIR:2000::c 9 --source $MIXED \
		--size 4000 --pause 0.02
	background s "$TRAFFIC" flood $MIXED_GONE:2000::c 9 --source $MIXED \
		--pause 0.02
}

# One connection after another, every byte checked
mixed()
{
	until [ -e "$TMP/enough" ]; do
		on s "$TRAFFIC" tcp-send $MIXED_SIR:2000::c 7002 --source $MIXED \
			--size 500000 --block 50000 --pause 0.02 --timeout 60 ||
			return
	done
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

# Routes of others that there were when a round ended
seen_routes()
{
	ip6 r route show root 2001:db8:5:7::/48 | grep -c ila
}

reassembled()
{
	on c cat /proc/net/snmp6 | awk '$1 == "Ip6ReasmOKs" { print $2 }'
}

# Return: whether every packet went where it should
round()
{
	local changer ender mixer said numbers packets name wrong=0

	topology
	mixed_topology
	background s "$TRAFFIC" flood 2001:db8:5:7:2000::1 9 --pause 0.002
	rm -f "$TMP/enough"
	keep_changing &
	changer=$!
	"$STORM" end 2 &
	ender=$!
	mixed >"$TMP/mixed" 2>&1 &
	mixer=$!
	said=$("$STORM" run "/run/netns/$(ns s)" "/run/netns/$(ns r)" \
		"/run/netns/$(ns c)" "$SECONDS_OF_ROUND" "$((SECONDS + 1))" 2>&1) ||
		wrong=1
	numbers=${said##*$'\n'}
	: >"$TMP/enough"
	wait $changer
	wait $ender || wrong=1
	wait $mixer || { wrong=1 && sed 's/^/# /' "$TMP/mixed"; }
	for name in $BAD; do
		[ "$(value "$numbers" "$name")" = 0 ] || wrong=1
	done
	ROUTES=$((ROUTES + $(seen_routes)))
	ERRORS=$((ERRORS + $(counter r IlaInErrorsRestored)))
	FRAGMENTS=$((FRAGMENTS + $(reassembled)))
	for name in s r c; do
		drop_host $name
	done
	NAMESPACES=()
	packets=$(value "$numbers" packets)
	PACKETS=$((PACKETS + ${packets:-0}))
	[ $wrong = 0 ] || echo "# ${said//$'\n'/$'\n'# }"
	return $wrong
}

first()
{
	SECONDS_OF_ROUND=3 round
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
ROUTES=0
ERRORS=0
FRAGMENTS=0
# what everything costs the first time is no leak
ok "a first round" first
before=$("$HERE/ilamem.py")
soak
ok "there were routes of others, too" [ "$ROUTES" -gt 0 ]
ok "and errors that quote locators: $ERRORS" [ "$ERRORS" -gt 0 ]
ok "and datagrams in fragments: $FRAGMENTS" [ "$FRAGMENTS" -gt 0 ]
ok "memory is as before" "$HERE/ilamem.py" "$before"
ok "the module unloads" until_true 20 rmmod ila
modprobe -q ila
finish
