/* SPDX-License-Identifier: GPL-2.0 */
/*
 * libila: Identifier-Locator Addressing for programs; see libila(3)
 *
 * Functions that can fail return 0 or more, or a negative errno value, and
 * ila_error() then has the words for it, the kernel's own if it had any.
 * Whatever is a __be64 or an in6_addr is in network byte order, all other
 * numbers are in host byte order.
 *
 * There are no globals. A handle, and what was made from it, is used by one
 * thread at a time; different handles do not know of each other. A callback
 * must not use the handle it was called for.
 */
#ifndef _LIBILA_H
#define _LIBILA_H

#include <linux/ila.h>
#include <netinet/in.h>
#include <stddef.h>
#include <stdint.h>

#ifndef ILA_MCGRP_CONFIG
#error "not the <linux/ila.h> of libila: use pkg-config --cflags libila"
#endif

#ifdef __cplusplus
extern "C" {
#endif
#pragma GCC visibility push(default)

/* What a dump returns if the table changed meanwhile. What was there all the
 * time was shown exactly once nevertheless.
 */
#define ILA_CHANGED	1

/* Handles
 */

struct ila;

struct ila *ila_open(void);
void ila_close(struct ila *ila);
const char *ila_error(const struct ila *ila);

/* Rules: what a received prefix becomes
 */

/* ident_type of a rule that takes every identifier, whatever its bits */
#define ILA_RULE_OPAQUE	255

/**
 * struct ila_rule - received addresses that start so shall start so
 * @match: the upper half that matches
 * @locator: the upper half that is written
 * @ifindex: input device, 0 for any
 * @domain: identifier namespace
 * @csum_mode: ILA_CSUM_
 * @ident_type: ILA_ATYPE_, or ILA_RULE_OPAQUE
 * @stray: ILA_STRAY_
 */
struct ila_rule {
	__be64 match;
	__be64 locator;
	int32_t ifindex;
	uint32_t domain;
	uint8_t csum_mode;
	uint8_t ident_type;
	uint8_t stray;
};

typedef int (*ila_rule_cb)(const struct ila_rule *rule, void *data);

void ila_rule_init(struct ila_rule *rule, __be64 match, __be64 locator);
int ila_rule_add(struct ila *ila, const struct ila_rule *rule);
int ila_rule_get(struct ila *ila, __be64 match, int32_t ifindex,
		 struct ila_rule *rule);
int ila_rule_del(struct ila *ila, __be64 match, int32_t ifindex);
int ila_rule_dump(struct ila *ila, ila_rule_cb cb, void *data);
int ila_rule_flush(struct ila *ila);

/* Mappings: where an address is
 *
 * A mapping is 1 to ILA_MAPPING_LOCATORS records (struct ila_mapping of
 * <linux/ila.h>) that agree in all but locator, priority and weight. The
 * library sees to ILA_MAPPING_MORE, and leaves out of requests what only
 * answers have.
 */

enum {
	ILA_FILTER_ADDRESS = 1 << 0,	/* this one */
	ILA_FILTER_PREFIX = 1 << 1,	/* those that start with it */
	ILA_FILTER_LOCATOR = 1 << 2,
	ILA_FILTER_DOMAIN = 1 << 3,
	ILA_FILTER_ORIGIN = 1 << 4,
	ILA_FILTER_IDLE = 1 << 5,
	ILA_FILTER_SWEEP = 1 << 6,
};

/**
 * struct ila_filter - which mappings; all that is asked for must hold
 * @set: ILA_FILTER_, what is asked for
 * @address: ADDRESS, PREFIX
 * @locator: LOCATOR: they have it, alone or among others
 * @domain: DOMAIN
 * @idle: IDLE: not used for so many seconds
 * @sweep: SWEEP: of any other generation than this
 * @prefix_len: PREFIX: bits of @address that count, 0 to 128
 * @origin: ORIGIN: ILA_ORIGIN_
 */
struct ila_filter {
	uint32_t set;
	struct in6_addr address;
	__be64 locator;
	uint32_t domain;
	uint32_t idle;
	uint32_t sweep;
	uint8_t prefix_len;
	uint8_t origin;
};

typedef int (*ila_mapping_cb)(const struct ila_mapping *records, unsigned int n,
			      void *data);

void ila_mapping_init(struct ila_mapping *record,
		      const struct in6_addr *address, __be64 locator);
int ila_mapping_new(struct ila *ila, const struct ila_mapping *records,
		    unsigned int n);
int ila_mapping_change(struct ila *ila, const struct ila_mapping *records,
		       unsigned int n);
int ila_mapping_replace(struct ila *ila, const struct ila_mapping *records,
			unsigned int n);
int ila_mapping_del(struct ila *ila, const struct ila_mapping *record);
int ila_mapping_get(struct ila *ila, uint32_t domain,
		    const struct in6_addr *address,
		    struct ila_mapping records[ILA_MAPPING_LOCATORS]);
int ila_mapping_dump(struct ila *ila, const struct ila_filter *filter,
		     ila_mapping_cb cb, void *data);
int ila_mapping_flush(struct ila *ila, const struct ila_filter *filter,
		      uint32_t *deleted);

/* Mappings in bulk
 */

struct ila_batch;

/**
 * struct ila_refusal - a mapping that the kernel did not take, and why
 * @error: negative errno value
 * @n: number of @records, 0 if the kernel did not say which mapping it was
 * @index: which mapping of the batch, in the order they were added, from 0; or,
 *	without @n, the first of the message that was refused
 * @records: the mapping
 * @text: the kernel's words
 */
struct ila_refusal {
	int error;
	unsigned int n;
	uint64_t index;
	struct ila_mapping records[ILA_MAPPING_LOCATORS];
	char text[256];
};

typedef int (*ila_refusal_cb)(const struct ila_refusal *refusal, void *data);

struct ila_batch *ila_batch_new(struct ila *ila, unsigned int cmd);
void ila_batch_on_refusal(struct ila_batch *batch, ila_refusal_cb cb,
			  void *data);
int ila_batch_add(struct ila_batch *batch, const struct ila_mapping *records,
		  unsigned int n);
int ila_batch_flush(struct ila_batch *batch);
uint64_t ila_batch_applied(const struct ila_batch *batch);
const struct ila_refusal *ila_batch_refused(const struct ila_batch *batch);
void ila_batch_free(struct ila_batch *batch);

/* Generations: what was loaded last time and not this time goes away
 */

struct ila_batch *ila_generation_begin(struct ila *ila,
				       const struct ila_filter *scope);
int ila_generation_finish(struct ila_batch *batch, uint32_t *swept);

/* Locators
 */

/**
 * struct ila_locator - a locator that mappings, rules or routes have
 * @locator: it
 * @sir_prefix: what it is restored to; 0 if not known
 * @packets: translated to it
 * @bytes: of these packets
 * @domain: identifier namespace
 * @mappings: how many have it
 * @state: ILA_LOCATOR_ flags
 */
struct ila_locator {
	__be64 locator;
	__be64 sir_prefix;
	uint64_t packets;
	uint64_t bytes;
	uint32_t domain;
	uint32_t mappings;
	uint32_t state;
};

typedef int (*ila_locator_cb)(const struct ila_locator *locator, void *data);

int ila_locator_get(struct ila *ila, uint32_t domain, __be64 locator,
		    struct ila_locator *answer);
int ila_locator_dump(struct ila *ila, ila_locator_cb cb, void *data);
int ila_locator_move(struct ila *ila, uint32_t domain, __be64 from, __be64 to);
int ila_locator_down(struct ila *ila, uint32_t domain, __be64 locator);
int ila_locator_up(struct ila *ila, uint32_t domain, __be64 locator);

/* The namespace: configuration and counters
 */

enum {
	ILA_CONFIG_MISS = 1 << 0,
	ILA_CONFIG_MISS_RATE = 1 << 1,
	ILA_CONFIG_COUNTING = 1 << 2,
	ILA_CONFIG_LIMIT = 1 << 3,
	ILA_CONFIG_MAPPINGS = 1 << 4,	/* answers only */
	ILA_CONFIG_GENERATION = 1 << 5,	/* answers only */
	ILA_CONFIG_FASTPATH = 1 << 6,
};

/**
 * struct ila_config - of a network namespace
 * @set: ILA_CONFIG_, which of the following are there
 * @miss_rate: MISS_RATE: addresses a second that miss events tell, 0: none
 * @limit: LIMIT: most mappings there may be
 * @mappings: MAPPINGS: how many there are
 * @generation: GENERATION: the newest that was ever used
 * @miss: MISS: ILA_MISS_
 * @counting: COUNTING: 1 if packets are counted by locator, else 0
 * @fastpath: FASTPATH: 1 if packets are forwarded past routing where they can be
 */
struct ila_config {
	uint32_t set;
	uint32_t miss_rate;
	uint32_t limit;
	uint32_t mappings;
	uint32_t generation;
	uint8_t miss;
	uint8_t counting;
	uint8_t fastpath;
};

int ila_config_get(struct ila *ila, struct ila_config *config);
int ila_config_set(struct ila *ila, const struct ila_config *config);
int ila_stats(struct ila *ila, uint64_t *stats, unsigned int n);

/* What would become of an address
 */

enum {
	ILA_EXPLAINED_ADDRESS = 1 << 0,
	ILA_EXPLAINED_DOMAIN = 1 << 1,
	ILA_EXPLAINED_LOCATOR = 1 << 2,
	ILA_EXPLAINED_MATCH = 1 << 3,
	ILA_EXPLAINED_CSUM_MODE = 1 << 4,
	ILA_EXPLAINED_IDENT_TYPE = 1 << 5,
	ILA_EXPLAINED_MISS = 1 << 6,
	ILA_EXPLAINED_TRANSLATED = 1 << 7,
	ILA_EXPLAINED_IFINDEX = 1 << 8,
	ILA_EXPLAINED_GATEWAY = 1 << 9,
	ILA_EXPLAINED_STRAY = 1 << 10,
};

/**
 * struct ila_explanation - what would become of a packet, and why
 * @set: ILA_EXPLAINED_, which of the members that name a flag apply
 * @by: ILA_EXPLAIN_, what would handle it
 * @why: ILA_WHY_, why it would not be translated
 * @csum_mode: CSUM_MODE: ILA_CSUM_
 * @ident_type: IDENT_TYPE: ILA_ATYPE_
 * @miss: MISS: ILA_MISS_
 * @stray: STRAY: ILA_STRAY_
 * @ifindex: IFINDEX: output device; of a rule: input device
 * @domain: DOMAIN
 * @locator: LOCATOR: what is written
 * @match: MATCH: what the rule matches
 * @address: ADDRESS: what was asked about
 * @translated: TRANSLATED: the destination afterwards
 * @gateway: GATEWAY: next hop
 * @n: number of @records, 0 if there is no mapping
 * @records: the mapping
 */
struct ila_explanation {
	uint32_t set;
	uint8_t by;
	uint8_t why;
	uint8_t csum_mode;
	uint8_t ident_type;
	uint8_t miss;
	uint8_t stray;
	int32_t ifindex;
	uint32_t domain;
	__be64 locator;
	__be64 match;
	struct in6_addr address;
	struct in6_addr translated;
	struct in6_addr gateway;
	unsigned int n;
	struct ila_mapping records[ILA_MAPPING_LOCATORS];
};

int ila_explain(struct ila *ila, const struct in6_addr *address,
		struct ila_explanation *explanation);

/* Events
 */

enum {
	ILA_EVENTS_CONFIG = 1 << 0,	/* every change */
	ILA_EVENTS_MISS = 1 << 1,	/* addresses without a mapping */
};

struct ila_events;

/**
 * struct ila_event - something has changed, or was missed
 * @cmd: what: ILA_CMD_ of the request that would do the same, or ILA_CMD_MISS;
 *	tells which of the other members is meant
 * @reason: ILA_REASON_, of RULE_DEL and MAPPING_DEL
 * @rule: RULE_ADD, RULE_DEL
 * @mapping: MAPPING_NEW, _CHANGE, _REPLACE, _DEL: one mapping
 * @mapping.records: its records, until the callback returns
 * @mapping.n: how many
 * @locator: LOCATOR_MOVE, _DOWN, _UP
 * @locator.locator: the locator
 * @locator.to: MOVE: where its mappings are now
 * @locator.domain: identifier namespace
 * @config: CONFIG_SET
 * @miss: MISS
 * @miss.address: had no mapping; unspecified if there is only @miss.lost
 * @miss.lost: others that came too fast to be told
 * @miss.domain: identifier namespace
 */
struct ila_event {
	uint8_t cmd;
	uint8_t reason;
	union {
		struct ila_rule rule;
		struct {
			const struct ila_mapping *records;
			unsigned int n;
		} mapping;
		struct {
			__be64 locator;
			__be64 to;
			uint32_t domain;
		} locator;
		struct ila_config config;
		struct {
			struct in6_addr address;
			uint32_t lost;
			uint32_t domain;
		} miss;
	};
};

typedef int (*ila_event_cb)(const struct ila_event *event, void *data);

struct ila_events *ila_events_open(struct ila *ila, unsigned int groups);
int ila_events_fd(const struct ila_events *events);
int ila_events_read(struct ila_events *events, ila_event_cb cb, void *data);
void ila_events_close(struct ila_events *events);

/* Addresses: the arithmetic of the module
 */

int ila_address_send(const struct in6_addr *sir, __be64 locator,
		     uint8_t csum_mode, uint8_t ident_type,
		     struct in6_addr *wire);
int ila_address_restore(const struct in6_addr *wire, __be64 sir_prefix,
			uint8_t csum_mode, uint8_t ident_type,
			struct in6_addr *sir);
int ila_mapping_send(const struct ila_mapping *record, struct in6_addr *wire);
const char *ila_mapping_check(const struct ila_mapping *record);
const char *ila_mapping_refused(const struct ila_mapping *record);
__be64 ila_wire_identifier(const struct in6_addr *wire, uint8_t csum_mode,
			   const struct in6_addr *tenant);
__be64 ila_identifier(uint8_t type, uint32_t vnid, uint32_t low32);
__be64 ila_address_upper(const struct in6_addr *address);
__be64 ila_address_lower(const struct in6_addr *address);

/* Text
 */

#define ILA_TEXT_LEN	20	/* "2001:0db8:000a:0001" and a NUL */

int ila_locator_parse(const char *text, __be64 *locator);
int ila_identifier_parse(const char *text, __be64 *identifier);
const char *ila_locator_text(__be64 locator, char text[ILA_TEXT_LEN]);

/* Names, the words that ip has
 */

enum ila_names {
	ILA_NAMES_COMMAND,	/* ILA_CMD_, from 32 on */
	ILA_NAMES_CSUM_MODE,	/* ILA_CSUM_ */
	ILA_NAMES_IDENT_TYPE,	/* ILA_ATYPE_ */
	ILA_NAMES_HOOK,		/* ILA_HOOK_ROUTE_ */
	ILA_NAMES_STRAY,	/* ILA_STRAY_ */
	ILA_NAMES_ORIGIN,	/* ILA_ORIGIN_ */
	ILA_NAMES_MISS,		/* ILA_MISS_ */
	ILA_NAMES_STATE,	/* ILA_LOCATOR_, one flag */
	ILA_NAMES_REASON,	/* ILA_REASON_ */
	ILA_NAMES_EXPLAIN,	/* ILA_EXPLAIN_ */
	ILA_NAMES_WHY,		/* ILA_WHY_ */
	ILA_NAMES_STAT,		/* ILA_STAT_ */
};

const char *ila_name(enum ila_names names, unsigned int value);
int ila_value(enum ila_names names, const char *name);

#pragma GCC visibility pop
#ifdef __cplusplus
}
#endif

#endif /* _LIBILA_H */
