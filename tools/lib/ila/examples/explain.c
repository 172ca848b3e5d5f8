// SPDX-License-Identifier: GPL-2.0
/* What would become of a packet to an address?  explain 2001:db8:5:1:2000::b */
#include <arpa/inet.h>
#include <err.h>
#include <libila.h>
#include <stdio.h>

int main(int argc, char **argv)
{
	struct ila_explanation explanation;
	char text[INET6_ADDRSTRLEN];
	struct ila *ila = ila_open();
	struct in6_addr address;

	if (!ila)
		err(1, "ila");
	if (argc != 2 || inet_pton(AF_INET6, argv[1], &address) != 1)
		errx(1, "usage: explain ADDRESS");
	if (ila_explain(ila, &address, &explanation))
		errx(1, "%s", ila_error(ila));

	printf("by: %s\n", ila_name(ILA_NAMES_EXPLAIN, explanation.by));
	if (explanation.why)
		printf("not translated: %s\n",
		       ila_name(ILA_NAMES_WHY, explanation.why));
	if (explanation.set & ILA_EXPLAINED_TRANSLATED)
		printf("leaves for: %s\n",
		       inet_ntop(AF_INET6, &explanation.translated, text,
				 sizeof(text)));
	ila_close(ila);
	return 0;
}
