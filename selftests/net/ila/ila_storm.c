// SPDX-License-Identifier: GPL-2.0
/*
 * Packets while their mappings change all the time. Each tells what was true
 * when it was sent; where it arrives, that or something newer must have been.
 *
 *	ila_storm run SENDER ROUTER RECEIVER SECONDS SEED
 *		between three network namespaces, see storm.sh. Prints a line of
 *		names and numbers
 *	ila_storm churn
 *		mappings of this namespace change without end
 *	ila_storm end ROUNDS
 *		makes so many namespaces, one after another, which end while
 *		mappings and packets still come
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <libila.h>
#include <linux/if_packet.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define __printf(a, b)	__attribute__((format(printf, a, b)))

#define IDENTS		256	/* that always have a mapping */
#define HISTORY		1024	/* changes of one that are remembered */
#define SENDERS		2
#define WINDOW		96	/* packets under way, each */
#define BURST		16	/* packets a system call */
#define PATIENCE	10	/* seconds that a packet may take */
#define SLOW		5	/* times that, if KSFT_MACHINE_SLOW says so */

/* Locators, each a bit. Those of the identifiers; those that are taken down now
 * and then, and never alone; those of mappings that nobody sends to.
 */
#define SOLID		16
#define FRAIL		4
#define JUNK		16
#define FRAIL_FIRST	SOLID
#define JUNK_FIRST	32

#define JUNK_MAPPINGS	100000	/* grown to and shrunk from */

#define PORT		9

/**
 * struct ident - what is known of an identifier
 * @begun: number of the newest state that it may be in
 * @acked: number of the oldest state that it may be in
 * @where: the locators it has in each state, bits
 */
struct ident {
	_Atomic uint32_t begun;
	_Atomic uint32_t acked;
	_Atomic uint64_t where[HISTORY];
};

/**
 * struct payload - of a packet
 * @ident: index of its identifier
 * @state: number of the identifier's state when it was sent
 * @sender: who sent it
 * @pad: zeros
 */
struct payload {
	uint32_t ident;
	uint32_t state;
	uint32_t sender;
	uint32_t pad;
};

struct packet {
	uint8_t ip[40];
	uint16_t ports[2];
	uint16_t length;
	uint16_t sum;
	struct payload payload;
};

static struct ident idents[IDENTS];
static const char *namespaces[3];	/* sender, router, receiver */
static _Atomic bool stop, senders_stop;
static uint64_t seed;
static unsigned int patience = PATIENCE;

/* What is counted */
static _Atomic unsigned long sent[SENDERS], received[SENDERS];
static _Atomic unsigned long elsewhere, bad_sum, unsure, lost;
static _Atomic unsigned long changes, moves, refusals, flaps, grown, dumps;
static _Atomic unsigned long failed, unexplained, undumped;

/* Common
 */

static uint32_t chance(uint64_t *state, uint32_t n)
{
	*state ^= *state >> 12;
	*state ^= *state << 25;
	*state ^= *state >> 27;
	return (*state * 0x2545f4914f6cdd1dULL >> 32) % n;
}

static uint64_t be64(uint64_t value)
{
	return __builtin_bswap64(value);
}

static void enter(const char *namespace)
{
	int fd = open(namespace, O_RDONLY | O_CLOEXEC);

	if (fd < 0 || setns(fd, CLONE_NEWNET))
		err(1, "%s", namespace);
	close(fd);
}

static struct ila *open_ila(void)
{
	struct ila *ila = ila_open();

	if (!ila)
		err(1, "ila");
	return ila;
}

/* A request that has to succeed */
static bool well(struct ila *ila, const char *what, int err)
{
	if (err >= 0)
		return true;
	if (!failed++)
		printf("%s: %s\n", what, ila_error(ila));
	return false;
}

static void make_address(struct in6_addr *address, uint64_t prefix,
			 uint64_t identifier)
{
	prefix = be64(prefix);
	identifier = be64(identifier);
	memcpy(address, &prefix, 8);
	memcpy((char *)address + 8, &identifier, 8);
}

#define SIR_PREFIX	0x20010db800050001ULL
#define JUNK_PREFIX	0x20010db800050002ULL

static uint64_t locator_of(unsigned int number)
{
	return 0x20010db8000a0000ULL + number;
}

/* Locators that everything of the same prefix may have */
static uint64_t some_junk_locator(uint64_t *rnd)
{
	return be64(locator_of(JUNK_FIRST + chance(rnd, JUNK)));
}

static void ident_address(unsigned int i, struct in6_addr *address)
{
	make_address(address, SIR_PREFIX, 0x2000000000001234ULL |
					  (uint64_t)i << 32);
}

/* The identifiers' states. Only one thread writes.
 */

static uint64_t ident_where(unsigned int i)
{
	return idents[i].where[idents[i].begun % HISTORY];
}

static void ident_begin(unsigned int i, uint64_t where)
{
	uint32_t next = idents[i].begun + 1;

	idents[i].where[next % HISTORY] = where;
	idents[i].begun = next;
}

static void ident_end(unsigned int i)
{
	idents[i].acked = idents[i].begun;
}

/* Changing them
 */

/**
 * struct writer - who changes the identifiers
 * @ila: handle
 * @rnd: state of its chance
 */
struct writer {
	struct ila *ila;
	uint64_t rnd;
};

static unsigned int some_locators(struct writer *w, unsigned int *numbers)
{
	unsigned int n = chance(&w->rnd, 3) ? 1 : 2 + chance(&w->rnd, 3), i;

	for (i = 0; i < n; i++)
		numbers[i] = chance(&w->rnd, SOLID);
	if (n > 1)
		numbers[1] = FRAIL_FIRST + chance(&w->rnd, FRAIL);
	return n;
}

/* Return: how many records */
static unsigned int some_mapping(struct writer *w, unsigned int ident,
				 struct ila_mapping *records, uint64_t *where)
{
	static const uint8_t modes[] = {
		ILA_CSUM_ROUTE, ILA_CSUM_ROUTE, ILA_CSUM_ADJUST_TRANSPORT,
		ILA_CSUM_NEUTRAL_MAP, ILA_CSUM_NEUTRAL_MAP_AUTO,
	};
	uint8_t mode = modes[chance(&w->rnd, sizeof(modes))];
	unsigned int numbers[ILA_MAPPING_LOCATORS];
	unsigned int n = some_locators(w, numbers), i;
	struct in6_addr address;

	ident_address(ident, &address);
	for (*where = 0, i = 0; i < n; i++) {
		ila_mapping_init(&records[i], &address,
				 be64(locator_of(numbers[i])));
		records[i].csum_mode = mode;
		records[i].weight = n > 1;
		*where |= 1ULL << numbers[i];
	}
	return n;
}

static void change_ident(struct writer *w, unsigned int ident)
{
	struct ila_mapping records[ILA_MAPPING_LOCATORS];
	unsigned int n;
	uint64_t where;
	int err;

	n = some_mapping(w, ident, records, &where);
	ident_begin(ident, where);
	if (chance(&w->rnd, 2))
		err = ila_mapping_change(w->ila, records, n);
	else
		err = ila_mapping_replace(w->ila, records, n);
	well(w->ila, "change", err);
	ident_end(ident);
	changes++;
}

static void change_one(struct writer *w)
{
	change_ident(w, chance(&w->rnd, IDENTS));
}

/* Some in a row. With @spoilt the last one is refused, and all of them. */
static void change_many(struct writer *w, bool spoilt)
{
	struct ila_batch *batch = ila_batch_new(w->ila,
						ILA_CMD_MAPPING_REPLACE);
	struct ila_mapping records[ILA_MAPPING_LOCATORS];
	unsigned int first = chance(&w->rnd, IDENTS);
	unsigned int last = first + chance(&w->rnd, IDENTS - first), i, n;
	uint64_t where;
	int err;

	for (i = first; i <= last; i++) {
		n = some_mapping(w, i, records, &where);
		if (spoilt && i == last)
			records[0].reserved = 1;
		if (!spoilt)
			ident_begin(i, where);
		ila_batch_add(batch, records, n);
	}
	err = ila_batch_flush(batch);
	if (spoilt && err != -EINVAL)
		well(w->ila, "a message to be refused", err < 0 ? err : -1);
	if (!spoilt)
		well(w->ila, "changes", err);
	ila_batch_free(batch);
	for (i = first; i <= last && !spoilt; i++)
		ident_end(i);
	if (spoilt)
		refusals++;
	else
		changes += last - first + 1;
}

static void change_some(struct writer *w)
{
	change_many(w, false);
}

static void change_none(struct writer *w)
{
	change_many(w, true);
}

static void move_from(struct writer *w, unsigned int from)
{
	uint64_t bit = 1ULL << from;
	unsigned int to, i;
	bool moved[IDENTS] = { false }, any = false;

	to = (from + 1 + chance(&w->rnd, SOLID - 1)) % SOLID;
	for (i = 0; i < IDENTS; i++) {
		if (!(ident_where(i) & bit))
			continue;
		ident_begin(i, (ident_where(i) & ~bit) | 1ULL << to);
		moved[i] = true;
		any = true;
	}
	if (any)
		well(w->ila, "move", ila_locator_move(w->ila, 0,
						      be64(locator_of(from)),
						      be64(locator_of(to))));
	for (i = 0; i < IDENTS; i++)
		if (moved[i])
			ident_end(i);
	moves += any;
}

static void move_locator(struct writer *w)
{
	move_from(w, chance(&w->rnd, SOLID));
}

/* What has just left a locator does not go where that goes */
static void leave_and_move(struct writer *w)
{
	unsigned int ident = chance(&w->rnd, IDENTS), from;
	uint64_t was = ident_where(ident);

	for (from = 0; !(was >> from & 1); from++)
		;
	change_ident(w, ident);
	if (from < SOLID)
		move_from(w, from);
}

static void start_idents(struct writer *w)
{
	struct ila_mapping records[ILA_MAPPING_LOCATORS];
	unsigned int i, n;
	uint64_t where;

	for (i = 0; i < IDENTS; i++) {
		n = some_mapping(w, i, records, &where);
		ident_begin(i, where);
		/* those of another churner may be there */
		if (!well(w->ila, "first mapping",
			  ila_mapping_replace(w->ila, records, n)))
			exit(1);
		ident_end(i);
	}
}

static void *writer_thread(void *arg)
{
	/* moves have to wait, and there is no change meanwhile */
	static void (*const ops[])(struct writer *w) = {
		change_one, change_one, change_one, change_one, change_one,
		change_one, change_one, change_one, change_one, change_some,
		change_some, change_some, change_none, change_none,
		move_locator, leave_and_move,
	};
	struct writer *w = arg;

	while (!stop)
		ops[chance(&w->rnd, sizeof(ops) / sizeof(*ops))](w);
	ila_close(w->ila);
	return NULL;
}

/* Many other mappings, that come and go
 */

static void junk_fill(struct ila *ila, uint64_t *rnd, unsigned int n)
{
	struct ila_batch *batch = ila_batch_new(ila, ILA_CMD_MAPPING_REPLACE);
	struct ila_mapping record;
	struct in6_addr address;
	unsigned int i;

	for (i = 0; i < n && !stop; i++) {
		make_address(&address, JUNK_PREFIX,
			     0x2000000000000000ULL | (uint64_t)i << 20);
		ila_mapping_init(&record, &address, some_junk_locator(rnd));
		record.weight = chance(rnd, 2);
		if (ila_batch_add(batch, &record, 1))
			break;
	}
	well(ila, "many mappings", ila_batch_flush(batch));
	ila_batch_free(batch);
	grown++;
}

static void junk_move(struct ila *ila, uint64_t *rnd)
{
	uint64_t from = some_junk_locator(rnd), to = some_junk_locator(rnd);
	int err = ila_locator_move(ila, 0, from, to);

	if (err != -EINVAL && err != -ENOENT)
		well(ila, "move of others", err);
}

/* Away with them: all; those of a locator; those not written again */
static void junk_flush(struct ila *ila, uint64_t *rnd)
{
	struct ila_filter filter = {
		.set = ILA_FILTER_PREFIX,
		.prefix_len = 64,
	};
	struct ila_batch *batch;

	make_address(&filter.address, JUNK_PREFIX, 0);
	if (chance(rnd, 2)) {
		filter.set |= ILA_FILTER_LOCATOR;
		filter.locator = some_junk_locator(rnd);
		well(ila, "flush", ila_mapping_flush(ila, &filter, NULL));
		filter.set &= ~ILA_FILTER_LOCATOR;
		batch = ila_generation_begin(ila, &filter);
		/* the module may have gone */
		well(ila, "sweep", batch ? ila_generation_finish(batch, NULL) :
					   -errno);
		ila_batch_free(batch);
	}
	well(ila, "flush", ila_mapping_flush(ila, &filter, NULL));
}

static void *junk_thread(void *arg)
{
	uint64_t rnd = seed ^ 0x6a756e6b;
	struct ila *ila;

	(void)arg;
	enter(namespaces[1]);
	ila = open_ila();
	while (!stop) {
		junk_fill(ila, &rnd, 1000 + chance(&rnd, JUNK_MAPPINGS));
		junk_move(ila, &rnd);
		junk_flush(ila, &rnd);
	}
	ila_close(ila);
	return NULL;
}

/* Reading; locators that fail; routes and rules that have nothing to do with it
 */

static int see_mapping(const struct ila_mapping *records, unsigned int n,
		       void *data)
{
	unsigned char *seen = data;
	struct in6_addr address;
	uint64_t identifier;

	(void)n;
	memcpy(&address, records[0].address, sizeof(address));
	identifier = be64(ila_address_lower(&address));
	if (be64(ila_address_upper(&address)) == SIR_PREFIX)
		seen[identifier >> 32 & (IDENTS - 1)]++;
	return 0;
}

static void read_all(struct ila *ila)
{
	struct ila_filter filter = {
		.set = ILA_FILTER_PREFIX,
		.prefix_len = 48,
	};
	unsigned char seen[IDENTS] = { 0 };
	unsigned int i;

	make_address(&filter.address, SIR_PREFIX, 0);
	well(ila, "dump", ila_mapping_dump(ila, &filter, see_mapping, seen));
	for (i = 0; i < IDENTS; i++)
		undumped += seen[i] != 1;
	dumps++;
}

static void explain_one(struct ila *ila, uint64_t *rnd)
{
	struct ila_explanation explanation;
	struct in6_addr address;

	ident_address(chance(rnd, IDENTS), &address);
	if (well(ila, "explain", ila_explain(ila, &address, &explanation)))
		unexplained += explanation.by != ILA_EXPLAIN_MAPPING;
}

/* One that nothing has at the moment answers ENOENT */
static void flap(struct ila *ila, uint64_t *rnd)
{
	uint64_t locator = be64(locator_of(FRAIL_FIRST + chance(rnd, FRAIL)));
	int err;

	err = chance(rnd, 2) ? ila_locator_down(ila, 0, locator) :
			       ila_locator_up(ila, 0, locator);
	if (err != -ENOENT)
		well(ila, "down or up", err);
	flaps++;
}

static void rule_flap(struct ila *ila)
{
	const uint64_t match = be64(locator_of(JUNK_FIRST));
	struct ila_rule rule;

	ila_rule_init(&rule, match, be64(JUNK_PREFIX));
	well(ila, "rule", ila_rule_add(ila, &rule));
	well(ila, "rule", ila_rule_del(ila, match, 0));
}

/* Routes that are kept of locators have to be looked up again */
static void route_flap(FILE *ip)
{
	fprintf(ip, "route add unreachable 2001:db8:a:7777::/64\n"
		    "route del unreachable 2001:db8:a:7777::/64\n");
	fflush(ip);
}

static void *reader_thread(void *arg)
{
	uint64_t rnd = seed ^ 0x72656164;
	struct ila *ila;
	FILE *ip;

	(void)arg;
	enter(namespaces[1]);
	ila = open_ila();
	ip = popen("ip -6 -batch -", "w");
	if (!ip)
		err(1, "ip");
	read_all(ila);
	while (!stop) {
		flap(ila, &rnd);
		explain_one(ila, &rnd);
		rule_flap(ila);
		if (!chance(&rnd, 8))
			route_flap(ip);
		if (!chance(&rnd, 64))
			read_all(ila);
		usleep(1000);
	}
	if (pclose(ip))
		failed++;
	ila_close(ila);
	return NULL;
}

/* Packets
 */

static void pin(unsigned int number)
{
	cpu_set_t cpus;

	CPU_ZERO(&cpus);
	CPU_SET(number % sysconf(_SC_NPROCESSORS_ONLN), &cpus);
	sched_setaffinity(0, sizeof(cpus), &cpus);
}

static unsigned long seconds(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec;
}

/* Return: false if a packet does not arrive */
static bool wait_for_room(unsigned int me)
{
	unsigned long since = seconds();

	while (sent[me] - received[me] > WINDOW) {
		if (seconds() - since > patience)
			return false;
		sched_yield();
	}
	return true;
}

static void send_burst(int fd, unsigned int me, uint64_t *rnd)
{
	struct sockaddr_in6 to[BURST];
	struct payload payload[BURST];
	struct mmsghdr messages[BURST];
	struct iovec iov[BURST];
	unsigned int i;
	int n;

	memset(messages, 0, sizeof(messages));
	for (i = 0; i < BURST; i++) {
		to[i] = (struct sockaddr_in6) {
			.sin6_family = AF_INET6,
			.sin6_port = htons(PORT),
		};
		payload[i] = (struct payload) {
			.ident = chance(rnd, IDENTS),
			.sender = me,
		};
		payload[i].state = idents[payload[i].ident].acked;
		ident_address(payload[i].ident, &to[i].sin6_addr);
		iov[i].iov_base = &payload[i];
		iov[i].iov_len = sizeof(payload[i]);
		messages[i].msg_hdr.msg_name = &to[i];
		messages[i].msg_hdr.msg_namelen = sizeof(to[i]);
		messages[i].msg_hdr.msg_iov = &iov[i];
		messages[i].msg_hdr.msg_iovlen = 1;
	}
	n = sendmmsg(fd, messages, BURST, 0);
	if (n > 0)
		sent[me] += n;
	else
		failed++;
}

static void *sender_thread(void *arg)
{
	unsigned int me = (uintptr_t)arg;
	uint64_t rnd = seed + 77 * (me + 1);
	int fd;

	enter(namespaces[0]);
	pin(me);
	fd = socket(AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	while (!senders_stop) {
		if (!wait_for_room(me)) {
			lost += sent[me] - received[me];
			break;
		}
		send_burst(fd, me, &rnd);
	}
	close(fd);
	return NULL;
}

/* What the identifier's locators were, from when the packet was sent until now */
static uint64_t may_be_at(const struct payload *p)
{
	const struct ident *ident = &idents[p->ident];
	uint32_t state = p->state, last = ident->begun;
	uint64_t where = 0;

	if (last - state >= HISTORY - 1) {
		unsure++;
		return ~0ULL;
	}
	for (; state != last + 1; state++)
		where |= ident->where[state % HISTORY];
	return where;
}

static void say_elsewhere(const struct payload *p, const struct in6_addr *to,
			  uint64_t may)
{
	const struct ident *ident = &idents[p->ident];
	char address[INET6_ADDRSTRLEN];

	if (elsewhere++)
		return;
	printf("elsewhere: identifier %u at %s, before may be at %#llx\n",
	       p->ident, inet_ntop(AF_INET6, to, address, sizeof(address)),
	       (unsigned long long)ident->where[(p->state - 1) % HISTORY]);
	printf("sent in state %u, arrives in %u: may be at %#llx\n", p->state,
	       ident->begun, (unsigned long long)may);
}

static bool sum_is_right(const struct packet *packet)
{
	const uint16_t *word = (const uint16_t *)(packet->ip + 8);
	const uint16_t *end = (const uint16_t *)(packet + 1);
	uint32_t sum = htons(IPPROTO_UDP) + packet->length;

	while (word < end)
		sum += *word++;
	sum = (sum & 0xffff) + (sum >> 16);
	return ((sum & 0xffff) + (sum >> 16)) == 0xffff;
}

static void see_packet(const struct packet *packet)
{
	const struct payload *p = &packet->payload;
	struct in6_addr to;
	uint64_t locator, may;

	memcpy(&to, packet->ip + 24, sizeof(to));
	locator = be64(ila_address_upper(&to)) - locator_of(0);
	if (p->ident >= IDENTS || p->sender >= SENDERS)
		return;
	received[p->sender]++;
	may = may_be_at(p);
	if (locator >= 64 || !(may >> locator & 1) ||
	    (be64(ila_address_lower(&to)) >> 32 & 0xfffffff) != p->ident)
		say_elsewhere(p, &to, may);
	if (!sum_is_right(packet))
		bad_sum++;
}

static int open_receiver(void)
{
	const struct timeval wait = { .tv_usec = 100000 };
	struct sockaddr_ll on = {
		.sll_family = AF_PACKET,
		.sll_protocol = htons(ETH_P_IPV6),
	};
	int fd, size = 8 << 20;

	fd = socket(AF_PACKET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	on.sll_ifindex = if_nametoindex("to-r");
	setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size));
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof(wait));
	if (fd < 0 || bind(fd, (struct sockaddr *)&on, sizeof(on)))
		err(1, "receiver");
	return fd;
}

static void *receiver_thread(void *arg)
{
	int fd = (uintptr_t)arg;
	struct packet packet;

	while (!stop)
		if (recv(fd, &packet, sizeof(packet), 0) == sizeof(packet) &&
		    packet.ip[6] == IPPROTO_UDP &&
		    packet.ports[1] == htons(PORT))
			see_packet(&packet);
	close(fd);
	return NULL;
}

/* All of it
 */

static void drain(void)
{
	unsigned int i;

	for (i = 0; i < SENDERS; i++) {
		unsigned long since = seconds();

		while (!lost && sent[i] != received[i]) {
			if (seconds() - since > patience)
				lost += sent[i] - received[i];
			usleep(1000);
		}
	}
}

static void set_miss(struct ila *ila)
{
	const struct ila_config config = {
		.set = ILA_CONFIG_MISS,
		.miss = ILA_MISS_DROP,
	};

	well(ila, "config", ila_config_set(ila, &config));
}

static void report(const uint64_t *before, const uint64_t *after)
{
	unsigned long all = sent[0] + sent[1];
	unsigned int i;

	printf("packets %lu elsewhere %lu lost %lu bad-sum %lu unsure %lu ",
	       all, elsewhere, lost, bad_sum, unsure);
	printf("changes %lu moves %lu refusals %lu flaps %lu grown %lu dumps %lu ",
	       changes, moves, refusals, flaps, grown, dumps);
	printf("failed %lu unexplained %lu undumped %lu untranslated %ld",
	       failed, unexplained, undumped,
	       (long)(all - (after[ILA_STAT_OUT_TRANSLATED] -
			     before[ILA_STAT_OUT_TRANSLATED])));
	for (i = ILA_STAT_OUT_ND; i <= ILA_STAT_OUT_FAILED_OVER; i++)
		if (after[i] != before[i])
			printf(" %s %lld", ila_name(ILA_NAMES_STAT, i),
			       (long long)(after[i] - before[i]));
	printf("\n");
}

static void begin(pthread_t *thread, void *(*run)(void *), void *arg)
{
	if (pthread_create(thread, NULL, run, arg))
		errx(1, "no thread");
}

static void run(unsigned int duration)
{
	uint64_t before[ILA_STAT_MAX + 1] = { 0 }, after[ILA_STAT_MAX + 1] = { 0 };
	struct writer writer = { .rnd = seed };
	pthread_t threads[4], senders[SENDERS];
	struct ila *ila;
	uintptr_t i, fd;

	/* it is there before the first packet */
	enter(namespaces[2]);
	fd = open_receiver();
	enter(namespaces[1]);
	ila = open_ila();
	writer.ila = open_ila();
	set_miss(ila);
	start_idents(&writer);
	ila_stats(ila, before, ILA_STAT_MAX + 1);
	begin(&threads[0], receiver_thread, (void *)fd);
	begin(&threads[1], writer_thread, &writer);
	begin(&threads[2], junk_thread, NULL);
	begin(&threads[3], reader_thread, NULL);
	for (i = 0; i < SENDERS; i++)
		begin(&senders[i], sender_thread, (void *)i);

	while (duration-- && !lost)
		sleep(1);
	senders_stop = true;
	for (i = 0; i < SENDERS; i++)
		pthread_join(senders[i], NULL);
	drain();
	stop = true;
	for (i = 0; i < 4; i++)
		pthread_join(threads[i], NULL);
	ila_stats(ila, after, ILA_STAT_MAX + 1);
	report(before, after);
	ila_close(ila);
}

/* Namespaces that come to their end
 */

static void churn(void)
{
	struct ila *ila = open_ila();
	struct writer writer = { .ila = ila, .rnd = getpid() | 1 };

	start_idents(&writer);
	for (;;) {
		change_some(&writer);
		move_locator(&writer);
		junk_fill(ila, &writer.rnd, 2000);
		junk_move(ila, &writer.rnd);
		junk_flush(ila, &writer.rnd);
	}
}

/* Send to identifiers: to as many that have a mapping as to others */
static void flood(void)
{
	struct sockaddr_in6 to = {
		.sin6_family = AF_INET6,
		.sin6_port = htons(PORT),
	};
	int fd = socket(AF_INET6, SOCK_DGRAM, 0);
	uint64_t rnd = 1;

	for (;;) {
		ident_address(chance(&rnd, IDENTS), &to.sin6_addr);
		to.sin6_addr.s6_addr[10] = chance(&rnd, 2);
		sendto(fd, &to, sizeof(to), 0, (struct sockaddr *)&to,
		       sizeof(to));
		/* others need the CPU too */
		if (!chance(&rnd, BURST))
			usleep(1000);
	}
}

/* Return: the new process */
static pid_t begin_process(void (*run)(void))
{
	pid_t parent = getpid(), pid = fork();

	if (pid < 0)
		err(1, "fork");
	if (pid)
		return pid;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() == parent)
		run();
	_exit(0);
}

static void end_process(pid_t pid)
{
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
}

/* Lines for ip -6 -batch */
static __printf(1, 2) void ip_batch(const char *format, ...)
{
	FILE *ip = popen("ip -6 -batch -", "w");
	va_list args;

	if (!ip)
		err(1, "ip");
	va_start(args, format);
	vfprintf(ip, format, args);
	va_end(args);
	if (pclose(ip))
		errx(1, "ip");
}

static void be_router(void)
{
	int fd = open("/proc/sys/net/ipv6/conf/all/forwarding", O_WRONLY);

	if (fd < 0 || write(fd, "1", 1) != 1)
		err(1, "forwarding");
	close(fd);
}

static void wait_for_translations(void)
{
	struct ila *ila = open_ila();
	unsigned long since = seconds();
	uint64_t stats[ILA_STAT_MAX + 1] = { 0 };

	while (stats[ILA_STAT_OUT_TRANSLATED] < 100) {
		if (seconds() - since > patience)
			errx(1, "nothing is translated");
		usleep(10000);
		ila_stats(ila, stats, ILA_STAT_MAX + 1);
	}
	ila_close(ila);
}

/* A namespace between whose making and end there are mappings and packets. It
 * has the mappings, and sends everything back to where it comes from.
 */
static void one_namespace(int outside, unsigned int round)
{
	pid_t churner, outer = getppid();
	int inside;

	if (unshare(CLONE_NEWNET))
		err(1, "unshare");
	inside = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
	be_router();
	ip_batch("link add out type veth peer name in%u netns %d\n"
		 "link set out up\n"
		 "addr add 2001:db8:9:%u::1/64 dev out nodad\n"
		 "route add 2001:db8:a::/48 via 2001:db8:9:%u::2\n"
		 "route add 2001:db8:5:1::/64 encap ila 0:0:0:0 csum-mode adj-transport ident-type luid via 2001:db8:9:%u::2\n",
		 round, outer, round, round, round);
	setns(outside, CLONE_NEWNET);
	ip_batch("link set in%u up\n"
		 "addr add 2001:db8:9:%u::2/64 dev in%u nodad\n"
		 "route replace 2001:db8:5:1::/64 via 2001:db8:9:%u::1\n",
		 round, round, round, round);
	setns(inside, CLONE_NEWNET);
	churner = begin_process(churn);
	wait_for_translations();
	end_process(churner);
}

static int many_namespaces(unsigned int rounds)
{
	unsigned int round;
	int outside, status = 0;
	pid_t flooder, pid;

	if (unshare(CLONE_NEWNET))
		err(1, "unshare");
	outside = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
	flooder = begin_process(flood);
	for (round = 0; round < rounds && !status; round++) {
		pid = fork();
		if (!pid) {
			one_namespace(outside, round);
			_exit(0);
		}
		if (pid < 0 || waitpid(pid, &status, 0) != pid)
			err(1, "fork");
	}
	end_process(flooder);
	return !!status;
}

int main(int argc, char **argv)
{
	const char *slow = getenv("KSFT_MACHINE_SLOW");

	setvbuf(stdout, NULL, _IOLBF, 0);
	if (slow && !strcmp(slow, "yes"))
		patience *= SLOW;
	if (argc == 7 && !strcmp(argv[1], "run")) {
		memcpy(namespaces, argv + 2, sizeof(namespaces));
		seed = strtoull(argv[6], NULL, 0) | 1;
		run(atoi(argv[5]));
		return 0;
	}
	if (argc == 2 && !strcmp(argv[1], "churn"))
		churn();
	if (argc == 3 && !strcmp(argv[1], "end"))
		return many_namespaces(atoi(argv[2]));
	errx(2, "usage: %s run SENDER ROUTER RECEIVER SECONDS SEED | churn | end ROUNDS",
	     argv[0]);
}
