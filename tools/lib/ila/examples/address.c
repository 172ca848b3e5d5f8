// SPDX-License-Identifier: GPL-2.0
/* What is an address on the wire?  address 2001:db8:5:1:2000::b 2001:db8:b:1 */
#include <arpa/inet.h>
#include <err.h>
#include <libila.h>
#include <stdio.h>

int main(int argc, char **argv)
{
	char text[INET6_ADDRSTRLEN];
	struct in6_addr address;
	__be64 locator;
	int why;

	if (argc != 3 || inet_pton(AF_INET6, argv[1], &address) != 1 ||
	    ila_locator_parse(argv[2], &locator))
		errx(1, "usage: address ADDRESS LOCATOR");

	why = ila_address_send(&address, locator, ILA_CSUM_NEUTRAL_MAP_AUTO,
			       ILA_ATYPE_USE_FORMAT, &address);
	if (why)
		errx(1, "not translated: %s", ila_name(ILA_NAMES_WHY, why));
	puts(inet_ntop(AF_INET6, &address, text, sizeof(text)));
	return 0;
}
