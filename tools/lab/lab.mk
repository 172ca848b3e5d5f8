# SPDX-License-Identifier: GPL-2.0
# What the lab adds to the top Makefile.

demo test check bench:
	tools/lab/lab $@

.PHONY: demo test check bench
