# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# Sourced by what measures: routers, packets, results.
#
#	pktgen sN --- in, router rN, out --- dN
#	pktgen bN --- burst
#
# Each case has a router, a network namespace, of its own. The next hop's MAC
# address is nobody's, so d drops what it gets before IPv6 sees it. By "in" packets
# come one at a time, by "burst" many at a time, as network cards deliver them.
#
# Settings come from /lab/stage/settings. WORLD is "guest", a stock kernel whose
# clock counts instructions, or "uml", User Mode Linux.

# shellcheck source=/dev/null
. /lab/stage/settings
PATH=/lab/stage/bench:$PATH

SIR=2001:db8:5:1
LOCATOR=2001:db8:a:0
LOCATORS=2001:db8:a::/48
OTHER=2001:db8:b:0	# a locator that no packet has
ONE=2000:0:0:1
CBIT=3000:0:0:1		# the same with the C-bit
FROM=s			# where packets come from
AUTO=(csum-mode neutral-map-auto ident-type luid)
VIA=fe80::d
MAC_R=02:00:00:00:00:01
MAC_NOBODY=02:00:00:00:00:ff

say()
{
	echo "bench: $*"
}

die()
{
	say "error: $*"
	exit 1
}

# Lines of /lab/out/results, tabs between
result()
{
	local IFS=$'\t'
	echo "$*" >> /lab/out/results
}

# --- machines ----------------------------------------------------------------

# module NAME: and what it needs; User Mode Linux has no list of that
module()
{
	local file need
	if grep -q "^$1 " /proc/modules; then
		return 0
	elif [ "$WORLD" = guest ]; then
		modprobe "$1"
		return
	fi
	file=$(find /lab/stage /lab/build -name "$1.ko" -print -quit)
	for need in $(modinfo -F depends "$file" | tr , ' '); do
		module "$need"
	done
	insmod "$file"
}

# The sinks, and nobody who speaks unasked: only what is generated is counted
machines()
{
	module pktgen
	if [ "$WORLD" = guest ]; then
		# Packets go on at once, not later and many together, which is
		# another count: if that thread is needed, it comes first.
		chrt -f -p 50 "$(pgrep -x ksoftirqd/0)"
	fi
	sysctl -qw net.ipv6.conf.default.addr_gen_mode=1
	ip netns add d
	ip netns exec d sysctl -qw net.ipv6.conf.all.disable_ipv6=1 \
		net.ipv6.conf.default.disable_ipv6=1
	ip netns exec d sleep infinity &
	SINK=$!
}

# router N: its interfaces and its neighbour; no route beyond
router()
{
	local n=$1 r=r$1
	ip netns add "$r"
	ip netns exec "$r" sysctl -qw net.ipv6.conf.all.forwarding=1 \
		net.ipv6.conf.default.accept_dad=0 \
		net.ipv6.conf.default.addr_gen_mode=1
	ip -n "$r" -batch - <<-END
		link set lo up
		link add out type veth peer name d$n netns d
		link set out up
		neighbour add $VIA lladdr $MAC_NOBODY nud permanent dev out
	END
	ip link add "s$n" type veth peer name in address $MAC_R netns "$r"
	ip -n "$r" link set in up
	ip -n d link set "d$n" up
	source_up "s$n"
	[ "$WORLD" = guest ] || router_burst "$n" "$r"
}

# router_burst N NAMESPACE
router_burst()
{
	module burst
	ip link add "b$1" type burst
	ip link add "burst$1" address $MAC_R type burst
	ip link set "burst$1" netns "$2"
	ip -n "$2" link set "burst$1" up
	source_up "b$1"
}

source_up()
{
	sysctl -qw "net.ipv6.conf.$1.disable_ipv6=1"
	ip link set "$1" up
}

# route N ARGUMENT...
route()
{
	local n=$1
	shift
	ip -n "r$n" -6 route add "$@"
}

# onward N PREFIX...: plain routes to the next hop
onward()
{
	local n=$1 prefix
	shift
	for prefix; do
		route "$n" "$prefix" via $VIA dev out
	done
}

# table_route N [ARGUMENT...]
# A miss must not reach the sink: it goes to a device of no use.
table_route()
{
	local n=$1
	ip -n "r$n" link add ila0 type dummy
	ip -n "r$n" link set ila0 up
	route "$n" $SIR::/64 encap ila 0:0:0:0 "${AUTO[@]}" dev ila0
}

# load N COMMAND...: into rN, what it says in LOADED
load()
{
	local n=$1
	shift
	LOADED=$(ip netns exec "r$n" load "$@") || die "load $*"
	say "load $*: $LOADED (done, refused, microseconds)"
}

# --- packets -----------------------------------------------------------------

pktgen()
{
	echo "$2" > "/proc/net/pktgen/$1" || die "pktgen: $1: $2"
}

# delivered N: sets DELIVERED, how many packets the sink had from rN. Like all that
# is done between packets, without a program: that would cost their caches.
delivered()
{
	local name packets
	while read -r name _ packets _; do
		if [ "$name" = "d$1:" ]; then
			DELIVERED=$packets
		fi
	done < "/proc/$SINK/net/dev"
}

# dropped: sets DROPPED, how many packets found the queue to the CPU full
dropped()
{
	local count
	read -r _ count _ < /proc/net/softnet_stat
	DROPPED=$((0x$count))
}

# microseconds DEVICE: sets MICROSECONDS, of its last run
microseconds()
{
	local line
	MICROSECONDS=
	while read -r line; do
		if [[ $line =~ ^Result:\ OK:\ ([0-9]+)\( ]]; then
			MICROSECONDS=${BASH_REMATCH[1]}
		fi
	done < "/proc/net/pktgen/$1"
	[ -n "$MICROSECONDS" ] || die "pktgen: $1: no result"
}

# through N COUNT CMD...: CMD sends COUNT packets through rN and sets MICROSECONDS.
# When the machine does something else, the queue between devices can overflow: that
# run does not count.
through()
{
	local n=$1 count=$2 before lost
	shift 2
	for _ in $(seq 10); do
		dropped
		lost=$DROPPED
		delivered "$n"
		before=$DELIVERED
		"$@"
		delivered "$n"
		dropped
		lost=$((DROPPED - lost))
		[ "$lost" = 0 ] || continue
		[ $((DELIVERED - before)) = "$count" ] ||
			die "r$n: $((DELIVERED - before)) of $count packets came through: $*"
		return 0
	done
	die "the machine is too busy to measure"
}

# generate N ADDRESS BITS COUNT [FLAG]: COUNT packets through rN, to 2^BITS
# addresses; sets MICROSECONDS. FROM says by which of its devices, s or b.
generate()
{
	through "$1" "$4" generate_once "$@"
}

# segments N ADDRESS COUNT: COUNT packets of TCP segments through rN to one address;
# sets MICROSECONDS
segments()
{
	through "$1" "$3" segments_once "$@"
}

segments_once()
{
	MICROSECONDS=$(gso "s$1" $MAC_R "$2" "$3")
}

generate_once()
{
	local device=$FROM$1 address=$2 bits=$3
	pktgen kpktgend_0 rem_device_all
	pktgen kpktgend_0 "add_device $device"
	pktgen "$device" "count $4"
	pktgen "$device" "clone_skb 0"
	pktgen "$device" "delay 0"
	pktgen "$device" "pkt_size 100"
	pktgen "$device" "dst_mac $MAC_R"
	pktgen "$device" "src6 2001:db8:99::2"
	pktgen "$device" "dst6 $address"
	if [ -n "${5:-}" ]; then
		pktgen "$device" "flag $5"
	fi
	if [ "$WORLD" = uml ]; then
		generate_random "$device" "$address" "$bits"
	fi
	pktgen pgctrl start
	microseconds "$device"
}

# Destination words are random under a mask; one address is a mask without a bit,
# so that it costs as much.
generate_random()
{
	local mask=$((((1 << $3) - 1) << 4 | 1)) last
	printf -v last '%x:%x' $((mask >> 16)) $((mask & 0xffff))
	pktgen "$1" "dst6_min $2"
	pktgen "$1" "dst6_max ${2%:*:*}:$last"
}
