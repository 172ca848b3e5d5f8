// SPDX-License-Identifier: GPL-2.0
/*
 * load: many mappings, or many routes, and how long they take
 *
 *	load new|change|replace|delete SIR LOCATOR COUNT SPREAD TURN
 *	load routes SIR LOCATOR COUNT SPREAD DEVICE
 *	load move LOCATOR LOCATOR
 *	load dump|flush
 *
 * Mapping i is that of SIR:2000:0 and 16 * i + 1, so none ends in ffff. It is at
 * the (i + TURN) % SPREAD'th locator from LOCATOR on. Prints how many were
 * written or seen, how many were refused, and microseconds. Keeps no list of
 * anything: User Mode Linux maps every page of a process by itself.
 */
#include <arpa/inet.h>
#include <endian.h>
#include <err.h>
#include <errno.h>
#include <libila.h>
#include <libmnl/libmnl.h>
#include <linux/lwtunnel.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <stdlib.h>
#include <string.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#define IDENTIFIERS	0x2000000000000001ULL	/* type 1 */
#define ROUTES_AT_ONCE	1000
#define ROUTE_LEN	256

struct plan {
	__be64 sir;
	uint64_t locator;
	unsigned long count;
	unsigned long spread;
	unsigned long turn;
};

struct result {
	unsigned long done;
	unsigned long refused;
};

static unsigned long number(const char *text)
{
	char *end;
	unsigned long n = strtoul(text, &end, 10);

	if (!*text || *end)
		errx(2, "'%s' is not numeric", text);
	return n;
}

static __be64 upper(const char *text)
{
	__be64 value;

	if (ila_locator_parse(text, &value))
		errx(2, "'%s' is no locator", text);
	return value;
}

static void plan_address(const struct plan *plan, unsigned long i,
			 struct in6_addr *address)
{
	uint64_t identifier = htobe64(IDENTIFIERS + ((uint64_t)i << 4));

	memcpy(&address->s6_addr[0], &plan->sir, 8);
	memcpy(&address->s6_addr[8], &identifier, 8);
}

static __be64 plan_locator(const struct plan *plan, unsigned long i)
{
	return htobe64(plan->locator + (i + plan->turn) % plan->spread);
}

/* Mappings */

static int say_refusal(const struct ila_refusal *refusal, void *data)
{
	struct result *result = data;

	if (!result->refused++)
		warnx("mapping %llu: %s", (unsigned long long)refusal->index,
		      refusal->text);
	return 0;
}

static int write_mappings(struct ila_batch *batch, const struct plan *plan)
{
	struct ila_mapping record;
	struct in6_addr address;
	unsigned long i;
	int result;

	for (i = 0; i < plan->count; i++) {
		plan_address(plan, i, &address);
		ila_mapping_init(&record, &address, plan_locator(plan, i));
		result = ila_batch_add(batch, &record, 1);
		if (result < 0)
			return result;
	}
	return ila_batch_flush(batch);
}

static struct result do_mappings(struct ila *ila, unsigned int cmd,
				 const struct plan *plan)
{
	struct ila_batch *batch = ila_batch_new(ila, cmd);
	struct result result = { 0 };

	if (!batch)
		errx(1, "%s", ila_error(ila));
	ila_batch_on_refusal(batch, say_refusal, &result);
	if (write_mappings(batch, plan) < 0)
		errx(1, "%s", ila_error(ila));
	result.done = ila_batch_applied(batch);
	ila_batch_free(batch);
	return result;
}

static int count_mapping(const struct ila_mapping *records, unsigned int n,
			 void *data)
{
	struct result *result = data;

	(void)records;
	(void)n;
	result->done++;
	return 0;
}

static struct result do_dump(struct ila *ila)
{
	struct result result = { 0 };

	if (ila_mapping_dump(ila, NULL, count_mapping, &result) < 0)
		errx(1, "%s", ila_error(ila));
	return result;
}

static struct result do_flush(struct ila *ila)
{
	uint32_t deleted = 0;

	if (ila_mapping_flush(ila, NULL, &deleted) < 0)
		errx(1, "%s", ila_error(ila));
	return (struct result){ .done = deleted };
}

static struct result do_move(struct ila *ila, const char *from, const char *to)
{
	if (ila_locator_move(ila, 0, upper(from), upper(to)) < 0)
		errx(1, "%s", ila_error(ila));
	return (struct result){ .done = 1 };
}

/* Routes: one message each, many in a buffer, as `ip -batch` would */

static void put_encap(struct nlmsghdr *nlh, __be64 locator)
{
	struct nlattr *nest;

	mnl_attr_put_u16(nlh, RTA_ENCAP_TYPE, LWTUNNEL_ENCAP_ILA);
	nest = mnl_attr_nest_start(nlh, RTA_ENCAP);
	mnl_attr_put(nlh, ILA_ATTR_LOCATOR, sizeof(locator), &locator);
	mnl_attr_put_u8(nlh, ILA_ATTR_CSUM_MODE, ILA_CSUM_NEUTRAL_MAP_AUTO);
	mnl_attr_put_u8(nlh, ILA_ATTR_IDENT_TYPE, ILA_ATYPE_LUID);
	mnl_attr_nest_end(nlh, nest);
}

static size_t put_route(void *buf, const struct plan *plan, uint32_t i,
			unsigned int device)
{
	struct nlmsghdr *nlh = mnl_nlmsg_put_header(buf);
	struct rtmsg *route;
	struct in6_addr address;

	nlh->nlmsg_type = RTM_NEWROUTE;
	nlh->nlmsg_flags = NLM_F_REQUEST | NLM_F_CREATE | NLM_F_EXCL;
	nlh->nlmsg_seq = i;
	route = mnl_nlmsg_put_extra_header(nlh, sizeof(*route));
	*route = (struct rtmsg) {
		.rtm_family = AF_INET6,
		.rtm_dst_len = 128,
		.rtm_table = RT_TABLE_MAIN,
		.rtm_protocol = RTPROT_STATIC,
		.rtm_type = RTN_UNICAST,
	};
	plan_address(plan, i, &address);
	mnl_attr_put(nlh, RTA_DST, sizeof(address), &address);
	mnl_attr_put_u32(nlh, RTA_OIF, device);
	put_encap(nlh, plan_locator(plan, i));
	return MNL_ALIGN(nlh->nlmsg_len);
}

/* Only what was refused is answered; puts those into @again. */
static unsigned int read_refused(const struct mnl_socket *nl, uint32_t *again)
{
	char buf[32768];
	const struct nlmsgerr *error;
	const struct nlmsghdr *nlh;
	unsigned int n = 0;
	ssize_t got;
	int len;

	while ((got = recv(mnl_socket_get_fd(nl), buf, sizeof(buf),
			   MSG_DONTWAIT)) > 0) {
		len = got;
		for (nlh = (void *)buf; mnl_nlmsg_ok(nlh, len);
		     nlh = mnl_nlmsg_next(nlh, &len)) {
			error = mnl_nlmsg_get_payload(nlh);
			if (error->error != -ENOMEM)
				errx(1, "route: %s", strerror(-error->error));
			again[n++] = nlh->nlmsg_seq;
		}
	}
	return n;
}

static struct mnl_socket *open_route_socket(int space)
{
	struct mnl_socket *nl = mnl_socket_open(NETLINK_ROUTE);

	if (!nl || mnl_socket_bind(nl, 0, MNL_SOCKET_AUTOPID) < 0)
		err(1, "rtnetlink");
	if (setsockopt(mnl_socket_get_fd(nl), SOL_SOCKET, SO_SNDBUFFORCE,
		       &space, sizeof(space)) ||
	    setsockopt(mnl_socket_get_fd(nl), SOL_SOCKET, SO_RCVBUFFORCE,
		       &space, sizeof(space)))
		err(1, "rtnetlink: buffers");
	return nl;
}

/* Of the routes in @todo, those that are to be tried again are left there. */
static unsigned int send_routes(const struct mnl_socket *nl,
				const struct plan *plan, unsigned int device,
				uint32_t *todo, unsigned int n)
{
	static char buf[ROUTES_AT_ONCE * ROUTE_LEN];
	unsigned int i;
	size_t len = 0;

	for (i = 0; i < n; i++)
		len += put_route(buf + len, plan, todo[i], device);
	if (mnl_socket_sendto(nl, buf, len) < 0)
		err(1, "sending routes");
	return read_refused(nl, todo);
}

/* A route wants memory for every CPU, and the kernel refuses to wait for it:
 * the next try finds what was made available after the last.
 */
static struct result do_routes(const struct plan *plan, const char *name)
{
	struct mnl_socket *nl = open_route_socket(4 * ROUTES_AT_ONCE * ROUTE_LEN);
	unsigned int device = if_nametoindex(name);
	uint32_t todo[ROUTES_AT_ONCE];
	struct result result = { 0 };
	unsigned int n = 0, left;

	if (!device)
		err(1, "%s", name);
	while (result.done < plan->count) {
		while (n < ROUTES_AT_ONCE && result.done + n < plan->count) {
			todo[n] = result.done + n;
			n++;
		}
		for (left = n; left; result.refused += left) {
			left = send_routes(nl, plan, device, todo, left);
			if (left)
				usleep(100);
		}
		result.done += n;
		n = 0;
	}
	mnl_socket_close(nl);
	return result;
}

/* What was asked for */

static struct plan parse_plan(char **argv)
{
	struct plan plan = {
		.sir = upper(argv[2]),
		.locator = be64toh(upper(argv[3])),
		.count = number(argv[4]),
		.spread = number(argv[5]),
	};

	if (!plan.spread)
		errx(2, "the spread is one locator at least");
	return plan;
}

static struct ila *open_ila(void)
{
	struct ila *ila = ila_open();

	if (!ila)
		err(1, "ila");
	return ila;
}

static struct result do_write(char **argv)
{
	static const struct {
		const char *name;
		unsigned int cmd;
	} commands[] = {
		{ "new", ILA_CMD_MAPPING_NEW },
		{ "change", ILA_CMD_MAPPING_CHANGE },
		{ "replace", ILA_CMD_MAPPING_REPLACE },
		{ "delete", ILA_CMD_MAPPING_DEL },
	};
	struct plan plan = parse_plan(argv);
	unsigned int i;

	if (!strcmp(argv[1], "routes"))
		return do_routes(&plan, argv[6]);
	plan.turn = number(argv[6]);
	for (i = 0; i < sizeof(commands) / sizeof(*commands); i++) {
		if (!strcmp(argv[1], commands[i].name))
			return do_mappings(open_ila(), commands[i].cmd, &plan);
	}
	errx(2, "'%s' is no command", argv[1]);
}

static struct result run(int argc, char **argv)
{
	if (argc == 2 && !strcmp(argv[1], "dump"))
		return do_dump(open_ila());
	if (argc == 2 && !strcmp(argv[1], "flush"))
		return do_flush(open_ila());
	if (argc == 4 && !strcmp(argv[1], "move"))
		return do_move(open_ila(), argv[2], argv[3]);
	if (argc == 7)
		return do_write(argv);
	errx(2, "usage: load COMMAND SIR LOCATOR COUNT SPREAD TURN|DEVICE\n"
		"       load move LOCATOR LOCATOR\n"
		"       load dump|flush");
}

static uint64_t now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000000ULL + ts.tv_nsec / 1000;
}

int main(int argc, char **argv)
{
	uint64_t begin = now();
	struct result result = run(argc, argv);

	printf("%lu %lu %llu\n", result.done, result.refused,
	       (unsigned long long)(now() - begin));
	return 0;
}
