# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# What runs in user space: the library, its examples, ilactl, the tests' programs
# in C.
# Compiled as the module is, in the root tree on a copy of the sources that is
# kept.

tools_get()
{
	root_get
	TOOLS=$CACHE/tools-$BASE-$(hash_of \
		<<<"$TOP $ROOT $(declare -f tools_library tools_build)")
	mkdir -p "$TOOLS/src"
}

# tools_sync DIR: copy the sources there, leaving the products of make
tools_sync()
{
	in_root "$TOP:/lab/src:ro" "$1:/lab/build" -- bash -euc '
		cd /lab/src
		from=(include tools selftests)
		[ ! -d Documentation/man ] || from+=(Documentation/man)
		rsync -a --relative --delete --filter "- /tools/lab/" \
			--filter "- build/" --filter "+ */" \
			--filter "+ *.[ch]" --filter "+ *.sh" \
			--filter "+ *.mk" --filter "+ *.map" --filter "+ *.in" \
			--filter "+ *.[1-9]" --filter "+ Makefile" \
			--filter "+ *.json" --filter "+ *.bash-completion" \
			--filter "+ *.dict" \
			--filter "+ /selftests/net/ila/ilactl/*" \
			--filter "- *" "${from[@]}" /lab/build/'
}

tools_library()
{
	tools_sync "$TOOLS/src"
	in_root "$TOOLS/src:/lab/build" -- bash -euc '
		make -s -j "$(nproc)" -C /lab/build/tools/lib/ila all
		' >&2
}

# Leaves in TOOLS/src/built the names of the tests' programs, and what `make
# install` of ilactl does in TOOLS/src/installed.
tools_build()
{
	tools_library
	in_root "$TOOLS/src:/lab/build" -- bash -euc '
		make -s -j "$(nproc)" -C /lab/build/tools/ilactl all
		make -s -C /lab/build/tools/ilactl install \
			DESTDIR=/lab/build/installed
		cd /lab/build/selftests/net/ila
		make -s -j "$(nproc)" all USERCFLAGS="-O2 -g -Werror"
		make -s list-built > /lab/build/built
		' >&2
}

# tools_into STAGE: build, and put the products where a guest looks for them
tools_into()
{
	local stage=$1 src=$TOOLS/src name
	tools_build
	mkdir -p "$stage/lib" "$stage/selftests/examples"
	cp -P "$src/tools/lib/ila/build/"libila.so* "$stage/lib/"
	cp "$src/tools/lib/ila/build/examples/"* "$stage/selftests/examples/"
	cp -a "$src/installed" "$stage/installed"
	while read -r name; do
		cp "$src/selftests/net/ila/$name" "$stage/selftests/"
	done < "$src/built"
}

tools_stage()
{
	tools_get
	with_lock "$(basename "$TOOLS")" tools_into "$1"
}

# tools_make TARGET...: those of the makefiles of library and ilactl
tools_make()
{
	tools_sync "$TOOLS/src"
	in_root "$TOOLS/src:/lab/build" -- bash -euc '
		make -s -C /lab/build/tools/lib/ila "$@"
		make -s -C /lab/build/tools/ilactl "$@"
		' tools_make "$@"
}

# The parsers of ilactl, as many at once as there are processors
tools_fuzz()
{
	tools_sync "$TOOLS/src"
	in_root "$TOOLS/src:/lab/build" -- bash -euc '
		make -s -j "$(nproc)" -C /lab/build/tools/ilactl check-fuzz
		'
}
