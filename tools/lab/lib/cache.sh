# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# What is slow to make is made once. A cached directory is named by a hash of
# what made it, built beside its place and renamed when whole: an interrupted
# build leaves only rubbish, which the next one sweeps.

CACHE=${XDG_CACHE_HOME:-${HOME:-/root}/.cache}/ila

hash_of()
{
	sha256sum | cut -c1-16
}

# with_lock NAME CMD...: one at a time on this machine
with_lock()
{
	local name=$1 fd
	shift
	mkdir -p "$CACHE"
	exec {fd}>"$CACHE/$name.lock"
	flock -n "$fd" || {
		say "waiting for another lab that makes $name"
		flock "$fd"
	}
	"$@"
	exec {fd}>&-
}

# cached NAME KEY CMD...: sets REPLY to the directory that `CMD... DIR` fills
cached()
{
	local name=$1 key
	key=$(hash_of <<<"$2")
	shift 2
	REPLY=$CACHE/$name-$key
	[ -d "$REPLY" ] || with_lock "$name" cache_make "$name" "$REPLY" "$@"
	# its last use: `lab clean` and people go by it
	touch "$REPLY"
}

cache_make()
{
	local name=$1 dir=$2 new=$CACHE/new.$1
	shift 2
	[ ! -d "$dir" ] || return 0
	rm -rf --one-file-system "$new"
	mkdir -p "$new"
	# somebody may have said that failures do not end the lab
	"$@" "$new" || return
	mv -T "$new" "$dir"
	REPLY=$dir
}

cmd_clean()
{
	say "removing $CACHE"
	rm -rf --one-file-system "$CACHE"
}
