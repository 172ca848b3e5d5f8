#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Everything at once: rules, mappings, routes, devices, namespaces and settings come
# and go on every processor, while packets flow and the module is loaded and unloaded
# again and again. Whoever asks for the module loads it, too.
#
#   races.sh [--cycles N] [--seed S]
#
#   a --- r --- b      all of it in r, the packets from a and b

# shellcheck disable=SC2317 # functions are called by ok
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"

CYCLES=3
SEED=$(date +%s)
while [ $# -gt 0 ]; do
	case $1 in
	--cycles) CYCLES=$2 ;;
	--seed) SEED=$2 ;;
	esac
	shift 2
done
start
need_ours

LINES=15
RANDOM=$SEED
need_ila_storm
need taskset

# --- What storms do, as lines for ip -batch ---------------------------------------

# lines KIND CPU: a file of them, by the seed
lines()
{
	awk -v kind="$1" -v seed="$((SEED + $2))" -v lines=$LINES -v sir=$SIR \
		-f "$HERE/storm.awk" >"$TMP/$1.$2"
	# for what a floods; with the prefix that routes have, packets would go round
	[ "$1" != rule ] || echo "ila add loc_match $LOC_B loc 2001:db8:5:6" \
		"csum-mode no-action" >>"$TMP/$1.$2"
}

# --- Storms: each goes on until the test ends, but not while it is held ---------------
#
# Each adds a line of how often it did what it is for: a line is whole whenever it is
# read, and a file that is written anew is not.

STORMS="rule link mapping settings route namespace cable"

# storm KIND CPU COMMAND...
storm()
{
	local kind=$1 times=$TMP/times.$1.$2

	RANDOM=$((SEED + $2))
	shift 2
	true >"$times"
	while [ -d "$TMP" ]; do
		if [ -e "$TMP/hold.$kind" ]; then
			sleep 0.1
			continue
		fi
		echo $(($("$@" 2>/dev/null </dev/null) + 0)) >>"$times"
	done 2>/dev/null
}

# batches KIND CPU: all of the lines, whatever becomes of each. What is said to have
# failed has its line's number; what is only asked for does not count.
batches()
{
	on r taskset -c "$2" ip -6 -force -batch "$TMP/$1.$2" 2>&1 |
		awk '
			FILENAME == "-" { if (/^Command failed/) failed[$NF] = 1; next }
			/ (add|replace|name) / && !((FILENAME ":" FNR) in failed) { n++ }
			END { print n + 0 }
		' - "$TMP/$1.$2"
}

# Mappings for a second
churn()
{
	on r taskset -c "$1" timeout 1 "$STORM" churn >/dev/null
	[ $? != 124 ] || echo 1
}

settings()
{
	# that of a device that comes and goes
	on r sysctl -qw net.ipv6.conf.d0.disable_ipv6=$((RANDOM % 2))
	on r sysctl -qw net.ipv6.conf.to-b.forwarding=$((RANDOM % 2)) \
		net.ipv6.conf.all.disable_policy=$((RANDOM % 2)) &&
		on r sysctl -qw net.ipv6.conf.all.forwarding=1 &&
		on r "$ILA_DO" config set fastpath $((RANDOM % 2)) >/dev/null && echo 1
}

# A namespace that is filled and flooded, and ends so
namespaces()
{
	"$STORM" end 1 >/dev/null && echo 1
}

# A device that packets go out by, translated, gets another name and comes to its end
cables()
{
	local gone=$SIR:2000::9 loc=2001:db8:a:9 via="via fe80::1" mac=02:00:00:00:00:01

	try_batch r <<-X
		link add v0 type veth peer name v1
		link set v1 up
		link set v0 up
		neigh replace fe80::1 lladdr $mac dev v0 nud permanent
		route replace $loc::/64 $via dev v0
		route replace $gone/128 encap ila $loc csum-mode no-action ident-type luid dev v0
		ila add loc_match $loc loc $SIR csum-mode no-action dev v0
	X
	until_true 5 passes_on v0
	try_batch r <<-X
		link set v0 down
		link set v0 name v2
		link set v2 up
		neigh replace fe80::1 lladdr $mac dev v2 nud permanent
		route replace $loc::/64 $via dev v2
		route replace $gone/128 encap ila $loc csum-mode no-action ident-type luid dev v2
	X
	until_true 5 passes_on v2 && echo 1
	try_batch r <<<"link del v2"
	try_batch r <<<"link del v0"
}

# More than what a device says by itself when it comes up
passes_on()
{
	[ "$(on r cat /proc/net/dev |
		awk -v dev="$1:" '$1 == dev { print $11 }')" -ge 30 ]
}

storms()
{
	local cpu kind

	for cpu in $(seq 0 $(($(nproc) - 1))); do
		for kind in rule route link; do
			lines $kind "$cpu"
		done
		storm rule "$cpu" batches rule "$cpu" &
		storm link "$cpu" batches link "$cpu" &
		storm mapping "$cpu" churn "$cpu" &
		storm route "$cpu" batches route "$cpu" &
		storm namespace "$cpu" namespaces &
	done
	storm settings 0 settings &
	storm cable 0 cables &
	disown -a
}

# hold KIND...: these, and no others
hold()
{
	local kind

	rm -f "$TMP"/hold.*
	for kind; do
		: >"$TMP/hold.$kind"
	done
}

# Each cycle has its own weather: sets HELD. Not in a subshell, whose RANDOM is
# another one.
some_storms()
{
	local kind

	HELD=()
	for kind in $STORMS; do
		[ $((RANDOM % 2)) = 0 ] || HELD+=("$kind")
	done
}

# --- The module ----------------------------------------------------------------------

# Without routes nothing keeps it
unload()
{
	try_batch r <<-X
		route flush root $SIR::/64 table main
		route flush root 2001:db8:a::/48 table all type local
	X
	rmmod ila
}

cycle()
{
	modprobe ila || return
	some_storms
	hold "${HELD[@]}"
	sleep 0.$((RANDOM % 10))
	# all that has no routes goes on, and has the module loaded again
	hold "${HELD[@]}" route namespace cable
	until_true 30 unload
}

cycles()
{
	local i

	for ((i = 1; i <= CYCLES; i++)); do
		if ! cycle; then
			fail "the module comes and goes $CYCLES times" \
				"cycle $i: $(rmmod ila 2>&1)"
			return
		fi
		[ $((i % 50)) != 0 ] || echo "# $i cycles"
	done
	pass "the module comes and goes $CYCLES times"
}

# count_of FILE...: how often in all
count_of()
{
	awk '{ n += $1 } END { print n + 0 }' "$@"
}

# So many namespaces, filled and flooded
ended_enough()
{
	[ "$(count_of "$TMP"/times.namespace.*)" -ge "$CYCLES" ]
}

translated()
{
	[ "$(counter r IlaInTranslated)" -gt 0 ]
}

all_came()
{
	local file

	for file in "$TMP"/times.*; do
		[ "$(count_of "$file")" -gt 0 ] || return
	done
}

# Each of the storms did what it is for; and as many namespaces came to their end as
# modules
progress()
{
	local file n stuck=''

	hold
	until_true 60 all_came
	ok "rules translate meanwhile" until_true 60 translated
	ok "$CYCLES namespaces and more came to their end" \
		until_true $((CYCLES + 60)) ended_enough
	for file in "$TMP"/times.*; do
		n=$(count_of "$file")
		[ "$n" -gt 0 ] || stuck+=" ${file##*/times.}"
		echo "# ${file##*/times.} $n"
	done
	same "each storm did something" "$stuck" ""
}

# Nothing goes on any more, and nothing keeps the module
calm()
{
	# shellcheck disable=SC2086 # one word a kind
	hold $STORMS
	# what was begun comes to its end
	sleep $((5 * SLOW))
	until_true 60 unload && ! grep '^ila ' /proc/modules
}

works_again()
{
	on r sysctl -qw net.ipv6.conf.all.forwarding=1 \
		net.ipv6.conf.to-b.forwarding=1
	try_batch r <<-X
		route add $LOC_A::/64 via 2001:db8:1::a
		route add $LOC_B::/64 via 2001:db8:2::b
	X
	ila_at_router neutral-map
	pings a "$SIR_B"
}

echo "# seed $SEED, $CYCLES cycles"
line
background a "$TRAFFIC" flood $SIR:2000::1 9 --pause 0.02
background a "$TRAFFIC" flood $SIR:2000::9 9 --pause 0.01
background a "$TRAFFIC" flood $LOC_B:2000::1 9 --pause 0.02 --size 1400
background b "$TRAFFIC" flood $LOC_A:2000::1 9 --pause 0.05
storms
cycles
progress
ok "it is quiet, and the module unloads" calm
modprobe -q ila
ok "and translates when it comes again" works_again
finish
