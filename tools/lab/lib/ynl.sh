# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# The kernel's own client for netlink families described in YAML, and the
# schemas of such descriptions. Older kernels' sources have neither; one that is
# in a newer source package serves all kernels.

YNL_SUITE=bookworm
YNL_PACKAGE=linux-source-6.12

ynl_make()
{
	local SUITE=$YNL_SUITE KERNEL_SUITES=()
	say "taking ynl out of $YNL_PACKAGE"
	mkdir "$1/deb"
	debian_tree "$1/deb" extract "$YNL_PACKAGE"
	in_root "$1:/lab/out" -- bash -euc '
		cd /lab/out
		tar -xf "deb/usr/src/$1.tar.xz" --strip-components=1 \
			"$1/tools/net/ynl" "$1/Documentation/netlink"
		mv tools/net/ynl ynl
		mv Documentation/netlink netlink
		rm -rf deb tools Documentation netlink/specs/*
		' ynl_make "$YNL_PACKAGE"
}

# Sets YNL, a directory with ynl/ (cli.py and its lib/) and netlink/ (schemas).
ynl_get()
{
	cached ynl "$YNL_SUITE $YNL_PACKAGE $(declare -f debian_tree ynl_make)" ynl_make
	YNL=$REPLY
}

# ynl_stage STAGE: the client, and our description where it finds the schema
ynl_stage()
{
	local specs=$TOP/Documentation/netlink/specs
	ynl_get
	cp -r "$YNL/ynl" "$YNL/netlink" "$1/"
	if [ -d "$specs" ]; then
		cp "$specs"/*.yaml "$1/netlink/specs/"
	fi
}
