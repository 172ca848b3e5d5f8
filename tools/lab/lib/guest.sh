# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# Guests: a stock kernel under QEMU, its root an image, our files over 9p.
#
# A guest has a directory: stage/ (what it may read: guest/, modules/,
# selftests/, lib/, ynl/, netlink/, uapi/, command), out/ (what it writes:
# status, dmesg), console.

: "${LAB_CPUS:=2}"
# The plainest: what newer processors have makes an emulated one slower, string
# instructions and a fifth level of page tables most of all.
: "${LAB_CPU:=qemu64}"

WORK='' WORK_KEEP=${LAB_KEEP:-}

# A directory of this run only; kept if something is to be looked at.
work_dir()
{
	[ -z "$WORK" ] || return 0
	WORK=$(mktemp -d "${TMPDIR:-/tmp}/ila-lab.XXXXXX")
	trap work_end EXIT
}

work_end()
{
	if [ -n "$WORK_KEEP" ]; then
		say "logs are in $WORK"
	else
		rm -rf --one-file-system "$WORK"
	fi
}

# guest_stage DIR: everything a guest needs but the command
guest_stage()
{
	local dir=$1
	kernel_get
	initramfs_get
	root_image_get
	work_dir
	mkdir -p "$dir/stage/selftests" "$dir/out"
	cp -r "$LAB/guest" "$dir/stage/"
	if [ -d "$TOP/selftests/net/ila" ]; then
		cp -r "$TOP/selftests/net/ila/." "$dir/stage/selftests/"
	fi
	cp -r "$TOP/include/uapi/linux" "$dir/stage/uapi"
	tools_stage "$dir/stage"
	ynl_stage "$dir/stage"
	if [ "$MODULE" = ours ]; then
		build_get
		with_lock "$(basename "$BUILD")" build_into "$dir/stage/modules"
	fi
	! kernel_is_own || guest_stage_modules "$dir/stage/modules"
}

# guest_stage_modules DIR: the root tree has those of the distribution only
guest_stage_modules()
{
	mkdir -p "$1"
	cp -a "$MODULES/kernel" "$1/"
	[ -f "$1/modules.dep" ] || cp "$MODULES"/modules.* "$1/"
}

# guest_command DIR CMD...
guest_command()
{
	local dir=$1
	shift
	{
		echo '#!/bin/bash'
		printf '%q ' "$@"
		echo
	} > "$dir/stage/command"
	chmod +x "$dir/stage/command"
}

guest_share()
{
	printf '%s\n' -fsdev \
		"local,id=$1,path=$2,security_model=none,multidevs=remap$3" \
		-device "virtio-9p-pci,fsdev=$1,mount_tag=$1"
}

# With a thread for each processor QEMU 7.2 may run code that the kernel has patched
# away: kernels newer than 6.1 were seen to die of it (Oops: int3).
guest_accel()
{
	case $RELEASE in
	6.1.*) echo tcg,thread=multi ;;
	*) echo tcg,thread=single ;;
	esac
}

# guest_qemu DIR [QEMU-ARGUMENT...]: run it to its end, its console on ours. The
# other machine, pc, has its interrupts routed by a program that ACPI interprets,
# which takes a kernel that checks itself 20 seconds for each device. no_timer_check:
# on a busy machine ticks come too late for it, and the kernel panics. norandmaps:
# QEMU keeps what it has compiled by its address, so a program that starts where it
# did last time starts in a fifth of the time. The time limit is for what hangs; machines
# that do something else besides take twice as long as others.
guest_qemu()
{
	local dir=$1 shares
	shift
	mapfile -t shares < <(
		guest_share stage "$dir/stage" ,readonly=on
		guest_share out "$dir/out" '')
	timeout --foreground -k 10 "${LAB_TIMEOUT:-$((7200 * KERNEL_SLOW))}" \
	qemu-system-x86_64 -machine q35 -cpu "$LAB_CPU" \
		-accel "${LAB_ACCEL:-$(guest_accel)}" \
		-smp "$LAB_CPUS" -m "${LAB_MEMORY:-$KERNEL_MEMORY}" \
		-nodefaults -no-user-config -display none -no-reboot \
		-kernel "$VMLINUZ" -initrd "$INITRAMFS" \
		-append "console=ttyS0 quiet loglevel=5 panic=-1 oops=panic \
mitigations=off no_timer_check norandmaps log_buf_len=8M net.ifnames=0 \
$KERNEL_APPEND ${LAB_APPEND:-}" \
		-serial "file:$dir/console" \
		-chardev stdio,id=io,signal=off \
		-device virtio-serial-pci -device virtconsole,chardev=io \
		-device virtio-rng-pci \
		-drive "file=$ROOT_IMAGE,format=raw,if=virtio,readonly=on" \
		"${shares[@]}" "$@"
}

# guest_verdict DIR: 0 if the command succeeded and the kernel kept quiet
guest_verdict()
{
	local dir=$1 status
	guest_quiet "$dir" || return 1
	guest_ended "$dir" || return 1
	read -r status < "$dir/out/status"
	return "$status"
}

guest_ended()
{
	[ ! -s "$1/out/status" ] || return 0
	WORK_KEEP=1
	say "the guest died or ran out of time; its last words:"
	tail -n 20 "$1/console" >&2
	return 1
}

guest_quiet()
{
	local log found=0
	for log in "$1/console" "$1/out/dmesg"; do
		[ -f "$log" ] || continue
		if "$LAB/guest/reports" "$log" > "$1/reports"; then
			[ $found = 1 ] || {
				say "kernel report:"
				head -n 60 "$1/reports" >&2
			}
			found=1
			WORK_KEEP=1
		fi
	done
	[ $found = 0 ]
}

# guest_run DIR [QEMU-ARGUMENT...]: boot, run, judge
guest_run()
{
	guest_qemu "$@" || say "QEMU ended with status $?"
	guest_verdict "$1"
}

cmd_run()
{
	[ $# -gt 0 ] || wrong_usage "run needs a command"
	work_dir
	guest_stage "$WORK"
	guest_command "$WORK" "$@"
	guest_run "$WORK" </dev/null
}

cmd_shell()
{
	[ -t 0 ] || die "shell needs a terminal"
	work_dir
	guest_stage "$WORK"
	guest_command "$WORK" bash -c 'modprobe ila; exec bash -l'
	stty size > "$WORK/stage/interactive"
	say "exit, or ctrl-d, ends the guest"
	local state
	state=$(stty -g)
	stty raw -echo
	LAB_TIMEOUT=0 guest_qemu "$WORK" || true
	stty "$state"
	guest_verdict "$WORK"
}
