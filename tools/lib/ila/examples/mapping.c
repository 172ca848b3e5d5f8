// SPDX-License-Identifier: GPL-2.0
/* Say where an address is.  mapping 2001:db8:5:1:2000::b 2001:db8:b:1 */
#include <arpa/inet.h>
#include <err.h>
#include <libila.h>
#include <stdio.h>

int main(int argc, char **argv)
{
	struct ila_mapping records[ILA_MAPPING_LOCATORS];
	struct ila *ila = ila_open();
	struct in6_addr address;
	char text[ILA_TEXT_LEN];
	__be64 locator;
	int i, n;

	if (!ila)
		err(1, "ila");
	if (argc != 3 || inet_pton(AF_INET6, argv[1], &address) != 1 ||
	    ila_locator_parse(argv[2], &locator))
		errx(1, "usage: mapping ADDRESS LOCATOR");

	ila_mapping_init(&records[0], &address, locator);
	records[0].timeout = 600;
	if (ila_mapping_replace(ila, records, 1))
		errx(1, "%s", ila_error(ila));

	n = ila_mapping_get(ila, 0, &address, records);
	if (n < 0)
		errx(1, "%s", ila_error(ila));
	for (i = 0; i < n; i++)
		printf("%s at %s for %u s\n", argv[1],
		       ila_locator_text(records[i].locator, text),
		       records[i].timeout);
	ila_close(ila);
	return 0;
}
