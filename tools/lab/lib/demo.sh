# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# `lab demo`: the story is told by guest/demo.

cmd_demo()
{
	work_dir
	say "building the module, booting Debian's kernel"
	guest_stage "$WORK"
	guest_command "$WORK" /lab/stage/guest/demo
	guest_run "$WORK" </dev/null
}
