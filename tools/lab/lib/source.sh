# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# The distribution's kernel source: for User Mode Linux, checkpatch and the
# kernel tree's own selftest scripts.

source_make()
{
	say "unpacking $SOURCE_PACKAGE"
	in_root "$1:/lab/tree" -- \
		tar -C /lab/tree --strip-components=1 \
		-xf "/usr/src/$SOURCE_PACKAGE.tar.xz"
}

# Sets SOURCE; it is mounted at /lab/tree.
source_get()
{
	cached "source-$BASE" "$ROOT $(declare -f source_make)" source_make
	SOURCE=$REPLY
}
