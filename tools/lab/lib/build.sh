# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# Compiling the module: in the root tree, against its own headers, on a copy
# of the sources, so that the checkout stays clean. The copy is kept: make
# rebuilds what changed.

build_get()
{
	kernel_get
	BUILD=$CACHE/build-$KERNEL-$(hash_of \
		<<<"$TOP $MODULES $(declare -f build_modules_dir build_module)")
	mkdir -p "$BUILD"
}

# build_sync DIR: copy the sources there, leaving the products of make
build_sync()
{
	mkdir -p "$1"
	in_root "$TOP:/lab/src:ro" "$1:/lab/build" -- bash -euc '
		cd /lab/src
		rsync -a --delete --filter "+ */" --filter "+ *.[ch]" \
			--filter "+ *.mk" --filter "+ Makefile" \
			--filter "+ Kbuild" --filter "+ /include/compat/hint" \
			--filter "- *" \
			Makefile Kbuild net include /lab/build/'
}

# What depmod writes must not go to the kernel's modules: a tree of our own, that
# has their list, stands for it; they are bound into it.
build_modules_dir()
{
	[ ! -d "$BUILD/modules" ] || return 0
	mkdir -p "$BUILD/new/kernel" "$BUILD/new/updates"
	cp -a "$MODULES"/modules.* "$BUILD/new/"
	mv "$BUILD/new" "$BUILD/modules"
}

build_module()
{
	[ -f "$TOP/Makefile" ] || die "there is no module to build in $TOP yet"
	build_sync "$BUILD/src"
	build_modules_dir
	in_root "${PLACES[@]}" "$BUILD/src:/lab/src" "$BUILD/modules:/lab/out" \
		"$MODULES/kernel:/lab/out/kernel:ro" -- bash -euc '
		# no BTF: it takes a vmlinux, which headers do not have
		# GCOV_PROFILE: for a kernel that counts, nothing to others
		make -s -C /lab/src KDIR="$1" GCOV_PROFILE=y \
			CONFIG_DEBUG_INFO_BTF_MODULES= modules
		ko=/lab/src/net/ipv6/ila/ila.ko
		# the tables are last: without them it is done again
		[ /lab/out/modules.dep -nt $ko ] &&
			cmp -s $ko /lab/out/updates/ila.ko && exit
		cp $ko /lab/out/updates/
		mkdir -p /run/lib/modules
		ln -s . /run/usr
		ln -s /lab/out "/run/lib/modules/$2"
		depmod -b /run "$2"
		' build_module "$KDIR" "$RELEASE" >&2
}

# build_into DIR: build, and put what a guest lacks of /lib/modules/RELEASE there:
# ila.ko, depmod's tables, the modules of a kernel of our own
build_into()
{
	build_module
	mkdir -p "$1/updates"
	cp "$BUILD/modules/updates/ila.ko" "$1/updates/"
	cp "$BUILD/modules"/modules.* "$1/"
}

cmd_build()
{
	build_get
	with_lock "$(basename "$BUILD")" build_module
	echo "$BUILD/src/net/ipv6/ila/ila.ko"
}
