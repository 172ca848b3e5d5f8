# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# User Mode Linux, which runs kernel code at native speed.

uml_make()
{
	say "building User Mode Linux from $SOURCE_PACKAGE (some minutes)"
	in_root "$SOURCE:/lab/tree:ro" "$1:/lab/build" "$LAB/uml:/lab/src:ro" \
		-- bash -euc '
		make="make -s -C /lab/tree O=/lab/build ARCH=um"
		$make KCONFIG_ALLCONFIG=/lab/src/config allnoconfig
		# what the fragment asks for must have been granted
		grep "=[ym]" /lab/src/config | while read -r line; do
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
	cached "uml-$KERNEL" "$SOURCE $(cat "$LAB/uml/config"; declare -f uml_make)" \
		uml_make
	UML=$REPLY
}
