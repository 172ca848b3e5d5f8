/* SPDX-License-Identifier: GPL-2.0 WITH Linux-syscall-note */
/*
 * Identifier-Locator Addressing: the interface to user space
 *
 * Numbers below 32 are those of the module in the kernel tree and never
 * change. What only this module offers starts at 32 (commands) and 64
 * (attributes, checksum modes), so that neither side runs into the other.
 */
#ifndef _UAPI_LINUX_ILA_H
#define _UAPI_LINUX_ILA_H

#include <linux/types.h>

#define ILA_GENL_NAME		"ila"
#define ILA_GENL_VERSION	1

/* Multicast groups; both need CAP_NET_ADMIN in the namespace */
#define ILA_MCGRP_CONFIG	"config"	/* every change */
#define ILA_MCGRP_MISS		"miss"		/* addresses without a mapping */

enum {
	ILA_CMD_UNSPEC		= 0,
	ILA_CMD_ADD		= 1,	/* add an xlat rule */
	ILA_CMD_DEL		= 2,	/* delete an xlat rule */
	ILA_CMD_GET		= 3,	/* get or dump xlat rules */
	ILA_CMD_FLUSH		= 4,	/* delete all xlat rules */
	__ILA_CMD_MAX,
#define ILA_CMD_MAX		(__ILA_CMD_MAX - 1)

	/* strict: every attribute is checked, every refusal says why */
	ILA_CMD_RULE_ADD	= 32,	/* ADD, with DOMAIN and STRAY */
	ILA_CMD_RULE_GET	= 33,	/* GET, with DOMAIN and STRAY */
	ILA_CMD_RULE_DEL	= 34,	/* DEL; also tells of a rule's end */

	/* Each takes many ILA_ATTR_MAPPING and applies all of them or none. The
	 * order within a message tells what is meant, not when it happens.
	 */
	ILA_CMD_MAPPING_NEW	= 35,	/* there must be none */
	ILA_CMD_MAPPING_CHANGE	= 36,	/* there must be one */
	ILA_CMD_MAPPING_REPLACE	= 37,	/* there may be one */
	ILA_CMD_MAPPING_DEL	= 38,	/* there must be one */

	ILA_CMD_MAPPING_GET	= 39,	/* one by its address; dump, filtered */
	ILA_CMD_MAPPING_FLUSH	= 40,	/* delete, filtered; answers COUNT */

	ILA_CMD_LOCATOR_GET	= 41,	/* one, or dump */
	ILA_CMD_LOCATOR_MOVE	= 42,	/* all mappings, LOCATOR to LOCATOR_TO */
	ILA_CMD_LOCATOR_DOWN	= 43,	/* its mappings miss ... */
	ILA_CMD_LOCATOR_UP	= 44,	/* ... until then */

	ILA_CMD_CONFIG_GET	= 45,
	ILA_CMD_CONFIG_SET	= 46,
	ILA_CMD_STATS_GET	= 47,
	ILA_CMD_EXPLAIN		= 48,	/* what would become of ADDRESS */
	ILA_CMD_MISS		= 49,	/* event: ADDRESS had no mapping */
};

enum {
	ILA_ATTR_UNSPEC		= 0,
	ILA_ATTR_LOCATOR	= 1,	/* be64: the upper half that is written */
	ILA_ATTR_IDENTIFIER	= 2,	/* u64, not used */
	ILA_ATTR_LOCATOR_MATCH	= 3,	/* be64: the upper half that matches */
	ILA_ATTR_IFINDEX	= 4,	/* s32: input device, 0 for any */
	ILA_ATTR_DIR		= 5,	/* u32, not used */
	ILA_ATTR_PAD		= 6,
	ILA_ATTR_CSUM_MODE	= 7,	/* u8, ILA_CSUM_ */
	ILA_ATTR_IDENT_TYPE	= 8,	/* u8, ILA_ATYPE_ */
	ILA_ATTR_HOOK_TYPE	= 9,	/* u8, ILA_HOOK_, routes only */
	__ILA_ATTR_MAX,
#define ILA_ATTR_MAX		(__ILA_ATTR_MAX - 1)

	ILA_ATTR_DOMAIN		= 64,	/* u32: the identifier namespace, 0 */
	ILA_ATTR_STRAY		= 65,	/* u8, ILA_STRAY_, rules only */
	ILA_ATTR_MISS		= 66,	/* u8, ILA_MISS_, table routes and CONFIG */
	ILA_ATTR_MAPPING	= 67,	/* struct ila_mapping, repeated */
	ILA_ATTR_ADDRESS	= 68,	/* in6_addr; repeated in MISS */
	ILA_ATTR_PREFIX_LEN	= 69,	/* u8: filter by so much of ADDRESS, 128 */
	ILA_ATTR_ORIGIN		= 70,	/* u8, ILA_ORIGIN_, filter */
	ILA_ATTR_IDLE		= 71,	/* u32, seconds: filter, not used since */
	ILA_ATTR_GENERATION	= 72,	/* u32: of what is written; CONFIG: newest */
	ILA_ATTR_SWEEP		= 73,	/* u32: filter, of any other generation */
	ILA_ATTR_LOCATOR_TO	= 74,	/* be64 */
	ILA_ATTR_SIR_PREFIX	= 75,	/* be64: that goes with a locator */
	ILA_ATTR_COUNT		= 76,	/* u32: how many; LOCATOR: mappings; CONFIG: all */
	ILA_ATTR_STATE		= 77,	/* u32, ILA_LOCATOR_ flags */
	ILA_ATTR_PACKETS	= 78,	/* u64 */
	ILA_ATTR_BYTES		= 79,	/* u64 */
	ILA_ATTR_LIMIT		= 80,	/* u32, CONFIG: most mappings there may be */
	ILA_ATTR_MISS_RATE	= 81,	/* u32, CONFIG: MISS addresses a second, 0 */
	ILA_ATTR_COUNTING	= 82,	/* u8, CONFIG: count by locator, 1 */
	ILA_ATTR_LOST		= 83,	/* u32, MISS: others that came too fast */
	ILA_ATTR_REASON		= 84,	/* u8, ILA_REASON_, events of deletion */
	ILA_ATTR_STATS		= 85,	/* nest of u64: ILA_STAT_ */
	ILA_ATTR_EXPLAIN	= 86,	/* u8, ILA_EXPLAIN_: by what */
	ILA_ATTR_WHY		= 87,	/* u8, ILA_WHY_: it is not translated */
	ILA_ATTR_TRANSLATED	= 88,	/* in6_addr: the destination on leaving */
	ILA_ATTR_GATEWAY	= 89,	/* in6_addr: next hop, beside IFINDEX */
	ILA_ATTR_FASTPATH	= 90,	/* u8, CONFIG: forward past routing, 0 */
	__ILA_ATTR_EXT_MAX,
#define ILA_ATTR_EXT_MAX	(__ILA_ATTR_EXT_MAX - 1)
};

/* not used by any command; kept because it always was here */
#define ILA_DIR_IN		(1 << 0)
#define ILA_DIR_OUT		(1 << 1)

/* How the transport checksum stays true while the address changes */
enum {
	ILA_CSUM_ADJUST_TRANSPORT	= 0,	/* rewrite the checksum */
	ILA_CSUM_NEUTRAL_MAP		= 1,	/* low 16 bits, says so in C-bit */
	ILA_CSUM_NO_ACTION		= 2,	/* wrong until restored */
	ILA_CSUM_NEUTRAL_MAP_AUTO	= 3,	/* low 16 bits, always */

	/* ADJUST_TRANSPORT as the module in the kernel tree gets it wrong */
	ILA_CSUM_ADJUST_TRANSPORT_COMPAT = 64,
};

enum {
	ILA_ATYPE_IID		= 0,	/* interface identifier, never touched */
	ILA_ATYPE_LUID		= 1,	/* locally unique identifier */
	ILA_ATYPE_VIRT_V4	= 2,	/* VNID and IPv4 address */
	ILA_ATYPE_VIRT_UNI_V6	= 3,	/* VNID and IPv6 unicast address */
	ILA_ATYPE_VIRT_MULTI_V6	= 4,	/* VNID and IPv6 multicast address */
	ILA_ATYPE_NONLOCAL_ADDR	= 5,	/* address of no SIR prefix */
	ILA_ATYPE_RSVD_1	= 6,
	ILA_ATYPE_RSVD_2	= 7,

	ILA_ATYPE_USE_FORMAT	= 32,	/* as the identifier's type field says */
};

enum {
	ILA_HOOK_ROUTE_OUTPUT	= 0,	/* the route translates what it sends */
	ILA_HOOK_ROUTE_INPUT	= 1,	/* the route translates what it receives */
};

/* What a rule does with a restored address that does not live here */
enum {
	ILA_STRAY_FORWARD	= 0,	/* forward it as any other packet */
	ILA_STRAY_UNREACHABLE	= 1,	/* answer with ICMPv6 address unreachable */
	ILA_STRAY_DROP		= 2,	/* drop it */
	__ILA_STRAY_MAX,
#define ILA_STRAY_MAX		(__ILA_STRAY_MAX - 1)
};

/* In mappings: as the table route says */
#define ILA_CSUM_ROUTE		255
#define ILA_ATYPE_ROUTE		255

/* Who made a mapping; user space says, the kernel only keeps them apart */
enum {
	ILA_ORIGIN_STATIC	= 0,	/* an administrator */
	ILA_ORIGIN_AGENT	= 1,	/* pushed or answered */
	ILA_ORIGIN_REDIRECT	= 2,	/* a redirect */
	__ILA_ORIGIN_MAX,
#define ILA_ORIGIN_MAX		(__ILA_ORIGIN_MAX - 1)
};

/**
 * struct ila_mapping - "this address is at that locator"
 * @address: SIR address; or, if there is an @identifier, any unicast address or
 *	multicast group, which is then sent as @locator and @identifier
 * @locator: where it is; 0 with ILA_MAPPING_LOCAL
 * @identifier: 0: the lower half of @address. Required for types 3 to 5 whose
 *	@address is not in SIR form, and with ILA_MAPPING_LOCAL
 * @timeout: seconds it lives, 0: until deleted; in answers, what is left
 * @idle: in answers: seconds since it was last used, or made; about. Else 0
 * @generation: in answers. In requests 0, there ILA_ATTR_GENERATION tells
 * @domain: identifier namespace
 * @csum_mode: ILA_CSUM_, or ILA_CSUM_ROUTE
 * @ident_type: ILA_ATYPE_, or ILA_ATYPE_ROUTE
 * @origin: ILA_ORIGIN_
 * @flags: ILA_MAPPING_
 * @priority: of several locators those of the highest priority are used
 * @weight: share among those; 0: not used unless all of the priority are 0
 * @reserved: 0
 *
 * Numbers that are not marked be are in host byte order.
 */
struct ila_mapping {
	__u8	address[16];
	__be64	locator;
	__be64	identifier;
	__u32	timeout;
	__u32	idle;
	__u32	generation;
	__u32	domain;
	__u8	csum_mode;
	__u8	ident_type;
	__u8	origin;
	__u8	flags;
	__u8	priority;
	__u8	weight;
	__u16	reserved;
};

/* The next one is of the same mapping: another locator. All but locator,
 * priority and weight must agree.
 */
#define ILA_MAPPING_MORE	(1 << 0)
/* The other direction: @identifier, received, stands for @address, here */
#define ILA_MAPPING_LOCAL	(1 << 1)

/* Locators that one mapping can have */
#define ILA_MAPPING_LOCATORS	8

/* What a table route does where there is no mapping */
enum {
	ILA_MISS_AUTO		= 0,	/* CONFIG's, and if that is AUTO: FORWARD,
					 * or UNREACHABLE for a unicast route
					 * without a gateway on a link with
					 * neighbours
					 */
	ILA_MISS_FORWARD	= 1,	/* the route's own next hop, unchanged */
	ILA_MISS_UNREACHABLE	= 2,	/* ICMPv6 address unreachable */
	ILA_MISS_DROP		= 3,
	__ILA_MISS_MAX,
#define ILA_MISS_MAX		(__ILA_MISS_MAX - 1)
};

/* State of a locator */
#define ILA_LOCATOR_DOWN	(1 << 0)	/* by LOCATOR_DOWN */
#define ILA_LOCATOR_OWN		(1 << 1)	/* a rule of this node: a miss */

/* Why a mapping or a rule has gone */
enum {
	ILA_REASON_REQUEST	= 0,	/* DEL or FLUSH */
	ILA_REASON_EXPIRED	= 1,
	ILA_REASON_DEVICE	= 2,	/* its device has gone */
};

/* By what a packet would be handled */
enum {
	ILA_EXPLAIN_NONE	= 0,	/* nothing of ILA */
	ILA_EXPLAIN_RULE	= 1,	/* received: a rule */
	ILA_EXPLAIN_ROUTE	= 2,	/* sent: a route with a locator */
	ILA_EXPLAIN_MAPPING	= 3,	/* sent: a table route and a mapping */
	ILA_EXPLAIN_MISS	= 4,	/* sent: a table route; see WHY and MISS */
	ILA_EXPLAIN_INPUT	= 5,	/* received: a route of hook type input */
};

/* Why it would not be translated */
enum {
	ILA_WHY_NOTHING		= 0,	/* it would */
	ILA_WHY_NO_MAPPING	= 1,
	ILA_WHY_EXPIRED		= 2,
	ILA_WHY_DOWN		= 3,	/* its locators are, or one of them */
	ILA_WHY_OWN		= 4,	/* its locators are this node's own */
	ILA_WHY_NO_ROUTE	= 5,	/* to its locators */
	ILA_WHY_LOOP		= 6,	/* its locator's route is an ILA route */
	ILA_WHY_TYPE		= 7,	/* identifiers of this type are not */
	ILA_WHY_C_BIT		= 8,	/* dropped */
	ILA_WHY_LOW16		= 9,	/* dropped: ends in ffff */
};

/* Counters of a namespace, as in /proc/net/ila_stat */
enum ila_stat {
	ILA_STAT_UNSPEC,
	ILA_STAT_IN_TRANSLATED,		/* by rules and input routes */
	ILA_STAT_OUT_TRANSLATED,	/* by output routes */
	ILA_STAT_IN_ERRORS_RESTORED,	/* ICMPv6 errors, own ones included */
	ILA_STAT_IN_ERRORS_IGNORED,	/* quoted a known locator, but ... */
	ILA_STAT_IN_ND,			/* left alone */
	ILA_STAT_IN_TYPE,		/* left alone */
	ILA_STAT_IN_TRUNCATED,		/* dropped, and so on */
	ILA_STAT_IN_NOMEM,
	ILA_STAT_IN_STRAY,
	ILA_STAT_OUT_ND,		/* left alone */
	ILA_STAT_OUT_CBIT,		/* dropped, and so on */
	ILA_STAT_OUT_LOW16,
	ILA_STAT_OUT_TRUNCATED,
	ILA_STAT_OUT_NOMEM,
	ILA_STAT_OUT_LOOP,
	ILA_STAT_OUT_NOROUTE,
	ILA_STAT_OUT_TOOBIG,
	ILA_STAT_OUT_OFFLOADED,		/* their connection is offloaded */
	ILA_STAT_OUT_TYPE,		/* left alone */
	ILA_STAT_MISS_FORWARDED,	/* no mapping: went on unchanged */
	ILA_STAT_MISS_DROPPED,		/* no mapping: unreachable or drop */
	ILA_STAT_OUT_FAILED_OVER,	/* not by the locator chosen first */
	ILA_STAT_MAPPINGS_EXPIRED,	/* not packets: mappings */
	ILA_STAT_OUT_FASTPATH,		/* forwarded past routing */
	__ILA_STAT_MAX,
#define ILA_STAT_MAX		(__ILA_STAT_MAX - 1)
};

#endif /* _UAPI_LINUX_ILA_H */
