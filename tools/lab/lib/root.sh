# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# Root trees: a small Debian with the kernel, its headers, the compiler and
# all programs that tests and checks need. Read-only once made; it serves as
# the guest's root and, natively, as the place where everything is compiled.

ROOT_PACKAGES=(
	# to build
	gcc libc6-dev make rsync flex bison bc libelf-dev kmod cpio busybox-static
	pkgconf libmnl-dev libjansson-dev clang libclang-rt-dev
	# to check
	perl python3 python3-docutils python3-yaml python3-jsonschema sparse
	shellcheck mandoc valgrind
	# to test
	bash coreutils procps util-linux iproute2 iputils-ping iputils-tracepath
	traceroute iperf3 curl nftables conntrack tcpdump ethtool strace
	ca-certificates netcat-openbsd socat tayga tmux iptables
)

# The mirrors this machine is configured with: "main URI" and "security URI".
root_mirrors()
{
	apt-get indextargets --format '$(ORIGIN)|$(LABEL)|$(REPO_URI)' \
		'Created-By: Packages' 2>/dev/null |
		awk -F'|' '$1 == "Debian" && !seen[$2]++ {
			sub("/$", "", $3)
			print ($2 ~ /Security/ ? "security" : "main"), $3
		}'
}

root_sources()
{
	local main security s
	main=$(root_mirrors | awk '$1 == "main" { print $2; exit }')
	security=$(root_mirrors | awk '$1 == "security" { print $2; exit }')
	: "${main:=http://deb.debian.org/debian}"
	: "${security:=http://deb.debian.org/debian-security}"
	if [ "$SUITE" = sid ]; then
		# never released, so never updated; a mirror may be some weeks old
		echo "deb [check-valid-until=no] $main sid main"
		return
	fi
	for s in "$SUITE" "${KERNEL_SUITES[@]}"; do
		echo "deb $main $s main"
	done
	echo "deb $main $SUITE-updates main"
	echo "deb $security $SUITE-security main"
}

# debian_tree DIR VARIANT PACKAGE,... [OPTION...]: packages of SUITE and the rest
debian_tree()
{
	local new=$1 variant=$2 list=$3 proxy='' options=()
	shift 3
	eval "$(apt-config shell proxy Acquire::http::Proxy)"
	[ -z "$proxy" ] || options+=(--aptopt="Acquire::http::Proxy \"$proxy\"")
	root_sources > "$new.list"
	# INITRD=No: the lab has its own small initramfs
	INITRD=No unshare --mount --propagation private mmdebstrap \
		--mode=root --variant="$variant" --include="$list" \
		--aptopt='Acquire::Retries "5"' "${options[@]}" "$@" \
		--logfile="$new.log" "$SUITE" "$new" "$new.list" </dev/null || {
		tail -30 "$new.log" >&2
		die "mmdebstrap failed"
	}
	rm -f "$new.list" "$new.log"
}

root_make()
{
	local list
	list=$(IFS=,; echo "${ROOT_PACKAGES[*]},${KERNEL_PACKAGES[*]},$SOURCE_PACKAGE")
	say "making the root tree for $KERNEL (a few minutes)"
	debian_tree "$1" minbase "$list" \
		--dpkgopt='path-exclude=/usr/share/locale/*' \
		--dpkgopt='path-exclude=/usr/share/man/*' \
		--customize-hook="$LAB/lib/customize-root"
}

# Sets ROOT, and SOURCE_PACKAGE with its version if it was asked for without.
root_get()
{
	local key
	key=$(cat "$LAB/kernels/$BASE" /etc/debian_version
	      declare -p ROOT_PACKAGES
	      cat "$LAB/lib/customize-root"; declare -f debian_tree root_make)
	cached "root-$BASE" "$key" root_make
	ROOT=$REPLY
	SOURCE_PACKAGE=$(basename "$ROOT"/usr/src/linux-source-*.tar.xz .tar.xz)
}

# A guest starts programs by the thousand; from a file system of its own, whose
# pages and names it keeps, each starts in half the time that it takes from a
# directory of the machine. What only compiles stays out.
root_image_make()
{
	say "making the image of the root tree of $BASE"
	unshare --mount --propagation private bash -euc '
		cd "$1"
		for dir in usr/src usr/include usr/lib/gcc usr/lib/llvm-* var/cache; do
			[ ! -d "$dir" ] || mount -t tmpfs none "$dir"
		done
		size=$(du -sxm . | cut -f1)
		mke2fs -q -t ext2 -m 0 -i 8192 -d . "$2" $((size * 5 / 4 + 64))M
		' root_image_make "$ROOT" "$1/image"
}

# Sets ROOT_IMAGE.
root_image_get()
{
	cached "image-$BASE" "$ROOT $(declare -f root_image_make)" root_image_make
	ROOT_IMAGE=$REPLY/image
}

# in_root [HOST:PLACE[:ro]]... -- CMD...: run CMD natively in ROOT, which is
# read-only there but for the given directories
in_root()
{
	unshare --mount --propagation private --pid --fork --kill-child \
		bash "$LAB/lib/enter-root" "$ROOT" "$@"
}
