#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# An ordinary user's own user and network namespace, as a rootless container
# has it: rules and routes are managed there, traffic flows, and nothing
# outside can be touched.

# shellcheck disable=SC2317 # functions are called by ok
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"
need unshare setpriv nsenter
start

as_user()
{
	setpriv --reuid=65534 --regid=65534 --clear-groups "$@"
}

as_user unshare -Urn true 2>/dev/null ||
	{ skip "rootless" "user namespaces are closed to ordinary users"; finish; }

# Inside: two hosts joined by a veth pair; the second is a further namespace of
# the same owner.  Every line it prints is a case.
cat >"$TMP/inside" <<'X'
set -e
SIR=2001:db8:5:1 LOC_A=2001:db8:a:1 LOC_B=2001:db8:b:1
A=$SIR:2000::a1 B=$SIR:2000::b1
unshare -n sleep 3600 & other=$!
trap 'kill $other' EXIT
b() { nsenter -t $other -n "$@"; }
until [ "$(readlink /proc/$other/ns/net)" != "$(readlink /proc/self/ns/net)" ]; do
	sleep 0.1
done
# before there are devices: neighbours are asked for from link-local addresses,
# and not while those wait for duplicates
for where in "" b; do
	$where sysctl -qw net.ipv6.conf.all.accept_dad=0 net.ipv6.conf.default.accept_dad=0
done
ip link set lo up
b ip link set lo up
ip link add v type veth peer name w netns $other
ip link set v up
b ip link set w up
ip -6 addr add 2001:db8:1::a/64 dev v nodad
b ip -6 addr add 2001:db8:1::b/64 dev w nodad
ip -6 addr add $A/128 dev lo nodad
b ip -6 addr add $B/128 dev lo nodad

ip -6 route add $LOC_B::/64 via 2001:db8:1::b
b ip -6 route add $LOC_A::/64 via 2001:db8:1::a
case_() {
	local name=$1; shift
	if out=$("$@" 2>&1); then echo "PASS $name"
	else echo "FAIL $name: $out"; fi
}
case_ "add a rule" ip ila add loc_match $LOC_A loc $SIR csum-mode neutral-map ident-type luid
case_ "add a rule in a further namespace" b ip ila add loc_match $LOC_B loc $SIR csum-mode neutral-map ident-type luid
case_ "add a route" ip -6 route add $B/128 encap ila $LOC_B csum-mode neutral-map ident-type luid dev v src $A
case_ "add a route in a further namespace" b ip -6 route add $A/128 encap ila $LOC_A csum-mode neutral-map ident-type luid dev w src $B
case_ "ping over the veth pair" ping -6 -n -q -c 2 -i 0.2 -W 20 $B
case_ "ping oneself" ping -6 -n -q -c 1 -W 20 $A
case_ "list rules" ip ila list
case_ "list the rule's values" sh -c "$ILA_NL rule list | grep -q 'locator_match $LOC_A'"
case_ "delete the route" ip -6 route del $B/128
case_ "delete the rule" ip ila del loc_match $LOC_A
case_ "nothing is left" sh -c "out=\$($ILA_NL rule list) && [ -z \"\$out\" ]"
X

report()
{
	local word rest

	while read -r word rest; do
		case $word in
		PASS) pass "U21 rootless: $rest" ;;
		FAIL) fail "U21 rootless: ${rest%%:*}" "$rest" ;;
		*) echo "# $word $rest" ;;
		esac
	done
}

chmod 755 "$TMP"
report < <(as_user env ILA_NL="$ILA_NL" unshare -Urn timeout $((300 * SLOW)) bash "$TMP/inside" 2>&1)
[ "$CASES" -ge 11 ] || fail "U21 rootless: the script ran to its end" "$CASES cases"

# Root of a user namespace that does not own the network namespace
hosts a
outside()
{
	on a setpriv --reuid=65534 --regid=65534 --clear-groups unshare -Ur "$@"
}
refused "another owner's namespace: add a rule" \
	outside ip ila add loc_match $LOC_A loc $SIR csum-mode neutral-map ident-type luid
refused "another owner's namespace: add a route" \
	outside ip -6 route add $SIR_B/128 encap ila $LOC_B ident-type luid dev lo
rule a $LOC_A $SIR neutral-map
refused "another owner's namespace: delete a rule" \
	outside ip ila del loc_match $LOC_A
refused "another owner's namespace: flush" outside "$ILA_NL" rule flush
same "another owner's rule is still there" \
	"$(rules a | grep -c "$LOC_A")" 1
finish
