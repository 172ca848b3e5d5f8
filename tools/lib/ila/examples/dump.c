// SPDX-License-Identifier: GPL-2.0
/* Show the mappings at a locator that nobody used for a minute.
 * dump 2001:db8:b:1
 */
#include <arpa/inet.h>
#include <err.h>
#include <libila.h>
#include <stdio.h>

static int show(const struct ila_mapping *records, unsigned int n, void *data)
{
	char address[INET6_ADDRSTRLEN];
	unsigned long *count = data;

	inet_ntop(AF_INET6, records->address, address, sizeof(address));
	printf("%s: %u locators, idle %u s\n", address, n, records->idle);
	++*count;
	return 0;
}

int main(int argc, char **argv)
{
	struct ila_filter filter = {
		.set = ILA_FILTER_LOCATOR | ILA_FILTER_IDLE,
		.idle = 60,
	};
	struct ila *ila = ila_open();
	unsigned long count = 0;
	int result;

	if (!ila)
		err(1, "ila");
	if (argc != 2 || ila_locator_parse(argv[1], &filter.locator))
		errx(1, "usage: dump LOCATOR");

	result = ila_mapping_dump(ila, &filter, show, &count);
	if (result < 0)
		errx(1, "%s", ila_error(ila));
	printf("%lu mappings%s\n", count,
	       result == ILA_CHANGED ? ", and some changed meanwhile" : "");
	ila_close(ila);
	return 0;
}
