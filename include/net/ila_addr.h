/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Identifier-Locator Addressing: addresses and their checksums
 *
 * The arithmetic of ILA, free of kernel calls: the module, its tests and the
 * tools compile this one file. User space defines the kernel's __packed and
 * __aligned() for it.
 *
 * Checksums are sums of 16-bit words in one's complement, which do not care
 * for byte order as long as every word is taken as it lies in memory. So the
 * sums here are plain integers of such words and are never swapped.
 */
#ifndef _NET_ILA_ADDR_H
#define _NET_ILA_ADDR_H

#include <linux/ila.h>
#include <linux/types.h>
#include <asm/byteorder.h>
#ifndef __KERNEL__
#include <arpa/inet.h>
#include <endian.h>
#include <stdbool.h>
#ifndef __force
#define __force
#endif
#ifndef unlikely
#define unlikely(x)	__builtin_expect(!!(x), 0)
#endif
#define cpu_to_be64(x)	htobe64(x)
#define be64_to_cpu(x)	be64toh(x)
#endif

/**
 * struct ila_addr - an IPv6 address as ILA sees it
 * @upper: SIR prefix or locator
 * @ident: identifier: type (3 bits), C-bit, 44 bits, and the 16 bits that
 *	checksum-neutral mapping adjusts
 *
 * Overlays the addresses of a packet, which are aligned to 4 bytes only.
 */
struct ila_addr {
	__be64 upper;
	__be64 ident;
} __packed __aligned(4);

#define ILA_TYPE_SHIFT	61
#define ILA_C_BIT	0x1000000000000000ULL

/**
 * enum ila_verdict - what became of a packet
 * @ILA_OK: translated
 * @ILA_LEFT_ND: neighbour discovery, left alone
 * @ILA_LEFT_TYPE: the identifier's type is not one that is translated
 * @ILA_REFUSED_CBIT: a SIR address must not have the C-bit
 * @ILA_REFUSED_LOW16: identifiers ending in ffff do not survive neutral mapping
 * @ILA_REFUSED_TRUNCATED: the headers end before the transport checksum, or
 *	there are more of them than anybody sends
 * @ILA_REFUSED_NOMEM: the packet is shared and could not be copied
 * @ILA_REFUSED_STRAY: the identifier is not here, and the rule refuses that
 * @ILA_REFUSED_LOOP: the locator's route is itself an ILA route
 * @ILA_REFUSED_NOROUTE: there is no route to the locator
 * @ILA_REFUSED_TOOBIG: larger than the path to the locator takes
 * @ILA_REFUSED_MISS: the address has no mapping, and the table route refuses that
 */
enum ila_verdict {
	ILA_OK,
	ILA_LEFT_ND,
	ILA_LEFT_TYPE,
	ILA_REFUSED_CBIT,
	ILA_REFUSED_LOW16,
	ILA_REFUSED_TRUNCATED,
	ILA_REFUSED_NOMEM,
	ILA_REFUSED_STRAY,
	ILA_REFUSED_LOOP,
	ILA_REFUSED_NOROUTE,
	ILA_REFUSED_TOOBIG,
	ILA_REFUSED_MISS,
};

/**
 * struct ila_xlat - one translation of upper halves, or of a whole address
 * @to: the upper half that is written
 * @ident: the identifier that is written; valid if ILA_BY_ADDRESS
 * @diff: what writing them adds to a sum over the address; valid if @fixed
 * @adj: what neutral mapping adds to the low 16 bits; valid if @fixed
 * @csum_mode: ILA_CSUM_
 * @restore: ILA to SIR, else SIR to ILA
 * @fixed: every packet has the same upper half before
 * @quick: it is, and only the upper half decides
 * @keeps_sum: that too, and the address always has the same sum afterwards
 * @by: what else there is to know, ILA_BY_
 */
struct ila_xlat {
	__be64 to;
	__be64 ident;
	__u32 diff;
	__u16 adj;
	__u8 csum_mode;
	bool restore;
	bool fixed;
	bool quick;
	bool keeps_sum;
	__u8 by;
};

enum {
	ILA_BY_PREFIX,	/* the upper half alone decides */
	ILA_BY_TYPE,	/* only identifiers of types 1 to 5 are translated */
	ILA_BY_ADDRESS,	/* of one address, in which the identifier changes too */
};

/* One's complement sum of two 32-bit sums */
static inline __u32 ila_sum_add(__u32 a, __u32 b)
{
	a += b;
	return a + (a < b);
}

/* One's complement difference of two 32-bit sums */
static inline __u32 ila_sum_sub(__u32 a, __u32 b)
{
	return ila_sum_add(a, ~b);
}

/* A 32-bit sum as the 16-bit word it stands for */
static inline __u16 ila_sum_fold(__u32 sum)
{
	sum = (sum & 0xffff) + (sum >> 16);
	sum = (sum & 0xffff) + (sum >> 16);
	return sum;
}

/* Sum over one half of an address */
static inline __u32 ila_sum_half(__be64 half)
{
	__u64 v = (__force __u64)half;

	return ila_sum_add(v, v >> 32);
}

/**
 * ila_sum_diff() - what replacing an upper half adds to a checksum's sum
 * @from: the half before
 * @to: the half after
 *
 * Return: the 32-bit one's complement sum of @to minus that of @from.
 */
static inline __u32 ila_sum_diff(__be64 from, __be64 to)
{
	return ila_sum_sub(ila_sum_half(to), ila_sum_half(from));
}

/* The C-bit as a word of the sum */
static inline __u16 ila_c_word(void)
{
	return (__force __u16)htons(ILA_C_BIT >> 48);
}

static inline __u8 ila_ident_type(__be64 ident)
{
	return be64_to_cpu(ident) >> ILA_TYPE_SHIFT;
}

static inline bool ila_ident_c_bit(__be64 ident)
{
	return (ident & cpu_to_be64(ILA_C_BIT)) != 0;
}

/* Identifier with its low 16 bits, as they lie in memory, on top of an integer:
 * where adding to them carries out of the integer and not into other bits
 */
static inline __u64 ila_ident_to_top(__be64 ident)
{
#ifdef __LITTLE_ENDIAN_BITFIELD
	return (__force __u64)ident;
#else
	return (__force __u64)ident << 48 | (__force __u64)ident >> 16;
#endif
}

static inline __be64 ila_ident_from_top(__u64 top)
{
#ifdef __LITTLE_ENDIAN_BITFIELD
	return (__force __be64)top;
#else
	return (__force __be64)(top >> 48 | top << 16);
#endif
}

/* The identifier's low 16 bits, as they lie in memory */
static inline __u16 ila_ident_low16(__be64 ident)
{
	return ila_ident_to_top(ident) >> 48;
}

/**
 * ila_ident_add() - one's complement addition to an identifier's low 16 bits
 * @ident: the identifier
 * @adj: what to add
 * @restore: write the zero class as 0000; else plain end-around carry
 *
 * Return: the identifier with the sum.
 */
static inline __be64 ila_ident_add(__be64 ident, __u16 adj, bool restore)
{
	const __u64 one = 1ULL << 48, ones = 0xffffULL << 48;
	__u64 top = ila_ident_to_top(ident), sum = top + adj * one;

	if (sum < top)
		sum += one;
	if (restore && sum >= ones)
		sum -= ones;
	return ila_ident_from_top(sum);
}

/**
 * ila_neutral_adj() - what neutral mapping adds to an identifier's low 16 bits
 * @from: the upper half before
 * @to: the upper half after
 * @c_bit: the mapping also flips the C-bit
 * @restore: ILA to SIR, where the C-bit goes from set to clear
 *
 * Return: the word that keeps the sum of the address as it was.
 */
static inline __u16 ila_neutral_adj(__be64 from, __be64 to, bool c_bit,
				    bool restore)
{
	__u32 adj = ila_sum_diff(to, from);

	if (c_bit)
		adj = restore ? ila_sum_add(adj, ila_c_word()) :
				ila_sum_sub(adj, ila_c_word());
	return ila_sum_fold(adj);
}

/* Types 1 to 5 are translated; 0 is plain IPv6, 6 and 7 are reserved */
static inline bool ila_ident_type_ok(__u8 type)
{
	return type >= ILA_ATYPE_LUID && type <= ILA_ATYPE_NONLOCAL_ADDR;
}

static inline bool ila_csum_mode_valid(__u8 mode)
{
	return mode <= ILA_CSUM_NEUTRAL_MAP_AUTO ||
	       mode == ILA_CSUM_ADJUST_TRANSPORT_COMPAT;
}

static inline bool ila_csum_mode_neutral(__u8 mode)
{
	return mode == ILA_CSUM_NEUTRAL_MAP ||
	       mode == ILA_CSUM_NEUTRAL_MAP_AUTO;
}

static inline bool ila_csum_mode_adjust(__u8 mode)
{
	return mode == ILA_CSUM_ADJUST_TRANSPORT ||
	       mode == ILA_CSUM_ADJUST_TRANSPORT_COMPAT;
}

/**
 * ila_prefix_ok() - may this be written over a packet's upper half on receive?
 * @prefix: the half
 *
 * Return: false for what holds unspecified, loopback, multicast or link-local
 * addresses, which must not come in by the back door.
 */
static inline bool ila_prefix_ok(__be64 prefix)
{
	const __u8 *octet = (const __u8 *)&prefix;

	return prefix && octet[0] != 0xff &&
	       !(octet[0] == 0xfe && (octet[1] & 0xc0) == 0x80);
}

/**
 * ila_xlat_keeps_sum() - is the whole address's sum the same afterwards?
 * @x: the translation
 * @ident: the identifier before
 *
 * An address that comes without the C-bit in neutral-map was not adjusted when
 * it was sent, so nothing is undone when it is restored.
 */
static inline bool ila_xlat_keeps_sum(const struct ila_xlat *x, __be64 ident)
{
	if (x->csum_mode == ILA_CSUM_NEUTRAL_MAP && x->by != ILA_BY_ADDRESS)
		return !x->restore || ila_ident_c_bit(ident);
	return ila_csum_mode_neutral(x->csum_mode);
}

/**
 * ila_xlat_fix() - precompute for packets that all have one upper half
 * @x: the translation; all but what is set here is set
 * @from: that half
 */
static inline void ila_xlat_fix(struct ila_xlat *x, __be64 from)
{
	x->diff = ila_sum_diff(from, x->to);
	x->adj = ila_neutral_adj(from, x->to,
				 x->csum_mode == ILA_CSUM_NEUTRAL_MAP,
				 x->restore);
	x->fixed = true;
	x->quick = x->by == ILA_BY_PREFIX;
	/* 0 has no C-bit: where not all keep it, that one does not */
	x->keeps_sum = x->quick && ila_xlat_keeps_sum(x, 0);
}

/**
 * ila_xlat_diff() - what a translation adds to a sum over the upper half
 * @x: the translation
 * @from: the packet's upper half before
 *
 * Return: a 32-bit one's complement sum, "new minus old".
 */
static inline __u32 ila_xlat_diff(const struct ila_xlat *x, __be64 from)
{
	return x->fixed ? x->diff : ila_sum_diff(from, x->to);
}

/**
 * ila_xlat_neutral() - what neutral mapping makes of an identifier
 * @x: the translation, its mode neutral
 * @adj: what it adds to the low 16 bits
 * @ident: the identifier; changed for ILA_OK only
 *
 * The words 0000 and ffff are one value to a checksum, so a restored word of
 * that value can have been either: it becomes 0000, and identifiers that end
 * in ffff are refused when sent.
 *
 * Return: ILA_OK, ILA_REFUSED_CBIT or ILA_REFUSED_LOW16.
 */
static __always_inline enum ila_verdict
ila_xlat_neutral(const struct ila_xlat *x, __u16 adj, __be64 *ident)
{
	bool c_bit = x->csum_mode == ILA_CSUM_NEUTRAL_MAP;

	if (c_bit && x->restore != ila_ident_c_bit(*ident))
		return x->restore ? ILA_OK : ILA_REFUSED_CBIT;
	if (!x->restore && ila_ident_low16(*ident) == 0xffff)
		return ILA_REFUSED_LOW16;
	*ident = ila_ident_add(*ident, adj, x->restore);
	if (c_bit)
		*ident ^= cpu_to_be64(ILA_C_BIT);
	return ILA_OK;
}

/**
 * ila_xlat_ident() - what becomes of an identifier
 * @x: the translation
 * @upper: the upper half before
 * @ident: the identifier; changed for ILA_OK only
 *
 * Return: ILA_OK, ILA_LEFT_TYPE, ILA_REFUSED_CBIT or ILA_REFUSED_LOW16.
 */
static __always_inline enum ila_verdict
ila_xlat_ident(const struct ila_xlat *x, __be64 upper, __be64 *ident)
{
	if (unlikely(x->by)) {
		if (x->by == ILA_BY_ADDRESS) {
			*ident = x->ident;
			return ILA_OK;
		}
		if (!ila_ident_type_ok(ila_ident_type(*ident)))
			return ILA_LEFT_TYPE;
	}
	if (!ila_csum_mode_neutral(x->csum_mode))
		return ILA_OK;
	return ila_xlat_neutral(x, x->fixed ? x->adj :
				ila_neutral_adj(upper, x->to,
						x->csum_mode ==
						ILA_CSUM_NEUTRAL_MAP,
						x->restore), ident);
}

/**
 * ila_xlat_addr() - translate an address
 * @x: the translation
 * @old: the address before
 * @new: the address after, for ILA_OK
 *
 * Return: as ila_xlat_ident().
 */
static inline enum ila_verdict ila_xlat_addr(const struct ila_xlat *x,
					     const struct ila_addr *old,
					     struct ila_addr *new)
{
	__be64 ident = old->ident;
	enum ila_verdict verdict = ila_xlat_ident(x, old->upper, &ident);

	new->upper = x->to;
	new->ident = ident;
	return verdict;
}

#include <net/ila_exact.h>

#endif /* _NET_ILA_ADDR_H */
