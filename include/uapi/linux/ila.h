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

#define ILA_GENL_NAME		"ila"
#define ILA_GENL_VERSION	1

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

#endif /* _UAPI_LINUX_ILA_H */
