# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# The module by clang and for other machines: compiled with W=1 and sparse against
# a prepared kernel of our own, and the arithmetic's tests run under qemu-user.
# The compilers have a tree of their own, which no guest needs.

CROSS_PACKAGES=(
	make rsync flex bison bc libelf-dev perl python3 sparse gcc libc6-dev clang
	gcc-s390x-linux-gnu libc6-dev-s390x-cross
	gcc-powerpc-linux-gnu libc6-dev-powerpc-cross
	pkgconf libmnl-dev:s390x libjansson-dev:s390x
	qemu-user
)

# What make is told, for each: the other compiler; 64 bits, big-endian; 32 bits,
# big-endian
declare -A CROSS_MAKE=(
	[clang]="ARCH=x86_64 CC=clang"
	[s390x]="ARCH=s390 CROSS_COMPILE=s390x-linux-gnu-"
	[powerpc]="ARCH=powerpc CROSS_COMPILE=powerpc-linux-gnu-"
)
# Their programs, and what runs them here
declare -A CROSS_RUN=(
	[s390x]="s390x-linux-gnu qemu-s390x"
	[powerpc]="powerpc-linux-gnu qemu-ppc"
)

cross_tree_make()
{
	local list
	list=$(IFS=,; echo "${CROSS_PACKAGES[*]}")
	say "making the tree of cross compilers of $SUITE"
	debian_tree "$1" minbase "$list" --architectures=amd64,s390x \
		--dpkgopt='path-exclude=/usr/share/locale/*' \
		--dpkgopt='path-exclude=/usr/share/man/*' \
		--customize-hook="$LAB/lib/customize-root"
}

# in_cross ...: as in_root, in the tree of the cross compilers
in_cross()
{
	local ROOT
	cached "cross-$SUITE" "$SUITE $(declare -p CROSS_PACKAGES
		cat "$LAB/lib/customize-root"
		declare -f debian_tree cross_tree_make)" cross_tree_make
	ROOT=$REPLY
	in_root "$@"
}

# cross_prepare WHAT DIR: a kernel that external modules can be compiled for
cross_prepare()
{
	local make
	read -ra make <<<"${CROSS_MAKE[$1]}"
	say "preparing a kernel for $1"
	in_cross "$SOURCE:/lab/tree:ro" "$2:/lab/build" "$LAB:/lab/src:ro" \
		-- bash -euc '
		cat /lab/src/uml/config /lab/src/cross/config > /tmp/config
		make="make -s -C /lab/tree O=/lab/build $*"
		$make KCONFIG_ALLCONFIG=/tmp/config allnoconfig
		grep "=[ym]" /lab/src/cross/config | while read -r line; do
			grep -qx "$line" /lab/build/.config ||
				{ echo "not in .config: $line"; exit 1; }
		done
		$make -j "$(nproc)" modules_prepare
		# what modules are linked with there
		extra=arch/powerpc/lib/crtsavres.o
		[[ $* != *ARCH=powerpc* ]] || $make $extra
		' cross_prepare "${make[@]}" >&2
}

# cross_get WHAT: sets REPLY
cross_get()
{
	cached "cross-$KERNEL-$1" "$SOURCE ${CROSS_MAKE[$1]} $(
		cat "$LAB/uml/config" "$LAB/cross/config"
		declare -f cross_prepare)" cross_prepare "$1"
}

# cross_module WHAT DIR: its compiler's and sparse's words
cross_module()
{
	local prepared make
	read -ra make <<<"${CROSS_MAKE[$1]}"
	cross_get "$1"
	prepared=$REPLY
	build_sync "$2"
	# there is no kernel to have symbols
	in_cross "$SOURCE:/lab/tree:ro" "$prepared:/lab/build" "$2:/lab/src" -- \
		make -s -j "$(nproc)" -C /lab/build M=/lab/src "${make[@]}" C=2 \
		W=1 CF=-D__CHECK_ENDIAN__ KBUILD_MODPOST_WARN=1 modules
}

# What is undefined ends a program there, without a library that reports it.
CROSS_CFLAGS='-std=gnu11 -O2 -g -Wall -Wextra -Werror -Wno-address-of-packed-member
	-static -fsanitize=undefined -fsanitize-undefined-trap-on-error'

# cross_unit WHAT: the arithmetic's tests, as a program of that machine
cross_unit()
{
	local dir=$WORK/cross-src gnu qemu
	read -r gnu qemu <<<"${CROSS_RUN[$1]}"
	build_sync "$dir"
	in_cross "$dir:/lab/src:ro" -- bash -euc '
		cd /lab/src
		"$1-gcc" $3 -Iinclude -Iinclude/uapi \
			-D"__packed=__attribute__((packed))" \
			-D"__aligned(x)=__attribute__((aligned(x)))" \
			-o /tmp/unit net/ipv6/ila/ila_addr_test.c
		"$2" /tmp/unit
		' cross_unit "$gnu" "$qemu" "$CROSS_CFLAGS"
}

# The library's tests, as programs of s390x, for which Debian has libmnl
cross_library()
{
	local dir=$WORK/cross-tools
	mkdir -p "$dir"
	tools_sync "$dir"
	in_cross "$dir:/lab/build" -- bash -euc '
		cd /lab/build/tools/lib/ila
		tests=$(cd tests && ls ./*.c | grep -v mock)
		make -s -j "$(nproc)" CC=s390x-linux-gnu-gcc AR=s390x-linux-gnu-ar \
			PKG_CONFIG=true MNL_LIBS=-lmnl \
			$(sed "s,^\./\(.*\)\.c,build/tests/\1.plain," <<<"$tests")
		for test in build/tests/*.plain; do
			qemu-s390x -L / "$test"
		done'
}
