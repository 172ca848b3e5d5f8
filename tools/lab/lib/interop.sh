# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# Our module against the in-tree one: two guests on one wire.

# interop_wire DIR ME PEER: QEMU arguments, one a line
interop_wire()
{
	local mac
	[ "$2" = ours ] && mac=02:00:00:00:00:0b || mac=02:00:00:00:00:0a
	printf '%s\n' -device "virtio-net-pci,netdev=wire,mac=$mac,romfile=" -netdev \
		"dgram,id=wire,local.type=unix,local.path=$1/$2.wire,remote.type=unix,remote.path=$1/$3.wire"
}

# interop_guest DIR ME PEER WHAT
interop_guest()
{
	local dir=$1 me=$2 wire MODULE=$2
	mapfile -t wire < <(interop_wire "$dir" "$me" "$3")
	guest_stage "$dir/$me"
	guest_command "$dir/$me" env "LAB_MODULE=$me" \
		/lab/stage/guest/interop "$4"
	LAB_MEMORY=$((KERNEL_MEMORY * 3 / 8)) guest_run "$dir/$me" "${wire[@]}" </dev/null
}

interop_tap()
{
	local dir=$WORK/interop peer status=0
	mkdir -p "$dir"
	interop_guest "$dir" in-tree ours peer >"$dir/in-tree.out" 2>&1 &
	peer=$!
	interop_guest "$dir" ours in-tree drive || status=$?
	# it was told to stop; if the driver could not, it is made to
	timeout 60 tail --pid=$peer -f /dev/null || pkill -P "$peer" || true
	wait "$peer" || {
		sed 's/^/# in-tree side: /' "$dir/in-tree.out"
		status=1
	}
	return "$status"
}

cmd_interop()
{
	test_only interop
}
