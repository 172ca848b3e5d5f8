// SPDX-License-Identifier: GPL-2.0
/* Tell what changes, until interrupted.  events */
#include <arpa/inet.h>
#include <err.h>
#include <errno.h>
#include <libila.h>
#include <stdio.h>
#include <string.h>

static int tell(const struct ila_event *event, void *data)
{
	const char *name = ila_name(ILA_NAMES_COMMAND, event->cmd);
	char text[INET6_ADDRSTRLEN];

	(void)data;
	switch (event->cmd) {
	case ILA_CMD_MAPPING_NEW:
	case ILA_CMD_MAPPING_CHANGE:
	case ILA_CMD_MAPPING_REPLACE:
	case ILA_CMD_MAPPING_DEL:
		inet_ntop(AF_INET6, event->mapping.records->address, text,
			  sizeof(text));
		printf("%s %s\n", name, text);
		break;
	case ILA_CMD_MISS:
		inet_ntop(AF_INET6, &event->miss.address, text, sizeof(text));
		printf("%s %s, %u lost\n", name, text, event->miss.lost);
		break;
	default:
		puts(name);
	}
	return 0;
}

int main(void)
{
	struct ila *ila = ila_open();
	struct ila_events *events;
	int result;

	if (!ila)
		err(1, "ila");
	events = ila_events_open(ila, ILA_EVENTS_CONFIG | ILA_EVENTS_MISS);
	if (!events)
		errx(1, "%s", ila_error(ila));
	do {
		result = ila_events_read(events, tell, NULL);
		if (result == -ENOBUFS)
			puts("events were lost: look everything up again");
	} while (!result || result == -ENOBUFS);
	errx(1, "%s", strerror(-result));
}
