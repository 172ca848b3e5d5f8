// SPDX-License-Identifier: GPL-2.0
/*
 * ilactl: encode, decode: addresses on the wire, without a kernel
 */
#include <arpa/inet.h>
#include <endian.h>
#include <stddef.h>
#include <string.h>

#include "ilactl.h"

enum {
	CODEC_IDENTIFIER = 1 << 0,
	CODEC_VNID = 1 << 1,
	CODEC_IPV4 = 1 << 2,
	CODEC_LOW32 = 1 << 3,
	CODEC_SUMS = 1 << 4,
	CODEC_SIR = 1 << 5,
	CODEC_TRANSLATED = 1 << 6,
	CODEC_TYPE = 1 << 7,
};

/**
 * struct codec - a translation, worked out
 * @set: CODEC_, what there is of the following
 * @address: before
 * @locator: that it is at
 * @sir: prefix that it is restored to
 * @translated: afterwards
 * @identifier: of the SIR side: what it says is said by the next ones
 * @vnid: virtual network
 * @ipv4: type 2
 * @low32: types 3 and 4
 * @sum_before: of the upper half (16 bits, one's complement, as on the wire)
 * @sum_after: of the other one
 * @low_before: last word of the identifier
 * @low_after: what neutral mapping makes of it
 * @csum_mode: ILA_CSUM_
 * @ident_type: ILA_ATYPE_, of the route or rule
 * @type: that the identifier has
 * @c_bit: that the identifier has
 */
struct codec {
	uint32_t set;
	struct in6_addr address;
	__be64 locator;
	__be64 sir;
	struct in6_addr translated;
	__be64 identifier;
	uint32_t vnid;
	uint32_t ipv4;
	uint32_t low32;
	uint16_t sum_before;
	uint16_t sum_after;
	uint16_t low_before;
	uint16_t low_after;
	uint8_t csum_mode;
	uint8_t ident_type;
	uint8_t type;
	uint8_t c_bit;
};

#define K(name_, kind_, member, bit, ...) \
	FIELD(name_, kind_, struct codec, member, .set = bit, __VA_ARGS__)

static const struct field encode_arguments[] = {
	K("address", KIND_ADDRESS, address, 0, .flags = FIELD_BARE | FIELD_WANTED),
	K("locator", KIND_HALF, locator, 0, .flags = FIELD_BARE | FIELD_WANTED),
	K("csum-mode", KIND_NAME, csum_mode, 0, .names = ILA_NAMES_CSUM_MODE),
	K("ident-type", KIND_NAME, ident_type, 0, .names = ILA_NAMES_IDENT_TYPE),
	K("identifier", KIND_IDENTIFIER, identifier, CODEC_IDENTIFIER),
	K("type", KIND_NAME, type, CODEC_TYPE, .names = ILA_NAMES_IDENT_TYPE),
	K("vnid", KIND_NUMBER, vnid, CODEC_VNID),
	K("ipv4", KIND_IPV4, ipv4, CODEC_IPV4),
	{ 0 }
};

const struct form form_encode = {
	.name = "translation", .fields = encode_arguments, .has_set = true
};

static const struct field decode_arguments[] = {
	K("address", KIND_ADDRESS, address, 0, .flags = FIELD_BARE | FIELD_WANTED),
	K("sir", KIND_HALF, sir, CODEC_SIR),
	K("csum-mode", KIND_NAME, csum_mode, 0, .names = ILA_NAMES_CSUM_MODE),
	K("ident-type", KIND_NAME, ident_type, 0, .names = ILA_NAMES_IDENT_TYPE),
	{ 0 }
};

const struct form form_decode = {
	.name = "translation", .fields = decode_arguments, .has_set = true
};

static const struct field codec_fields[] = {
	K("address", KIND_ADDRESS, address, 0),
	K("translated", KIND_ADDRESS, translated, CODEC_TRANSLATED),
	K("identifier", KIND_IDENTIFIER, identifier, 0),
	K("type", KIND_NAME, type, 0, .names = ILA_NAMES_IDENT_TYPE),
	K("c-bit", KIND_SWITCH, c_bit, 0),
	K("vnid", KIND_NUMBER, vnid, CODEC_VNID),
	K("ipv4", KIND_IPV4, ipv4, CODEC_IPV4),
	K("low32", KIND_NUMBER, low32, CODEC_LOW32),
	K("csum-mode", KIND_NAME, csum_mode, CODEC_TRANSLATED,
	  .names = ILA_NAMES_CSUM_MODE),
	K("sum-before", KIND_HEX, sum_before, CODEC_SUMS),
	K("sum-after", KIND_HEX, sum_after, CODEC_SUMS),
	K("low-before", KIND_HEX, low_before, CODEC_SUMS),
	K("low-after", KIND_HEX, low_after, CODEC_SUMS),
	{ 0 }
};

static const struct form form_codec = {
	.name = "translation", .fields = codec_fields, .has_set = true, .upright = true
};

static uint16_t codec_sum(const struct in6_addr *address)
{
	uint32_t sum = 0;
	int i;

	for (i = 0; i < 8; i += 2)
		sum += address->s6_addr[i] << 8 | address->s6_addr[i + 1];
	sum = (sum & 0xffff) + (sum >> 16);
	return (sum & 0xffff) + (sum >> 16);
}

static uint16_t codec_low16(const struct in6_addr *address)
{
	return address->s6_addr[14] << 8 | address->s6_addr[15];
}

/* What can be read from the identifier itself, that of the SIR side */
static void codec_read(struct codec *codec)
{
	uint64_t identifier = be64toh(codec->identifier);

	codec->type = identifier >> 61;
	codec->c_bit = identifier >> 60 & 1;
	codec->vnid = identifier >> 32 & 0x0fffffff;
	codec->ipv4 = identifier;
	codec->low32 = identifier;
	codec->set &= ~(CODEC_VNID | CODEC_IPV4 | CODEC_LOW32);
	if (codec->type == ILA_ATYPE_VIRT_V4)
		codec->set |= CODEC_VNID | CODEC_IPV4;
	if (codec->type == ILA_ATYPE_VIRT_UNI_V6 ||
	    codec->type == ILA_ATYPE_VIRT_MULTI_V6)
		codec->set |= CODEC_VNID | CODEC_LOW32;
}

/* The sum as one would do it by hand: what the upper half loses, the low word
 * gains
 */
static void codec_work(struct codec *codec)
{
	if (codec->csum_mode != ILA_CSUM_NEUTRAL_MAP &&
	    codec->csum_mode != ILA_CSUM_NEUTRAL_MAP_AUTO)
		return;
	codec->set |= CODEC_SUMS;
	codec->sum_before = codec_sum(&codec->address);
	codec->sum_after = codec_sum(&codec->translated);
	codec->low_before = codec_low16(&codec->address);
	codec->low_after = codec_low16(&codec->translated);
}

static int codec_show(const struct words *words, struct codec *codec)
{
	codec_read(codec);
	show_start();
	show(&form_codec, codec);
	return show_stop(words, 0);
}

static int codec_refuse(const struct words *words, int why)
{
	switch (why) {
	case ILA_WHY_TYPE:
		return refuse(words, "this type is left alone; 'ident-type luid' takes any");
	case ILA_WHY_C_BIT:
		return refuse(words, "a SIR address has no C-bit; 'decode' it?");
	case ILA_WHY_LOW16:
		return refuse(words, "ffff at the end can not be restored; use another mode");
	default:
		return refuse(words, "there is no such mode; 'csum-mode neutral-map-auto' is one");
	}
}

static bool encode_has_vnid(uint8_t type)
{
	return type == ILA_ATYPE_VIRT_V4 || type == ILA_ATYPE_VIRT_UNI_V6 ||
	       type == ILA_ATYPE_VIRT_MULTI_V6;
}

static int encode_check(const struct words *words, const struct codec *codec)
{
	if (codec->set & CODEC_IDENTIFIER)
		return refuse(words, "identifier is all of it: leave out type, vnid and ipv4");
	if (!(codec->set & (CODEC_TYPE | CODEC_IPV4)))
		return refuse(words, "vnid wants a type or ipv4 beside it");
	if (codec->type > ILA_ATYPE_RSVD_2 || codec->vnid > 0x0fffffff)
		return refuse(words, "a type has 3 bits and a vnid 28");
	if (codec->set & CODEC_IPV4 && codec->type != ILA_ATYPE_VIRT_V4)
		return refuse(words, "ipv4 is of virt-v4: leave it or the type out");
	if (codec->set & CODEC_VNID && !encode_has_vnid(codec->type))
		return refuse(words, "vnid is of the virt types: leave it out or say another type");
	return 0;
}

/* An identifier of its parts takes the place of the address's own */
static int encode_parts(const struct words *words, struct codec *codec)
{
	const uint64_t own = be64toh(ila_address_lower(&codec->address));

	if (!(codec->set & (CODEC_TYPE | CODEC_VNID | CODEC_IPV4)))
		return 0;
	if (!(codec->set & CODEC_TYPE))
		codec->type = ILA_ATYPE_VIRT_V4;
	if (encode_check(words, codec))
		return FAIL_USAGE;
	if (encode_has_vnid(codec->type))
		codec->identifier = ila_identifier(codec->type, codec->vnid,
						   codec->set & CODEC_IPV4 ?
						   codec->ipv4 : (uint32_t)own);
	else
		codec->identifier = ila_identifier(codec->type, own >> 32 & 0x0fffffff, own);
	if (codec->type <= ILA_ATYPE_VIRT_V4) {
		memcpy(&codec->address.s6_addr[8], &codec->identifier, 8);
		codec->identifier = 0;
	}
	return 0;
}

int run_encode(struct words *words)
{
	struct codec codec = {
		.csum_mode = ILA_CSUM_NEUTRAL_MAP_AUTO,
		.ident_type = ILA_ATYPE_LUID,
	};
	struct ila_mapping record;
	int err = parse(words, &form_encode, &codec) ?: encode_parts(words, &codec);

	if (err)
		return err;
	if (!codec.identifier && ila_address_upper(&codec.address) == codec.locator)
		return refuse(words, "locator is the SIR prefix itself");
	ila_mapping_init(&record, &codec.address, codec.locator);
	record.csum_mode = codec.csum_mode;
	record.identifier = codec.identifier;
	record.ident_type = codec.identifier ? be64toh(codec.identifier) >> 61 :
					       codec.ident_type;
	if (ila_mapping_check(&record))
		return refuse(words, "%s", ila_mapping_check(&record));
	err = ila_mapping_send(&record, &codec.translated);
	if (err)
		return codec_refuse(words, err);
	if (!codec.identifier) {
		codec.identifier = ila_address_lower(&codec.address);
		codec_work(&codec);
	}
	codec.set |= CODEC_TRANSLATED;
	return codec_show(words, &codec);
}

int run_decode(struct words *words)
{
	struct codec codec = {
		.csum_mode = ILA_CSUM_NEUTRAL_MAP_AUTO,
		.ident_type = ILA_ATYPE_LUID,
	};
	int err = parse(words, &form_decode, &codec);

	if (err)
		return err;
	codec.identifier = ila_address_lower(&codec.address);
	if (codec.set & CODEC_SIR) {
		err = ila_address_restore(&codec.address, codec.sir,
					  codec.csum_mode, codec.ident_type,
					  &codec.translated);
		if (err)
			return codec_refuse(words, err);
		codec.set |= CODEC_TRANSLATED;
		codec.identifier = ila_address_lower(&codec.translated);
		codec_work(&codec);
	}
	return codec_show(words, &codec);
}
