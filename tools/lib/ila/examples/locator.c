// SPDX-License-Identifier: GPL-2.0
/* All that is at one locator moves to another; then show all locators.
 * locator 2001:db8:a:1 2001:db8:b:1
 */
#include <err.h>
#include <libila.h>
#include <stdio.h>

static int show(const struct ila_locator *locator, void *data)
{
	char text[ILA_TEXT_LEN];

	(void)data;
	printf("%s: %u mappings, %llu packets%s\n",
	       ila_locator_text(locator->locator, text), locator->mappings,
	       (unsigned long long)locator->packets,
	       locator->state & ILA_LOCATOR_DOWN ? ", down" : "");
	return 0;
}

int main(int argc, char **argv)
{
	struct ila *ila = ila_open();
	__be64 from, to;

	if (!ila)
		err(1, "ila");
	if (argc != 3 || ila_locator_parse(argv[1], &from) ||
	    ila_locator_parse(argv[2], &to))
		errx(1, "usage: locator FROM TO");
	if (ila_locator_move(ila, 0, from, to) ||
	    ila_locator_dump(ila, show, NULL) < 0)
		errx(1, "%s", ila_error(ila));
	ila_close(ila);
	return 0;
}
