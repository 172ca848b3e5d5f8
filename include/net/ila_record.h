/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Identifier-Locator Addressing: what a record of a mapping may say by itself
 *
 * The module refuses others, and tools can tell before they ask it: both compile
 * this file.
 */
#ifndef _NET_ILA_RECORD_H
#define _NET_ILA_RECORD_H

#include <net/ila_addr.h>

/* Lifetimes are compared in 32 bits, signed */
#define ILA_TIMEOUT_MAX		0x3fffffff

static inline const struct ila_addr *
ila_record_addr(const struct ila_mapping *record)
{
	return (const struct ila_addr *)record->address;
}

/**
 * ila_record_check_key() - does a record name something?
 * @r: the record
 *
 * Return: NULL, or the words against it.
 */
static inline const char *ila_record_check_key(const struct ila_mapping *r)
{
	if (r->flags & ~(ILA_MAPPING_MORE | ILA_MAPPING_LOCAL))
		return "unknown flags";
	if (r->flags == (ILA_MAPPING_MORE | ILA_MAPPING_LOCAL))
		return "a local identifier has no locators, and so no more of them";
	if (r->flags & ILA_MAPPING_LOCAL && !r->identifier)
		return "a local identifier needs an identifier";
	return NULL;
}

static inline const char *
ila_record_check_fields(const struct ila_mapping *r)
{
	if (r->idle || r->generation || r->reserved)
		return "idle, generation and reserved must be 0";
	if (r->origin > ILA_ORIGIN_MAX)
		return "origin is unknown";
	if (r->csum_mode != ILA_CSUM_ROUTE && !ila_csum_mode_valid(r->csum_mode))
		return "csum mode is unknown";
	if (r->ident_type != ILA_ATYPE_ROUTE &&
	    r->ident_type != ILA_ATYPE_USE_FORMAT &&
	    !ila_ident_type_ok(r->ident_type))
		return "identifiers of this type are not translated";
	if (r->timeout > ILA_TIMEOUT_MAX)
		return "timeout is out of range";
	return NULL;
}

/* The type that a mapping says, or its identifier */
static inline __u8 ila_record_type(const struct ila_mapping *r)
{
	if (ila_ident_type_ok(r->ident_type))
		return r->ident_type;
	return ila_ident_type(r->identifier);
}

static inline const char *
ila_record_check_exact(const struct ila_mapping *r)
{
	enum ila_exact_error error;

	error = ila_exact_check(ila_record_addr(r), r->identifier,
				ila_record_type(r), r->csum_mode);
	return error == ILA_EXACT_OK ? NULL : ila_exact_error_text(error);
}

/* An address in SIR form, and what is said of its type */
static inline const char *
ila_record_check_sir(const struct ila_mapping *r)
{
	__be64 ident = ila_record_addr(r)->ident;
	bool formatted = r->ident_type > ILA_ATYPE_LUID &&
			 r->ident_type != ILA_ATYPE_ROUTE;
	__u8 type = ila_ident_type(ident);

	if (!ila_prefix_ok(ila_record_addr(r)->upper))
		return "address is reserved, link-local, or multicast without identifier";
	if (ila_record_addr(r)->upper == r->locator)
		return "locator is the SIR prefix itself";
	if (r->ident_type == ILA_ATYPE_USE_FORMAT ? !ila_ident_type_ok(type) :
	    formatted && type != r->ident_type)
		return "ident type is not that of the identifier";
	if ((formatted || r->csum_mode == ILA_CSUM_NEUTRAL_MAP) &&
	    ila_ident_c_bit(ident))
		return "a SIR address must not have the C-bit";
	if (ila_csum_mode_neutral(r->csum_mode) && ila_ident_low16(ident) == 0xffff)
		return "csum mode is neutral, but identifiers that end in ffff can not be restored";
	return NULL;
}

static inline const char *
ila_record_check_locator(const struct ila_mapping *r)
{
	if (r->flags & ILA_MAPPING_LOCAL) {
		if (r->locator || r->priority || r->weight)
			return "a local identifier has no locator";
		return NULL;
	}
	if (!ila_prefix_ok(r->locator))
		return "locator must not be unspecified, loopback, multicast or link-local";
	return NULL;
}

/**
 * ila_record_check() - does a record make sense?
 * @r: the record
 *
 * Return: NULL, or the words against it.
 */
static inline const char *ila_record_check(const struct ila_mapping *r)
{
	return ila_record_check_key(r) ?: ila_record_check_fields(r) ?:
	       ila_record_check_locator(r) ?:
	       (r->identifier ? ila_record_check_exact(r) :
				ila_record_check_sir(r));
}

#endif /* _NET_ILA_RECORD_H */
