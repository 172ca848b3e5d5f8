# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# A small initramfs: busybox and the modules that reach the root and our files.

INITRAMFS_MODULES=(virtio_pci virtio_blk ext2 9pnet_virtio 9p overlay
	virtio_console)

initramfs_make()
{
	in_root "$LAB/guest:/lab/src:ro" "$1:/lab/out" \
		"$MODULES:/lab/tree:ro" -- bash -euo pipefail -c '
		release=$1
		shift
		mkdir -p /tmp/i/bin /tmp/i/modules /run/lib/modules
		ln -s . /run/usr
		ln -s /lab/tree "/run/lib/modules/$release"
		cd /tmp/i
		mkdir proc sys dev lower rw root
		cp /bin/busybox bin/
		cp /lab/src/init init
		for m; do
			modprobe -d /run -S "$release" --show-depends "$m"
		done | awk "\$1 == \"insmod\" && !seen[\$2]++ { print \$2 }" > list
		while read -r ko; do
			cp "$ko" modules/
			echo "/modules/${ko##*/}"
		done < list > order
		find . | cpio -o -H newc --quiet | gzip -1 > /lab/out/initramfs
		' initramfs_make "$RELEASE" "${INITRAMFS_MODULES[@]}"
}

# Sets INITRAMFS.
initramfs_get()
{
	local key
	key=$(echo "$MODULES"; cat "$LAB/guest/init"
	      declare -p INITRAMFS_MODULES; declare -f initramfs_make)
	cached "initramfs-$KERNEL" "$key" initramfs_make
	INITRAMFS=$REPLY/initramfs
}
