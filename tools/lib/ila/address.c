// SPDX-License-Identifier: GPL-2.0
/*
 * libila: the module's arithmetic of addresses, from the module's own source
 */
#include <assert.h>
#include <errno.h>
#include <string.h>
#include <net/ila_record.h>

#include "internal.h"

static_assert(sizeof(struct ila_addr) == sizeof(struct in6_addr), "overlays");

static struct ila_addr ila_addr_of(const void *address)
{
	struct ila_addr a;

	memcpy(&a, address, sizeof(a));
	return a;
}

static int ila_why(enum ila_verdict verdict)
{
	switch (verdict) {
	case ILA_OK:
		return ILA_WHY_NOTHING;
	case ILA_LEFT_TYPE:
		return ILA_WHY_TYPE;
	case ILA_REFUSED_CBIT:
		return ILA_WHY_C_BIT;
	case ILA_REFUSED_LOW16:
		return ILA_WHY_LOW16;
	default:
		return -EINVAL;
	}
}

static __u8 ila_by(uint8_t ident_type)
{
	return ident_type == ILA_ATYPE_USE_FORMAT ? ILA_BY_TYPE : ILA_BY_PREFIX;
}

static int ila_address_translate(const struct in6_addr *from,
				 const struct ila_xlat *xlat,
				 struct in6_addr *to)
{
	struct ila_addr old = ila_addr_of(from), new;
	int why;

	if (!ila_csum_mode_valid(xlat->csum_mode))
		return -EINVAL;
	why = ila_why(ila_xlat_addr(xlat, &old, &new));
	if (!why)
		memcpy(to, &new, sizeof(*to));
	return why;
}

/**
 * ila_address_send() - what a SIR address is on the wire
 * @sir: SIR address
 * @locator: where it is
 * @csum_mode: ILA_CSUM_, not ILA_CSUM_ROUTE
 * @ident_type: ILA_ATYPE_; ILA_ATYPE_USE_FORMAT refuses identifiers whose own
 *	type is not translated
 * @wire: gets the ILA address if it is translated; may be @sir
 *
 * Return: ILA_WHY_NOTHING, which is 0; ILA_WHY_TYPE, ILA_WHY_C_BIT or
 * ILA_WHY_LOW16: not translated; -EINVAL: unknown @csum_mode.
 */
int ila_address_send(const struct in6_addr *sir, __be64 locator,
		     uint8_t csum_mode, uint8_t ident_type,
		     struct in6_addr *wire)
{
	const struct ila_xlat xlat = {
		.to = locator,
		.csum_mode = csum_mode,
		.by = ila_by(ident_type),
	};

	return ila_address_translate(sir, &xlat, wire);
}

/**
 * ila_address_restore() - what an address on the wire was
 * @wire: ILA address
 * @sir_prefix: SIR prefix that its locator goes with
 * @csum_mode: ILA_CSUM_, not ILA_CSUM_ROUTE
 * @ident_type: ILA_ATYPE_, as for ila_address_send()
 * @sir: gets the SIR address if it is translated; may be @wire
 *
 * Return: ILA_WHY_NOTHING, which is 0; ILA_WHY_TYPE: not translated; -EINVAL:
 * unknown @csum_mode.
 */
int ila_address_restore(const struct in6_addr *wire, __be64 sir_prefix,
			uint8_t csum_mode, uint8_t ident_type,
			struct in6_addr *sir)
{
	const struct ila_xlat xlat = {
		.to = sir_prefix,
		.csum_mode = csum_mode,
		.restore = true,
		.by = ila_by(ident_type),
	};

	return ila_address_translate(wire, &xlat, sir);
}

/**
 * ila_mapping_check() - do address and identifier of a record go together?
 * @record: record; without an identifier they do
 *
 * Return: NULL, or the words against it.
 */
const char *ila_mapping_check(const struct ila_mapping *record)
{
	struct ila_addr address = ila_addr_of(record->address);
	enum ila_exact_error error;

	if (!record->identifier)
		return NULL;
	error = ila_exact_check(&address, record->identifier,
				record->ident_type, record->csum_mode);
	return error == ILA_EXACT_OK ? NULL : ila_exact_error_text(error);
}

/**
 * ila_mapping_refused() - is the kernel sure to refuse a record?
 * @record: record, as it would be written
 *
 * Return: NULL: not by itself, only by what there is; else the kernel's words.
 */
const char *ila_mapping_refused(const struct ila_mapping *record)
{
	struct ila_mapping written = *record;

	/* the library sees to those */
	written.flags &= ~ILA_MAPPING_MORE;
	written.idle = 0;
	written.generation = 0;
	return ila_record_check(&written);
}

/**
 * ila_mapping_send() - what the address of a mapping is on the wire
 * @record: one record, with checksum mode and identifier type of its own or, if
 *	it leaves them to the route, those of the route put in
 * @wire: gets the ILA address if it is translated
 *
 * Return: as ila_address_send(); -EINVAL: also if ila_mapping_check() is
 * against it, or the record is of the other direction.
 */
int ila_mapping_send(const struct ila_mapping *record, struct in6_addr *wire)
{
	struct ila_addr address = ila_addr_of(record->address), to;
	struct in6_addr sir;

	memcpy(&sir, record->address, sizeof(sir));
	if (record->flags & ILA_MAPPING_LOCAL)
		return -EINVAL;
	if (!record->identifier)
		return ila_address_send(&sir, record->locator,
					record->csum_mode, record->ident_type,
					wire);
	if (!ila_csum_mode_valid(record->csum_mode) || ila_mapping_check(record))
		return -EINVAL;
	ila_exact_send(&address, record->locator, record->identifier,
		       record->csum_mode, &to);
	memcpy(wire, &to, sizeof(to));
	return 0;
}

/**
 * ila_wire_identifier() - the identifier, of types 3 to 5, of an address on the
 * wire
 * @wire: ILA address
 * @csum_mode: ILA_CSUM_ of its locator, not ILA_CSUM_ROUTE
 * @tenant: type 3: an address of the tenant's /96; else NULL
 *
 * Return: the identifier by which a local mapping is found: low 16 bits and
 * C-bit as they were before neutral mapping. For other types, and for type 3
 * without @tenant, the lower half of @wire.
 */
__be64 ila_wire_identifier(const struct in6_addr *wire, uint8_t csum_mode,
			   const struct in6_addr *tenant)
{
	struct ila_addr address = ila_addr_of(wire), of;
	__u32 sum = 0;

	if (tenant) {
		of = ila_addr_of(tenant);
		sum = ila_exact_prefix_sum(&of);
	} else if (ila_ident_type(address.ident) == ILA_ATYPE_VIRT_UNI_V6) {
		return address.ident;
	}
	return ila_exact_key(&address, csum_mode, sum);
}

/**
 * ila_identifier() - make an identifier of its parts
 * @type: ILA_ATYPE_, at most 7
 * @vnid: 28 bits: virtual network; type 5: the upper 28 of the number's 44
 * @low32: type 2: IPv4 address, as a number; type 3: low 32 bits of the
 *	address; type 4: scope (4 bits) and group (28); type 5: the other 16 of
 *	the number, then 16 bits that are 0
 *
 * Return: the identifier.
 */
__be64 ila_identifier(uint8_t type, uint32_t vnid, uint32_t low32)
{
	return ila_ident_make(type & 7, vnid, low32);
}

/**
 * ila_address_upper() - SIR prefix or locator of an address
 * @address: address
 *
 * Return: its upper half.
 */
__be64 ila_address_upper(const struct in6_addr *address)
{
	return ila_addr_of(address).upper;
}

/**
 * ila_address_lower() - identifier of an address
 * @address: address
 *
 * Return: its lower half.
 */
__be64 ila_address_lower(const struct in6_addr *address)
{
	return ila_addr_of(address).ident;
}
