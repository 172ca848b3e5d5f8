#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Mappings change as fast as they can, some of them under each packet. None may
# be sent by anything but the mapping before or the one after, and none may find
# no mapping.  Then namespaces come to their end in the middle of it.
# lib.sh's storm_topology has the hosts.

# shellcheck disable=SC2317 # functions are called by ok
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"
start

SECONDS_OF_STORM=${1:-8}
SEED=${2:-$(date +%s)}
LANES=3
ROUNDS=10

need_ila_storm

# none NAME NUMBER: what ila_storm counts must be 0
none()
{
	same "$1" "$(value "$said" "$2")" 0
}

# some NAME NUMBER...: and these not
some()
{
	local name=$1 number

	shift
	for number; do
		if [ "$(value "$said" "$number")" -gt 0 ] 2>/dev/null; then
			continue
		fi
		fail "$name" "no $number"
		return
	done
	pass "$name"
}

storm()
{
	echo "# seed $SEED"
	said=$("$STORM" run "/run/netns/$(ns s)" "/run/netns/$(ns r)" \
		"/run/netns/$(ns c)" "$SECONDS_OF_STORM" "$SEED" 2>&1)
	echo "# ${said//$'\n'/$'\n'# }"
	said=${said##*$'\n'}
	some "packets were sent while mappings changed" packets changes moves \
		refusals flaps grown dumps
	none "each packet went where its mapping was, or is" elsewhere
	none "each packet's checksum was that of its address" bad-sum
	none "each packet arrived" lost
	none "each packet was translated" untranslated
	same "no packet missed, failed over or was refused" \
		"$(grep -o 'Ila.*' <<<"$said")" ""
	none "each change was answered as it should be" failed
	none "explain always knew a mapping" unexplained
	none "each dump had each lasting mapping once" undumped
	none "nothing was too old to tell" unsure
}

# --- The end of namespaces -----------------------------------------------------

namespaces_end()
{
	local lane

	for ((lane = 0; lane < LANES; lane++)); do
		together "namespaces end while mappings and packets come: $lane" \
			"$STORM" end $ROUNDS
	done
	all_together
}

unloads()
{
	until_true 20 rmmod ila
}

storm_topology
storm
namespaces_end
cleanup
ok "the module unloads afterwards" unloads
modprobe -q ila
finish
