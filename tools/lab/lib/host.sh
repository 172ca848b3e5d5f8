# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# The machine the lab runs on needs little: QEMU and a way to make root trees.
# Compilers and checkers live in the root tree.

HOST_PACKAGES=(qemu-system-x86 mmdebstrap e2fsprogs)

host_missing()
{
	local p
	for p in "${HOST_PACKAGES[@]}"; do
		dpkg-query -W -f '${db:Status-Status}\n' "$p" 2>/dev/null |
			grep -qx installed || echo "$p"
	done
}

apt()
{
	DEBIAN_FRONTEND=noninteractive apt-get -q -y \
		-o Dpkg::Use-Pty=0 -o DPkg::Lock::Timeout=300 "$@" >&2 </dev/null
}

host_prepare()
{
	local missing
	mapfile -t missing < <(host_missing)
	[ ${#missing[@]} -gt 0 ] || return 0
	command -v apt-get >/dev/null || die "needs apt to install ${missing[*]}"
	say "installing ${missing[*]}"
	apt update
	apt install --no-install-recommends "${missing[@]}"
}
