# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# The kernel a guest boots: the distribution's own, or one of ours that is
# compiled from the distribution's source with fragments of configs/.

# What a file of kernels/ may leave out
kernel_defaults()
{
	BASE=$KERNEL
	CONFIGS=()
	KERNEL_APPEND=''
	KERNEL_MEMORY=2048
	KERNEL_SLOW=1
	KERNEL_TESTS=()
}

kernel_file()
{
	local file=$LAB/kernels/$1
	case $1 in
	*/*|.*) wrong_usage "--kernel takes a name, not '$1'" ;;
	esac
	[ -f "$file" ] || wrong_usage "no kernel '$1'; there is:" \
		"$(cd "$LAB/kernels" && echo *)"
	# shellcheck source=kernels/debug
	. "$file"
}

# kernel_load NAME: its settings. One of our own stands on its BASE, whose root
# tree, source and tools it shares.
kernel_load()
{
	kernel_defaults
	kernel_file "$1"
	[ "$BASE" = "$KERNEL" ] || kernel_file "$BASE"
}

kernel_is_own()
{
	[ ${#CONFIGS[@]} -gt 0 ]
}

# kernel_config: the fragments of its configuration
kernel_config()
{
	(cd "$LAB/configs" && cat "${CONFIGS[@]}")
}

kernel_make()
{
	say "compiling the kernel $KERNEL from $SOURCE_PACKAGE (some minutes)"
	mkdir "$1/build" "$1/modules"
	kernel_config > "$1/fragment"
	in_root "$SOURCE:/lab/tree:ro" "$1/build:/lab/build" "$1:/lab/out" -- \
		bash -euc '
		make="make -s -C /lab/tree O=/lab/build LOCALVERSION=-ila-$1"
		$make KCONFIG_ALLCONFIG=/lab/out/fragment allnoconfig
		# what the fragments ask for must have been granted
		grep "=[ym0-9]" /lab/out/fragment | while read -r line; do
			grep -qx "$line" /lab/build/.config ||
				{ echo "not in .config: $line"; exit 1; }
		done
		$make -j "$(nproc)" bzImage modules
		$make modules_install INSTALL_MOD_PATH=/lab/out/modules \
			INSTALL_MOD_STRIP=1
		cd /lab/build
		cp arch/x86/boot/bzImage System.map /lab/out/
		cat include/config/kernel.release > /lab/out/release
		# modules from outside need no objects
		find . -name "*.o" -o -name "*.a" -o -name "*.ko" -o -name "*.cmd" |
			grep -v "^./scripts/\|^./tools/" | xargs rm -f
		rm -f vmlinux .tmp_vmlinux* arch/x86/boot/bzImage
		' kernel_make "$KERNEL" >&2
	mv "$1/modules/lib/modules/$(<"$1/release")" "$1/tree"
	rm -rf --one-file-system "$1/modules" "$1/tree/build" "$1/tree/source"
}

# Sets RELEASE; VMLINUZ; MODULES, what /lib/modules/RELEASE has; and for who
# compiles modules in the root tree KDIR, and PLACES, which in_root is to mount.
kernel_get()
{
	local newest
	root_get
	if kernel_is_own; then
		kernel_get_own
		return
	fi
	newest=$(printf '%s\n' "$ROOT"/lib/modules/*-amd64 | sort -V | tail -n 1)
	RELEASE=${newest##*/}
	VMLINUZ=$ROOT/boot/vmlinuz-$RELEASE
	MODULES=$ROOT/lib/modules/$RELEASE
	KDIR=/lib/modules/$RELEASE/build
	PLACES=()
}

kernel_get_own()
{
	source_get
	cached "kernel-$KERNEL" \
		"$SOURCE $(kernel_config; declare -f kernel_make)" kernel_make
	RELEASE=$(<"$REPLY/release")
	VMLINUZ=$REPLY/bzImage
	MODULES=$REPLY/tree
	KDIR=/lab/build
	PLACES=("$SOURCE:/lab/tree:ro" "$REPLY/build:/lab/build:ro")
}
