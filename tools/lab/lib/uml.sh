# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# User Mode Linux, which runs kernel code at native speed.

# uml_config: the fragments of its configuration. Measurements are made with one
# kernel; other versions do not have the same options for all that.
uml_config()
{
	cat "$LAB/uml/config"
	[ "$BASE" != debian-6.1 ] || cat "$LAB/uml/bench"
}

uml_make()
{
	say "building User Mode Linux from $SOURCE_PACKAGE (some minutes)"
	uml_config > "$1/fragment"
	in_root "$SOURCE:/lab/tree:ro" "$1:/lab/build" -- bash -euc '
		make="make -s -C /lab/tree O=/lab/build ARCH=um"
		$make KCONFIG_ALLCONFIG=/lab/build/fragment allnoconfig
		# what the fragments ask for must have been granted
		grep "=[ym]" /lab/build/fragment | while read -r line; do
			grep -qx "$line" /lab/build/.config ||
				{ echo "not in .config: $line"; exit 1; }
		done
		# "modules" for Module.symvers
		$make -j "$(nproc)" linux modules modules_prepare
		# external modules need no objects
		cd /lab/build
		find . -name "*.o" -o -name "*.a" -o -name "*.cmd" |
			grep -v "^./scripts/\|^./arch/x86/um/vdso" | xargs rm -f
		strip --strip-debug linux
		rm -f vmlinux
		' >&2
}

# Sets UML, mounted at /lab/build; its source at /lab/tree.
uml_get()
{
	source_get
	cached "uml-$BASE" "$SOURCE $(uml_config; declare -f uml_make)" \
		uml_make
	UML=$REPLY
}

# uml_modules DIR: our modules for it, built in DIR
uml_modules()
{
	build_sync "$1"
	in_root "$SOURCE:/lab/tree:ro" "$UML:/lab/build:ro" "$1:/lab/src" -- \
		make -s -C /lab/build ARCH=um M=/lab/src modules >&2
}

# uml_boot DIR MB INIT [PARAMETER...]: what its console says; it runs by UML_BY
UML_BY=()
uml_boot()
{
	local dir=$1 memory=$2 init=$3
	shift 3
	mkdir -p "$dir/out"
	in_root "$UML:/lab/build:ro" "$dir/stage:/lab/stage:ro" \
		"$dir/out:/lab/out" "$LAB/uml:/lab/src:ro" -- \
		"${UML_BY[@]}" timeout -k 5 "${LAB_TIMEOUT:-3600}" \
		/lab/build/linux "mem=${memory}M" uml_dir=/tmp root=/dev/root \
		rootfstype=hostfs ro "init=$init" con=null con0=null,fd:1 panic=-1 \
		random.trust_cpu=on "$@" </dev/null 2>&1 | tr -d '\r'
}

# uml_quiet LOG: the kernel reported nothing
uml_quiet()
{
	! "$LAB/guest/reports" "$1" >&2
}

# The last processor that there is for us
last_cpu()
{
	awk '/^Cpus_allowed_list/ { n = split($2, cpu, /[-,]/); print cpu[n] }' \
		/proc/self/status
}

# uml_measure DIR MB PROGRAM: run it there; what it leaves is in DIR/out. Its processes
# wait for each other, and one runs at a time: on several processors each would wake
# up an idle one.
uml_measure()
{
	local dir=$1 status cpu
	local UML_BY
	cpu=$(last_cpu)
	UML_BY=(taskset -c "$cpu")
	uml_boot "$dir" "$2" /lab/src/measure "run=$3" quiet |
		tee "$dir/console" >&2 || true
	if [ ! -s "$dir/out/status" ]; then
		WORK_KEEP=1
		say "User Mode Linux died or ran out of time"
		return 1
	fi
	read -r status < "$dir/out/status"
	uml_quiet "$dir/console" || status=1
	return "$status"
}
