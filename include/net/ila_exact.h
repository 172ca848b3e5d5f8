/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Identifier-Locator Addressing: addresses that are not in SIR form
 *
 * Identifiers of types 3 to 5 stand for an address of another shape: one of a
 * tenant's prefix, a multicast group, or any other. Such an address, all of its
 * 128 bits, is replaced by locator and identifier and back, so neutral mapping
 * has to make up for both halves. Part of net/ila_addr.h.
 */
#ifndef _NET_ILA_EXACT_H
#define _NET_ILA_EXACT_H

#ifndef _NET_ILA_ADDR_H
#error "include net/ila_addr.h instead"
#endif

#define ILA_VNID_SHIFT	32
#define ILA_VNID_MASK	0x0fffffffU
#define ILA_SCOPE_SHIFT	28
#define ILA_GROUP_MASK	0x0fffffffU

/**
 * enum ila_exact_error - why an address and an identifier do not go together
 * @ILA_EXACT_OK: they do
 * @ILA_EXACT_TYPE: the type given is not one of 3, 4, 5
 * @ILA_EXACT_TYPE_FIELD: the identifier's own type field is another
 * @ILA_EXACT_C_BIT: the identifier has the C-bit
 * @ILA_EXACT_LOW16: the address ends in ffff and would be restored as 0000
 * @ILA_EXACT_NOT_GROUP: type 4, but not a multicast address
 * @ILA_EXACT_FLAGS: a group with flags
 * @ILA_EXACT_SCOPE: a group of a scope that is not routed
 * @ILA_EXACT_GROUP_LONG: the group's number has more than 28 bits
 * @ILA_EXACT_IDENT_SCOPE: the identifier's scope is not the group's
 * @ILA_EXACT_IDENT_GROUP: the identifier's 28 bits are not the group's
 * @ILA_EXACT_MULTICAST: type 3 or 5, but a multicast address
 * @ILA_EXACT_LINK_LOCAL: a link-local address
 * @ILA_EXACT_RESERVED: unspecified, loopback, IPv4-mapped; all of ::/64
 * @ILA_EXACT_IDENT_LOW32: type 3, and the low 32 bits are not the address's
 * @ILA_EXACT_IDENT_LOW16: type 5, and the low 16 bits are not 0
 */
enum ila_exact_error {
	ILA_EXACT_OK,
	ILA_EXACT_TYPE,
	ILA_EXACT_TYPE_FIELD,
	ILA_EXACT_C_BIT,
	ILA_EXACT_LOW16,
	ILA_EXACT_NOT_GROUP,
	ILA_EXACT_FLAGS,
	ILA_EXACT_SCOPE,
	ILA_EXACT_GROUP_LONG,
	ILA_EXACT_IDENT_SCOPE,
	ILA_EXACT_IDENT_GROUP,
	ILA_EXACT_MULTICAST,
	ILA_EXACT_LINK_LOCAL,
	ILA_EXACT_RESERVED,
	ILA_EXACT_IDENT_LOW32,
	ILA_EXACT_IDENT_LOW16,
};

/**
 * ila_sum_addr() - sum over a whole address
 * @a: the address
 *
 * Return: a 32-bit one's complement sum of words as they lie in memory.
 */
static inline __u32 ila_sum_addr(const struct ila_addr *a)
{
	return ila_sum_add(ila_sum_half(a->upper), ila_sum_half(a->ident));
}

/**
 * ila_exact_prefix_sum() - sum over the upper 96 bits of an address
 * @a: an address of the tenant's /96
 *
 * Return: what ila_exact_key() takes for identifiers of the tenant's VNID.
 */
static inline __u32 ila_exact_prefix_sum(const struct ila_addr *a)
{
	return ila_sum_add(ila_sum_half(a->upper),
			   ila_sum_half(a->ident & cpu_to_be64(~0xffffffffULL)));
}

/**
 * ila_ident_make() - build an identifier, C-bit clear
 * @type: ILA_ATYPE_, at most 7
 * @vnid: virtual network, 28 bits; in type 5 the upper 28 of the number's 44
 * @low32: type 3: low 32 bits of the address; type 4: scope (4 bits) and group
 *	(28); type 5: the other 16 of the number, then 16 bits that are 0
 *
 * Return: the identifier.
 */
static inline __be64 ila_ident_make(__u8 type, __u32 vnid, __u32 low32)
{
	return cpu_to_be64((__u64)type << ILA_TYPE_SHIFT |
			   (__u64)(vnid & ILA_VNID_MASK) << ILA_VNID_SHIFT |
			   low32);
}

/**
 * ila_exact_vnid() - the virtual network of an identifier of type 2, 3 or 4
 * @ident: the identifier, also as on the wire
 *
 * Return: the VNID, 28 bits, host byte order.
 */
static inline __u32 ila_exact_vnid(__be64 ident)
{
	return be64_to_cpu(ident) >> ILA_VNID_SHIFT & ILA_VNID_MASK;
}

/**
 * ila_exact_scope() - the scope of the group of an identifier of type 4
 * @ident: the identifier, also as on the wire
 *
 * Return: the scope, 0 to 15.
 */
static inline __u8 ila_exact_scope(__be64 ident)
{
	return be64_to_cpu(ident) >> ILA_SCOPE_SHIFT & 0xf;
}

/**
 * ila_multicast_group() - the group that an identifier of type 4 stands for
 * @identifier: the identifier, not adjusted
 * @group: the result, ff0<scope>::<28 bits>
 */
static inline void ila_multicast_group(__be64 identifier,
				       struct ila_addr *group)
{
	__u64 scope = ila_exact_scope(identifier);

	group->upper = cpu_to_be64(0xff00000000000000ULL | scope << 48);
	group->ident = identifier & cpu_to_be64(ILA_GROUP_MASK);
}

/**
 * ila_exact_send() - the address on the wire
 * @from: the address to replace; not ::
 * @locator: where it is
 * @identifier: what stands for it, C-bit clear
 * @csum_mode: ILA_CSUM_, not ILA_CSUM_ROUTE
 * @to: the result; may be @from
 *
 * Neutral modes choose the low 16 bits so that the sum over the address stays
 * what it was. What they were is in @from, so nothing is lost but what
 * ila_exact_check() refuses.
 */
static inline void ila_exact_send(const struct ila_addr *from, __be64 locator,
				  __be64 identifier, __u8 csum_mode,
				  struct ila_addr *to)
{
	__u32 sum = ila_sum_addr(from);

	to->upper = locator;
	to->ident = identifier;
	if (!ila_csum_mode_neutral(csum_mode))
		return;
	to->ident &= cpu_to_be64(~0xffffULL);
	if (csum_mode == ILA_CSUM_NEUTRAL_MAP)
		to->ident |= cpu_to_be64(ILA_C_BIT);
	sum = ila_sum_sub(sum, ila_sum_addr(to));
	to->ident = ila_ident_add(to->ident, ila_sum_fold(sum), false);
}

/**
 * ila_exact_diff() - what replacing a whole address adds to a checksum's sum
 * @from: the address before
 * @to: the address after
 *
 * Return: a 32-bit one's complement sum, "new minus old".
 */
static inline __u32 ila_exact_diff(const struct ila_addr *from,
				   const struct ila_addr *to)
{
	return ila_sum_sub(ila_sum_addr(to), ila_sum_addr(from));
}

/**
 * ila_exact_adjusted() - did the sender adjust the low 16 bits?
 * @ident: the identifier as on the wire
 * @csum_mode: ILA_CSUM_ of the locator it was sent to
 *
 * Return: true if so: the address to restore then has the same sum.
 */
static inline bool ila_exact_adjusted(__be64 ident, __u8 csum_mode)
{
	if (csum_mode == ILA_CSUM_NEUTRAL_MAP)
		return ila_ident_c_bit(ident);
	return csum_mode == ILA_CSUM_NEUTRAL_MAP_AUTO;
}

/* Sum over all but the low 16 bits of the address that was replaced; those of
 * @ident are 0
 */
static inline __u32 ila_exact_rest_sum(__be64 ident, __u32 prefix_sum)
{
	struct ila_addr group;

	if (ila_ident_type(ident) == ILA_ATYPE_VIRT_UNI_V6) {
		ident &= cpu_to_be64(0xffffffffULL);
		return ila_sum_add(prefix_sum, ila_sum_half(ident));
	}
	ila_multicast_group(ident, &group);
	return ila_sum_addr(&group);
}

/**
 * ila_exact_key() - the identifier that a received address was sent for
 * @wire: the address as received, its identifier of type 3, 4 or 5; others
 *	are returned as they are
 * @csum_mode: ILA_CSUM_ of the locator, not ILA_CSUM_ROUTE
 * @prefix_sum: type 3: ila_exact_prefix_sum() of the VNID's tenant
 *
 * The C-bit is cleared where it says that the low 16 bits are adjusted. These
 * are computed back, 0000 for the zero class as ila_exact_check() refuses ffff
 * there; in type 5 they never are part of the identifier.
 *
 * Return: the identifier by which the address to restore is found.
 */
static inline __be64 ila_exact_key(const struct ila_addr *wire, __u8 csum_mode,
				   __u32 prefix_sum)
{
	bool adjusted = ila_exact_adjusted(wire->ident, csum_mode);
	__be64 ident = wire->ident;
	__u8 type = ila_ident_type(ident);
	__u32 sum;

	if (type < ILA_ATYPE_VIRT_UNI_V6 || type > ILA_ATYPE_NONLOCAL_ADDR)
		return ident;
	if (adjusted && csum_mode == ILA_CSUM_NEUTRAL_MAP)
		ident ^= cpu_to_be64(ILA_C_BIT);
	if (adjusted || type == ILA_ATYPE_NONLOCAL_ADDR)
		ident &= cpu_to_be64(~0xffffULL);
	if (!adjusted || type == ILA_ATYPE_NONLOCAL_ADDR)
		return ident;
	sum = ila_sum_sub(ila_sum_addr(wire),
			  ila_exact_rest_sum(ident, prefix_sum));
	return ila_ident_add(ident, ila_sum_fold(sum), true);
}

/* 1 and 2 are not forwarded by any router, 0 and f are reserved */
static inline bool ila_scope_routed(__u8 scope)
{
	return scope > 0x2 && scope < 0xf;
}

/* Type 4: a group that can be encoded, and is? */
static inline enum ila_exact_error
ila_exact_check_group(const struct ila_addr *address, __be64 identifier)
{
	__u64 upper = be64_to_cpu(address->upper);
	__u64 group = be64_to_cpu(address->ident);
	__u8 scope = upper >> 48 & 0xf;

	if (upper >> 56 != 0xff)
		return ILA_EXACT_NOT_GROUP;
	if (upper >> 52 & 0xf)
		return ILA_EXACT_FLAGS;
	if (!ila_scope_routed(scope))
		return ILA_EXACT_SCOPE;
	if (upper << 16 || group & ~(__u64)ILA_GROUP_MASK)
		return ILA_EXACT_GROUP_LONG;
	if (ila_exact_scope(identifier) != scope)
		return ILA_EXACT_IDENT_SCOPE;
	if ((be64_to_cpu(identifier) & ILA_GROUP_MASK) != group)
		return ILA_EXACT_IDENT_GROUP;
	return ILA_EXACT_OK;
}

/* Types 3 and 5: an address that a packet can be sent to through routers? */
static inline enum ila_exact_error
ila_exact_check_unicast(const struct ila_addr *address)
{
	__u64 upper = be64_to_cpu(address->upper);

	if (upper >> 56 == 0xff)
		return ILA_EXACT_MULTICAST;
	if (upper >> 54 == 0xfe80 >> 6)
		return ILA_EXACT_LINK_LOCAL;
	if (!upper)
		return ILA_EXACT_RESERVED;
	return ILA_EXACT_OK;
}

/* Do address and identifier agree in what the identifier's type shares? */
static inline enum ila_exact_error
ila_exact_check_type(const struct ila_addr *address, __be64 identifier)
{
	enum ila_exact_error error;

	if (ila_ident_type(identifier) == ILA_ATYPE_VIRT_MULTI_V6)
		return ila_exact_check_group(address, identifier);
	error = ila_exact_check_unicast(address);
	if (error != ILA_EXACT_OK)
		return error;
	if (ila_ident_type(identifier) == ILA_ATYPE_NONLOCAL_ADDR)
		return ila_ident_low16(identifier) ? ILA_EXACT_IDENT_LOW16 :
						     ILA_EXACT_OK;
	if ((__u32)be64_to_cpu(identifier ^ address->ident))
		return ILA_EXACT_IDENT_LOW32;
	return ILA_EXACT_OK;
}

/**
 * ila_exact_check() - may this address be sent as that identifier?
 * @address: the address, all 128 bits
 * @identifier: the identifier
 * @ident_type: ILA_ATYPE_ it is said to be of
 * @csum_mode: ILA_CSUM_; ILA_CSUM_ROUTE can turn out to be a neutral one
 *
 * Return: ILA_EXACT_OK or the first reason against it.
 */
static inline enum ila_exact_error
ila_exact_check(const struct ila_addr *address, __be64 identifier,
		__u8 ident_type, __u8 csum_mode)
{
	bool neutral = ila_csum_mode_neutral(csum_mode) ||
		       csum_mode == ILA_CSUM_ROUTE;
	enum ila_exact_error error;

	if (ident_type < ILA_ATYPE_VIRT_UNI_V6 ||
	    ident_type > ILA_ATYPE_NONLOCAL_ADDR)
		return ILA_EXACT_TYPE;
	if (ila_ident_type(identifier) != ident_type)
		return ILA_EXACT_TYPE_FIELD;
	if (ila_ident_c_bit(identifier))
		return ILA_EXACT_C_BIT;
	error = ila_exact_check_type(address, identifier);
	if (error != ILA_EXACT_OK)
		return error;
	if (neutral && ident_type != ILA_ATYPE_NONLOCAL_ADDR &&
	    ila_ident_low16(address->ident) == 0xffff)
		return ILA_EXACT_LOW16;
	return ILA_EXACT_OK;
}

/**
 * ila_exact_error_text() - what to tell of a refusal
 * @error: the reason, from ila_exact_check()
 *
 * Return: one line of less than 80 characters, without a full stop.
 */
static inline const char *ila_exact_error_text(enum ila_exact_error error)
{
	static const char *const texts[] = {
		[ILA_EXACT_OK] = "ADDRESS and IDENTIFIER go together",
		[ILA_EXACT_TYPE] =
			"IDENT_TYPE must be virt-uni-v6, virt-multi-v6 or nonlocal-addr",
		[ILA_EXACT_TYPE_FIELD] =
			"IDENT_TYPE is not the type that IDENTIFIER has",
		[ILA_EXACT_C_BIT] = "IDENTIFIER must not have the C-bit",
		[ILA_EXACT_LOW16] =
			"CSUM_MODE is or can be neutral, but ADDRESS ends in ffff",
		[ILA_EXACT_NOT_GROUP] =
			"ADDRESS must be a multicast group in type virt-multi-v6",
		[ILA_EXACT_FLAGS] =
			"ADDRESS is a group that can not be encoded: it has flags",
		[ILA_EXACT_SCOPE] =
			"ADDRESS is a group that is not routed: scope 0, 1, 2 or f",
		[ILA_EXACT_GROUP_LONG] =
			"ADDRESS is a group that can not be encoded: more than 28 bits",
		[ILA_EXACT_IDENT_SCOPE] =
			"IDENTIFIER of type virt-multi-v6 must have the scope of ADDRESS",
		[ILA_EXACT_IDENT_GROUP] =
			"IDENTIFIER of type virt-multi-v6 must end in the low 28 bits of ADDRESS",
		[ILA_EXACT_MULTICAST] =
			"ADDRESS is a multicast group, which needs type virt-multi-v6",
		[ILA_EXACT_LINK_LOCAL] = "ADDRESS must not be link-local",
		[ILA_EXACT_RESERVED] =
			"ADDRESS must not be in ::/64: unspecified, loopback, v4-mapped",
		[ILA_EXACT_IDENT_LOW32] =
			"IDENTIFIER of type virt-uni-v6 must end in the low 32 bits of ADDRESS",
		[ILA_EXACT_IDENT_LOW16] =
			"IDENTIFIER of type nonlocal-addr must end in 16 zero bits",
	};

	return texts[error];
}

#endif /* _NET_ILA_EXACT_H */
