# SPDX-License-Identifier: GPL-2.0
#
# The address arithmetic's tests as a program: make -f test.mk unit
# Not "Makefile", which belongs to the kernel's build.

ROOT := ../../..
OUT ?= .
CFLAGS := -std=gnu11 -O1 -g -Wall -Wextra -Werror -Wno-address-of-packed-member \
	  -fsanitize=address,undefined -fno-sanitize-recover=all \
	  -D'__packed=__attribute__((packed))' \
	  -D'__aligned(x)=__attribute__((aligned(x)))' \
	  -I$(ROOT)/include -I$(ROOT)/include/uapi

unit: $(OUT)/ila_addr_test
	$(OUT)/ila_addr_test

$(OUT)/ila_addr_test: ila_addr_test.c ila_addr_test_user.h \
		      $(ROOT)/include/net/ila_addr.h \
		      $(ROOT)/include/net/ila_exact.h
	$(CC) $(CFLAGS) -o $@ $<

clean:
	rm -f $(OUT)/ila_addr_test

.PHONY: unit clean
