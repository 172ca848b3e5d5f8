# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# Sourced by the shell tests: TAP, namespaces, ILA rules and routes, programs.

HERE=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
ILA_NL=$HERE/ila_nl.py
ILA_DO=$HERE/ila_do
STORM=$HERE/ila_storm
# shellcheck disable=SC2034 # for the tests
TRAFFIC=$HERE/traffic.py
SKIP=4
export PYTHONDONTWRITEBYTECODE=1 LC_ALL=C

# The addresses of every test.  Hosts a and b live in one SIR prefix.
SIR=2001:db8:5:1
LOC_A=2001:db8:a:1
LOC_B=2001:db8:b:1
ID_A=2000:0:0:a1
ID_B=2000:0:0:b1
SIR_A=$SIR:$ID_A
SIR_B=$SIR:$ID_B
# shellcheck disable=SC2034 # for the tests
ALL_MODES="adj-transport neutral-map no-action neutral-map-auto adj-transport-compat"

CASES=0
FAILED=0
NAMESPACES=()
BACKLOG=''
TMP=$(mktemp -d)

# On a slow machine everything may take that much longer; KSFT_MACHINE_SLOW is how
# all tests of the network are told.
SLOW=1
[ "${KSFT_MACHINE_SLOW:-no}" != yes ] || SLOW=5

# --- TAP ---------------------------------------------------------------------

skip_all()
{
	echo "TAP version 13"
	echo "1..0 # SKIP $*"
	exit $SKIP
}

need()
{
	local program

	for program; do
		command -v "$program" >/dev/null || skip_all "needs $program"
	done
}

start()
{
	[ "$(id -u)" = 0 ] || skip_all "needs root"
	need ip python3 nft nsenter ethtool
	modprobe -q ila
	[ -d /sys/module/ila ] || skip_all "there is no ila module"
	echo "TAP version 13"
	# what waits for a processor that is away must not be dropped
	BACKLOG=$(sysctl -n net.core.netdev_max_backlog 2>/dev/null)
	[ -z "$BACKLOG" ] || sysctl -qw net.core.netdev_max_backlog=100000
}

pass()
{
	CASES=$((CASES + 1))
	echo "ok $CASES $1"
}

# fail NAME WHY
fail()
{
	local why

	CASES=$((CASES + 1))
	FAILED=$((FAILED + 1))
	why=$(tr '\n' ' ' <<<"$2")
	[ ${#why} -le 600 ] || why="${why:0:250} ... ${why: -250}"
	echo "not ok $CASES $1 # $why"
}

skip()
{
	CASES=$((CASES + 1))
	echo "ok $CASES $1 # SKIP $2"
}

# ok NAME COMMAND...: the command succeeds
ok()
{
	local name=$1 out

	shift
	if out=$("$@" 2>&1 </dev/null); then
		pass "$name"
	else
		fail "$name" "exit $?: ${out:-no output} ($*)"
	fi
}

# refused NAME COMMAND...: the command ran, and fails; not because it hung (124)
# or could not be started (126, 127)
refused()
{
	local name=$1 out code

	shift
	out=$("$@" 2>&1 </dev/null)
	code=$?
	case $code in
	0) fail "$name" "succeeded: $out ($*)" ;;
	12[467]) fail "$name" "exit $code: $out ($*)" ;;
	*) pass "$name" ;;
	esac
}

# same NAME GOT WANT
same()
{
	if [ "$2" = "$3" ]; then
		pass "$1"
	else
		fail "$1" "got '$2', want '$3'"
	fi
}

# has NAME TEXT PART
has()
{
	case $2 in
	*"$3"*) pass "$1" ;;
	*) fail "$1" "no '$3' in '$2'" ;;
	esac
}

finish()
{
	echo "1..$CASES"
	[ "$FAILED" = 0 ]
	exit
}

# --- Namespaces --------------------------------------------------------------

# The namespace of a host of this test
ns()
{
	echo "ila-$$-$1"
}

# nsenter and not ip netns exec: it mounts nothing, and starts are what these
# tests spend their time on
on()
{
	local host=$1

	shift
	nsenter --net="/run/netns/ila-$$-$host" "$@"
}

# ip -6 in a host's namespace
ip6()
{
	local host=$1

	shift
	on "$host" ip -6 "$@"
}

# batch HOST: lines for ip -6 on standard input; an error ends the test
batch()
{
	on "$1" ip -6 -batch - || { echo "# cannot set up $1"; exit 1; }
}

# The same where lines may fail, for taking away what may not be there
try_batch()
{
	on "$1" ip -6 -force -batch - >/dev/null 2>&1
	true
}

hosts()
{
	local host

	for host; do
		ip netns add "$(ns "$host")" || exit 1
		NAMESPACES+=("$host")
		on "$host" sysctl -qw \
			net.ipv6.conf.default.accept_dad=0 \
			net.ipv6.conf.all.accept_dad=0 \
			net.ipv6.conf.default.router_solicitations=0 \
			net.ipv6.icmp.ratelimit=0
		ip6 "$host" link set lo up
	done
}

router()
{
	on "$1" sysctl -qw net.ipv6.conf.all.forwarding=1
}

# cable HOST DEVICE HOST DEVICE: a veth pair, both ends up
cable()
{
	ip link add "$2" netns "$(ns "$1")" up type veth \
		peer name "$4" netns "$(ns "$3")"
	ip6 "$3" link set "$4" up
}

# link A B: device to-B in A and to-A in B
link()
{
	cable "$1" "to-$2" "$2" "to-$1"
}

# mac_of HOST DEVICE
mac_of()
{
	local mac

	read -r _ _ mac _ <<<"$(ip6 "$1" -br link show "$2")"
	echo "$mac"
}

# A namespace is said to be gone before it is, and so are the peers of its devices
lacks()
{
	! ip6 "$1" link show "$2"
}

# gone_from HOST...: neither has a link to r
gone_from()
{
	local host

	for host; do
		lacks "$host" to-r || return
	done
}

# own_address HOST ADDRESS: one more. The route to it is a work's of the kernel and
# comes later than the address.
own_address()
{
	ip6 "$1" addr add "$2/128" dev lo nodad
	until_true 10 has_own_route "$1" "$2" ||
		fail "own address $2" "there is no local route"
}

has_own_route()
{
	[ -n "$(ip6 "$1" route show "$2" table local)" ]
}

drop_host()
{
	local pids

	pids=$(ip netns pids "$(ns "$1")" 2>/dev/null)
	# shellcheck disable=SC2086 # one word a process
	[ -z "$pids" ] || kill -9 $pids 2>/dev/null
	ip netns del "$(ns "$1")" 2>/dev/null
}

cleanup()
{
	local host

	[ -z "$BACKLOG" ] || sysctl -qw "net.core.netdev_max_backlog=$BACKLOG"

	for host in "${NAMESPACES[@]}"; do
		drop_host "$host"
	done
	NAMESPACES=()
	rm -rf "$TMP"
}
trap cleanup EXIT

# software_sums HOST DEVICE: packets leave with their checksums computed; else
# a veth pair leaves them out and nobody verifies them
software_sums()
{
	on "$1" ethtool -K "$2" tx off gso off tso off >/dev/null 2>&1
}

# An own address on a link, a SIR address, a locator that ends here
#   ila_host HOST ADDRESS GATEWAY DEVICE SIR-ADDRESS LOCATOR
ila_host()
{
	batch "$1" <<-X
		addr add $2/64 dev $4 nodad
		addr add $5/128 dev lo nodad
		route add default via $3 dev $4 src $5
		route add unreachable $6::/64 metric 4096
	X
}

# a --- r --- b, locators routed to the hosts; no ILA yet
line()
{
	hosts a r b
	router r
	link a r
	link r b
	batch r <<-X
		addr add 2001:db8:1::1/64 dev to-a nodad
		addr add 2001:db8:2::1/64 dev to-b nodad
		route add $LOC_A::/64 via 2001:db8:1::a
		route add $LOC_B::/64 via 2001:db8:2::b
	X
	ila_host a 2001:db8:1::a 2001:db8:1::1 to-r $SIR_A $LOC_A
	ila_host b 2001:db8:2::b 2001:db8:2::1 to-r $SIR_B $LOC_B
}

# --- ILA ---------------------------------------------------------------------

# Stock ip does not know the private mode
stock()
{
	[ "$1" != adj-transport-compat ]
}

# rule HOST LOCATOR SIR MODE [dev D]
rule()
{
	local host=$1 loc=$2 sir=$3 mode=$4

	shift 4
	if stock "$mode"; then
		on "$host" ip ila add loc_match "$loc" loc "$sir" \
			csum-mode "$mode" ident-type luid "$@"
	else
		on "$host" "$ILA_NL" rule add loc_match "$loc" loc "$sir" \
			csum-mode "$mode" ident-type luid "$@"
	fi
}

# The rules of a host
rules()
{
	on "$1" "$ILA_NL" rule list || echo "no answer"
}

# By the program that starts at once, if it has been built
unrule()
{
	if [ -x "$ILA_DO" ]; then
		on "$1" "$ILA_DO" rule flush
	else
		on "$1" "$ILA_NL" rule flush
	fi
}

# route HOST PREFIX LOCATOR MODE [via G] dev D ...
route()
{
	local host=$1 prefix=$2 loc=$3 mode=$4

	shift 4
	if stock "$mode"; then
		ip6 "$host" route add "$prefix" encap ila "$loc" \
			csum-mode "$mode" ident-type luid "$@"
	else
		on "$host" "$ILA_NL" route add "$prefix" loc "$loc" \
			csum-mode "$mode" ident-type luid "$@"
	fi
}

# input_route HOST LOCATOR SIR MODE: ends a locator here without a rule
input_route()
{
	if stock "$4"; then
		ip6 "$1" route add local "$2::/64" dev lo encap ila "$3" \
			csum-mode "$4" ident-type luid hook-type input
	else
		on "$1" "$ILA_NL" route add "$2::/64" loc "$3" \
			csum-mode "$4" ident-type luid hook-type input \
			dev lo type local
	fi
}

# table_route HOST PREFIX MODE [miss P] [domain N] [via G] dev D ...
table_route()
{
	local host=$1 prefix=$2 mode=$3

	shift 3
	case " $* " in
	*" miss "*|*" domain "*)
		on "$host" "$ILA_NL" route add "$prefix" loc 0:0:0:0 \
			csum-mode "$mode" ident-type luid "$@"
		;;
	*) route "$host" "$prefix" 0:0:0:0 "$mode" "$@" ;;
	esac
}

# Tests with mappings need the program that makes them
need_ila_do()
{
	[ -x "$ILA_DO" ] || skip_all "needs ila_do, which is built with libila"
}

need_ila_storm()
{
	[ -x "$STORM" ] || skip_all "needs ila_storm, which is built with libila"
}

# What the kernel tree's module might not survive
need_ours()
{
	[ -e /proc/net/ila_stat ] || skip_all "this module is another one"
}

# The hosts of ila_storm: r has the mappings, all locators lead to c
#
#   s --- r --- c
storm_topology()
{
	hosts s r c
	router r
	link s r
	link r c
	software_sums s to-r
	batch s <<-X
		addr add 2001:db8:1::a/64 dev to-r nodad
		route add $SIR::/64 via 2001:db8:1::1
	X
	batch r <<-X
		addr add 2001:db8:1::1/64 dev to-s nodad
		addr add 2001:db8:2::1/64 dev to-c nodad
		neigh add 2001:db8:2::c lladdr $(mac_of c to-r) dev to-c nud permanent
		route add 2001:db8:a::/48 via 2001:db8:2::c
	X
	table_route r $SIR::/64 adj-transport via 2001:db8:2::c dev to-c
}

# ila HOST ...: ask the module something; see ila_do.c
ila()
{
	local host=$1

	shift
	on "$host" "$ILA_DO" "$@"
}

# map HOST ADDRESS LOCATOR[,PRIORITY[,WEIGHT]]... [KEY VALUE]...
map()
{
	local host=$1

	shift
	ila "$host" map new "$@"
}

# unmap HOST ADDRESS
unmap()
{
	ila "$1" map del "$2"
}

unmap_all()
{
	ila "$1" map flush >/dev/null
}

# value LINE NAME: what stands behind a name in a line of ila_do
value()
{
	[[ " $1" =~ \ $2\ ([^\ ]+) ]] && echo "${BASH_REMATCH[1]}"
}

# explains NAME HOST ADDRESS PART...: the module says all of this of an address
explains()
{
	local name=$1 part said

	said=$(ila "$2" explain "$3" 2>&1)
	shift 3
	for part; do
		case " $said" in
		*" $part "*) ;;
		*)
			fail "explain: $name" "no '$part' in '$said'"
			return
			;;
		esac
	done
	pass "explain: $name"
}

rules_at_hosts()
{
	rule a $LOC_A $SIR "$1"
	rule b $LOC_B $SIR "$1"
}

input_routes_at_hosts()
{
	input_route a $LOC_A $SIR "$1"
	input_route b $LOC_B $SIR "$1"
}

# The router sees locators only. These routes name a device only: where to, says the
# locator's own route, the default.
routes_at_hosts()
{
	route a $SIR_B/128 $LOC_B "$1" dev to-r src $SIR_A
	route b $SIR_A/128 $LOC_A "$1" dev to-r src $SIR_B
}

# Hosts send SIR
routes_at_router()
{
	route r $SIR_A/128 $LOC_A "$1" via 2001:db8:1::a dev to-a
	route r $SIR_B/128 $LOC_B "$1" via 2001:db8:2::b dev to-b
}

ila_at_router()
{
	rules_at_hosts "$1"
	routes_at_router "$1"
}

ila_at_hosts()
{
	rules_at_hosts "$1"
	routes_at_hosts "$1"
}

# Forget every rule and ILA route of a, r and b
ila_nowhere()
{
	local host

	for host in a r b; do
		try_batch $host <<-X
			ila del loc_match $LOC_A
			ila del loc_match $LOC_B
			route flush root $SIR::/64 table main
		X
	done
}

# ila_address SIR-ADDRESS LOCATOR MODE: what is on the wire in a neutral mode
ila_address()
{
	python3 - "$@" <<-'X'
		import ipaddress, struct, sys

		sir, loc = (ipaddress.ip_address(a).packed
		            for a in (sys.argv[1], sys.argv[2] + "::"))
		words = list(struct.unpack(">8H", sir))
		locator = struct.unpack(">4H", loc[:8])
		c_bit = 0x1000 if sys.argv[3] == "neutral-map" else 0
		low = words[7] + sum(words[:4]) - sum(locator) - c_bit
		low = (low - 1) % 0xffff + 1    # a zero class is sent as ffff
		words[:4] = locator
		words[4] |= c_bit
		words[7] = low
		print(ipaddress.ip_address(struct.pack(">8H", *words)))
	X
}

# counter HOST NAME: 0 where the counters are missing
counter()
{
	local stat

	stat=$(on "$1" cat /proc/net/ila_stat 2>/dev/null)
	[[ $stat =~ $2[[:space:]]+([0-9]+) ]]
	echo "${BASH_REMATCH[1]:-0}"
}

# grew NAME HOST COUNTER BEFORE: the counter is larger than it was
grew()
{
	local now

	now=$(counter "$2" "$3")
	if [ "$now" -gt "$4" ]; then
		pass "$1"
	else
		fail "$1" "$3 is $now, was $4"
	fi
}

# --- Watching ----------------------------------------------------------------

# watch HOST DEVICE NAME MATCH...: count frames that arrive on a device, before
# anything translates them
watch()
{
	local host=$1 dev=$2 name=$3

	shift 3
	on "$host" nft -f - <<-X
		table netdev watch {
			counter $name { }
			chain $dev-$name {
				type filter hook ingress device "$dev" priority 0;
				$* counter name $name
			}
		}
	X
}

seen()
{
	[[ $(on "$1" nft list counter netdev watch "$2") =~ packets\ ([0-9]+) ]]
	echo "${BASH_REMATCH[1]:-none}"
}

# has_seen HOST NAME [COUNT]: so many, or more
has_seen()
{
	[ "$(seen "$1" "$2")" -ge "${3:-1}" ]
}

# The same, and begin anew
take()
{
	[[ $(on "$1" nft reset counter netdev watch "$2") =~ packets\ ([0-9]+) ]]
	echo "${BASH_REMATCH[1]:-none}"
}

forget()
{
	on "$1" nft reset counters >/dev/null
}

# --- Programs ----------------------------------------------------------------

# background HOST COMMAND...: killed with the namespace
background()
{
	on "$@" >/dev/null 2>&1 </dev/null &
	disown
}

# until_true SECONDS COMMAND...
until_true()
{
	local tries=$(($1 * 10 * SLOW))

	shift
	while ! "$@" >/dev/null 2>&1; do
		[ $((tries -= 1)) -gt 0 ] || return 1
		sleep 0.1
	done
}

listens()
{
	[ -n "$(on "$1" ss -H"$2"ln "sport = :$3")" ]
}

# pings HOST DESTINATION [OPTIONS]; where none is answered, -W is for how long
pings()
{
	local host=$1 to=$2

	shift 2
	on "$host" ping -6 -n -q -c 2 -i 0.2 -W $((10 * SLOW)) "$@" "$to"
}

# iperf_server HOST [PORT]
iperf_server()
{
	background "$1" iperf3 -s -p "${2:-5201}"
	until_true 20 listens "$1" t "${2:-5201}"
}

# iperf HOST DESTINATION OPTIONS...
iperf()
{
	local host=$1 to=$2

	shift 2
	on "$host" timeout $((60 * SLOW)) iperf3 -6 -c "$to" "$@"
}

# UDP streams of which something arrives and nothing is lost. Slow enough for what
# comes late to a busy machine, all at once, to have room in a socket.
iperf_udp()
{
	local out arrived

	if out=$(iperf "$@" -u -b 1M -l 1000); then
		arrived=$(grep 'receiver$' <<<"$out")
		if [ -n "$arrived" ] && ! grep -qv ' 0/[1-9][0-9]* ' <<<"$arrived"; then
			return
		fi
	fi
	echo "$out"
	losses a r b
	return 1
}

# losses HOST...: where packets may have been lost: in the queues of processors, and
# what each host says
losses()
{
	local host

	echo "queues: $(cut -d ' ' -f 2 /proc/net/softnet_stat | tr '\n' ' ')"
	for host; do
		# shellcheck disable=SC2016 # for awk
		echo "$host: $(on "$host" awk '$2 && /Err|Discard|NoRoute|NoPorts|Fail/ {
			print $1, $2 }' /proc/net/snmp6 | tr '\n' ' ')"
	done
}

# serve_file HOST: a file at SIR_B, by HTTP
serve_file()
{
	head -c 300000 /dev/urandom >"$TMP/file"
	background "$1" python3 -m http.server -b $SIR_B -d "$TMP" 8000
	until_true 10 listens "$1" t 8000
}

# fetches HOST: the file comes as it is
fetches()
{
	on "$1" timeout $((10 * SLOW)) curl -g -s -o "$TMP/fetched" \
		"http://[$SIR_B]:8000/file" &&
		cmp "$TMP/file" "$TMP/fetched" && rm "$TMP/fetched"
}

# together NAME COMMAND...: started now, reported by all_together
together()
{
	local name=$1

	shift
	("$@" >"$TMP/out.${#NAMES[@]}" 2>&1 </dev/null) &
	NAMES+=("$name")
	PIDS+=($!)
}

all_together()
{
	local i

	for i in "${!NAMES[@]}"; do
		if wait "${PIDS[i]}"; then
			pass "${NAMES[i]}"
		else
			fail "${NAMES[i]}" "$(cat "$TMP/out.$i")"
		fi
	done
	NAMES=()
	PIDS=()
}
NAMES=()
PIDS=()

# --- Numbered datagrams --------------------------------------------------------

# datagrams HOST ADDRESS [PORT]: three; it is no error that nobody wants them
datagrams()
{
	# shellcheck disable=SC2016 # for that shell
	on "$1" bash -c 'for i in 1 2 3; do echo $i >"/dev/udp/$1/$2"; done' - \
		"$2" "${3:-9}" 2>/dev/null
	true
}

FLOWS=$HERE/flows.py

# collector HOST ADDRESS: writes what comes to port 7100 into $TMP/HOST.got
collector()
{
	background "$1" "$FLOWS" collect "$2" 7100 --output "$TMP/$1.got"
	until_true 20 listens "$1" u 7100
}

# numbers HOST DESTINATION OPTIONS...: send to the collectors there
numbers()
{
	local host=$1 to=$2

	shift 2
	on "$host" "$FLOWS" send "$to" 7100 "$@"
}

# Forget what the collectors have got
discard()
{
	local host

	for host; do
		: >"$TMP/$host.got"
	done
}

# got HOST...: how many datagrams the collectors have got
got()
{
	local host files=()

	for host; do
		files+=("$TMP/$host.got")
	done
	cat "${files[@]}" | wc -l
}

got_all()
{
	local want=$1

	shift
	[ "$(got "$@")" -ge "$want" ]
}

# each_once NAME COUNT HOST...: so many were sent, each came to one host, once
each_once()
{
	local name=$1 want=$2 host files=() twice

	shift 2
	until_true 5 got_all "$want" "$@"
	for host; do
		files+=("$TMP/$host.got")
	done
	twice=$(sort "${files[@]}" | uniq -d | wc -l)
	if [ "$(got "$@")" = "$want" ] && [ "$twice" = 0 ]; then
		pass "$name"
	else
		fail "$name" "$(got "$@") of $want came, $twice of them twice"
	fi
}
