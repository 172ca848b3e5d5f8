# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# Compiling the module: in the root tree, against its own headers, on a copy
# of the sources, so that the checkout stays clean. The copy is kept: make
# rebuilds what changed.

build_get()
{
	root_get
	BUILD=$CACHE/build-$KERNEL-$(hash_of <<<"$TOP $ROOT $(declare -f build_module)")
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

# What depmod writes must not go into the root tree: a directory of our own
# stands for /lib/modules/RELEASE; the stock modules are bound into it last.
build_modules_dir()
{
	[ ! -d "$BUILD/modules" ] || return 0
	mkdir -p "$BUILD/new/kernel"
	cp -a "$ROOT/lib/modules/$RELEASE"/[!k]* "$BUILD/new/"
	mv "$BUILD/new" "$BUILD/modules"
}

build_module()
{
	local modules=/lib/modules/$RELEASE
	[ -f "$TOP/Makefile" ] || die "there is no module to build in $TOP yet"
	build_sync "$BUILD/src"
	build_modules_dir
	in_root "$BUILD/src:/lab/build" "$ROOT$modules/kernel:/lab/tree:ro" \
		"$BUILD/modules:$modules" -- bash -euc '
		modules=$1
		mount --bind /lab/tree $modules/kernel
		# no BTF: it takes a vmlinux, which headers do not have
		make -s -C /lab/build KDIR=$modules/build \
			CONFIG_DEBUG_INFO_BTF_MODULES= modules
		ko=/lab/build/net/ipv6/ila/ila.ko
		# the tables are last: without them it is done again
		[ $modules/modules.dep -nt $ko ] &&
			cmp -s $ko $modules/updates/ila.ko && exit
		cp $ko $modules/updates/
		depmod "${modules##*/}"
		' build_module "$modules" >&2
}

# build_into DIR: build, and put ila.ko and depmod's tables there
build_into()
{
	build_module
	mkdir -p "$1"
	cp "$BUILD/modules/updates/ila.ko" "$BUILD/modules"/modules.* "$1/"
}

cmd_build()
{
	build_get
	with_lock "$(basename "$BUILD")" build_module
	echo "$BUILD/src/net/ipv6/ila/ila.ko"
}
