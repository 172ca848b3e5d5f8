# SPDX-License-Identifier: GPL-2.0
#
# make                     the module, for the running kernel or KDIR
# make modules_install     to updates/, where it goes before the kernel's own
# make unit                the address arithmetic's tests, in user space
# make tools              library and ilactl; tools_install, to PREFIX
# make test, demo, bench  the lab: guests with stock kernels

KDIR ?= /lib/modules/$(shell uname -r)/build

all: modules

modules:
	@include/compat/hint $(KDIR) $(MAKE) -C $(KDIR) M=$(CURDIR) $@

modules_install clean:
	$(MAKE) -C $(KDIR) M=$(CURDIR) INSTALL_MOD_DIR=updates $@

unit:
	$(MAKE) -C net/ipv6/ila -f test.mk unit

tools:
	$(MAKE) -C tools/lib/ila all
	$(MAKE) -C tools/ilactl all

tools_install:
	$(MAKE) -C tools/lib/ila install
	$(MAKE) -C tools/ilactl install

.PHONY: all modules modules_install clean unit tools tools_install

-include tools/lab/lab.mk
